"""Series: the sessions of one case on one machine along time, as ratios to the yardstick.

A ratio has another unit where the yardstick, torch, the runtime or the GPU changed, so a series is split there; within
a segment all points may be compared. The yardstick has series of its own, of absolute latencies: what moves all cases
alike moves it, too, and leaves every ratio where it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

import msgspec

from levit_bench.catalog.network_calls import without_digest
from levit_bench.catalog.twins import is_ranked
from levit_bench.judge.comparability import Setting, differing, setting, values
from levit_bench.judge.front.panels import once
from levit_bench.judge.variance.case_sessions import latencies, ratios
from levit_bench.judge.variance.session_scatter import CaseSession
from levit_bench.numbers.quantiles import student_t
from levit_bench.planning.budget import MIN_RUNS
from levit_bench.records import Record

SPLIT = ("torch", "runtime_version", "gpu", "yardstick")
"""Fields of a setting at whose change a series is split."""

_CONDITIONS = ("shell", "allowance")
"""Fields of a setting that may explain a change, and split no series: what the shell set, and which processors it
allowed."""

WEEK = 7
"""Sessions that stand for the beginning or the end of a segment: a week of nights."""


class SeriesPoint(NamedTuple):
    """One session of a case."""

    session: str
    """Name of the session, which begins with its time."""
    at: str
    """When it began, in UTC."""
    log: float
    """Mean over its runs of the log ratio to the yardstick; of the yardstick of its log latency in seconds."""
    runs: int
    error: float
    """Standard error of the mean from the scatter of its runs; NaN of a single run."""
    record: Record
    """The record that it is of."""

    @property
    def moment(self) -> datetime:
        """When it began."""
        return datetime.fromisoformat(self.at.replace("Z", "+00:00"))


class Segment(NamedTuple):
    """Points of a series that may be compared with each other, in time order, at least one."""

    points: tuple[SeriesPoint, ...]
    fields: Mapping[str, str]
    """The values of `SPLIT`."""

    @property
    def first_level(self) -> float:
        """The median log of its first `WEEK` sessions, to which pictures relate the others."""
        logs = sorted(point.log for point in self.points[:WEEK])
        return logs[len(logs) // 2]


class Split(NamedTuple):
    """A place where a series goes on in another unit."""

    before: str
    """Last session of the segment before."""
    after: str
    """First session of the next."""
    changed: Mapping[str, tuple[str, str]]
    """Fields with their values before and after."""


class Series(NamedTuple):
    """One case on one machine."""

    id: str
    """Twelve digits that depend on the machine and the case alone, whatever is split."""
    machine: str
    """Id of the machine."""
    network: str
    """Name of the network, without the digest of a file; of the yardstick `yardstick`."""
    case: str
    """The case in words."""
    segments: tuple[Segment, ...]
    """In time order, at least one."""
    is_yardstick: bool = False

    @property
    def half_widths(self) -> tuple[float, ...]:
        """Half of the 95 % interval of each point, in log units, by what runs scatter in all of its sessions; NaN where
        no session has two runs.
        """
        freedom = sum(point.runs - 1 for point in self.points)
        squares = math.fsum((p.runs - 1) * p.runs * p.error**2 for p in self.points if p.runs > 1)
        if not freedom:
            return (math.nan,) * len(self.points)
        scale = student_t(freedom, 0.975) * math.sqrt(squares / freedom)
        return tuple(scale / math.sqrt(point.runs) for point in self.points)

    @property
    def splits(self) -> tuple[Split, ...]:
        """Where one segment ends and the next begins."""
        out = []
        for earlier, later in pairwise(self.segments):
            changed = {
                name: (earlier.fields[name], later.fields[name])
                for name in SPLIT
                if earlier.fields[name] != later.fields[name]
            }
            out.append(Split(earlier.points[-1].session, later.points[0].session, changed))
        return tuple(out)

    @property
    def points(self) -> tuple[SeriesPoint, ...]:
        """All points, in time order."""
        return tuple(point for segment in self.segments for point in segment.points)


class _Key(NamedTuple):
    """Equal for the records of one series."""

    machine: str
    network: str
    resolution: str
    channels: int
    dtype: str
    setting: Setting
    """Without the fields of `SPLIT`, and without the conditions that may explain a change."""


def all_series(records: Iterable[Record]) -> tuple[Series, ...]:
    """The series of all cases, by machine and case; a session of fewer than `MIN_RUNS` runs of a case has no point.

    Gates, whose sides are judged against each other alone, and emulated sessions have none.
    """
    groups: dict[_Key, list[Record]] = {}
    sticks: dict[_Key, list[Record]] = {}
    for record in once(records):
        if record.conditions.emulated:
            continue
        if record.info.role == "yardstick":
            sticks.setdefault(_key(record), []).append(record)
        elif record.info.role == "subject" and is_ranked(record.case):
            groups.setdefault(_key(record), []).append(record)
    out = [_series(key, group, is_yardstick=False) for key, group in groups.items()]
    out += [_series(key, group, is_yardstick=True) for key, group in sticks.items()]
    named = _told_apart([one for one in out if one is not None])
    return tuple(sorted(named, key=lambda one: (one.machine, one.is_yardstick, one.case)))


def _told_apart(every: Sequence[Series]) -> list[Series]:
    """The series of one machine with distinct names: those of one name say what else they differ in."""
    alike: dict[tuple[str, str], list[Series]] = {}
    for series in every:
        alike.setdefault((series.machine, series.case), []).append(series)
    out = []
    for group in alike.values():
        fields = [values(setting(series.points[-1].record)) for series in group]
        telling = [name for name in differing(fields) if name not in (*SPLIT, *_CONDITIONS)]
        for series, own in zip(group, fields, strict=True):
            out.append(series._replace(case=" ".join([series.case, *(f"{name} {own[name]}" for name in telling)])))
    return out


def _key(record: Record) -> _Key:
    case, blank = record.case, {"torch": None, "runtime_version": None, "gpu": None, "yardstick": ""}
    blank |= dict.fromkeys(_CONDITIONS, "")
    network = "yardstick" if record.info.role == "yardstick" else without_digest(case.network)
    return _Key(
        record.machine.hardware.id,
        network,
        case.size,
        case.channels,
        case.dtype,
        msgspec.structs.replace(setting(record), **blank),
    )


def _series(key: _Key, records: Sequence[Record], *, is_yardstick: bool) -> Series | None:
    """The series of some records, in time order; None where none has enough runs."""
    sessions_of = latencies if is_yardstick else ratios
    points: list[tuple[SeriesPoint, Mapping[str, str]]] = []
    for record in sorted(records, key=lambda record: record.session):
        for session in sessions_of([record]):
            if session.runs >= MIN_RUNS and (not points or points[-1][0].session != record.session):
                points.append((_point(record, session), _split_fields(record)))
    if not points:
        return None
    segments: list[list[tuple[SeriesPoint, Mapping[str, str]]]] = [[points[0]]]
    for point in points[1:]:
        if point[1] == segments[-1][-1][1]:
            segments[-1].append(point)
        else:
            segments.append([point])
    return Series(
        id=_digest(key),
        machine=key.machine,
        network=key.network,
        case=_words(key, records[-1]),
        segments=tuple(
            Segment(tuple(point for point, _ in segment), segment[0][1]) for segment in segments
        ),
        is_yardstick=is_yardstick,
    )  # fmt: skip


def _point(record: Record, session: CaseSession) -> SeriesPoint:
    error = math.sqrt(session.variance / session.runs) if session.runs > 1 else math.nan
    return SeriesPoint(record.session, record.conditions.taken_at, session.mean, session.runs, error, record)


def _split_fields(record: Record) -> dict[str, str]:
    fields = values(setting(record))
    return {name: fields[name] for name in SPLIT}


def _words(key: _Key, record: Record) -> str:
    return " ".join([key.network, *record.case.words()])


def _digest(key: _Key) -> str:
    import hashlib

    text = msgspec.json.encode([
        key.machine, key.network, key.resolution, key.channels, key.dtype, sorted(values(key.setting).items())
    ])  # fmt: skip
    return hashlib.sha256(text).hexdigest()[:12]
