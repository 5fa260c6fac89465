"""The front: which networks nothing beats in speed and top-1 at once, among cases that may be compared.

Knows points and panels; refuses to know how an interval is made and how a front is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, cast, get_args

import msgspec

from bench.errors import UsageError
from bench.judge.comparable import Setting, natural, setting, values
from bench.judge.dominance import Competitor, dominators
from bench.judge.doubts import Doubt, doubts, joining
from bench.judge.estimates import latency, no_speed, pooled, ratios_by_run, yardstick_latency
from bench.judge.membership import Candidate, Standing, chances, standing
from bench.judge.rivals import Ratio, paired, unpaired
from bench.judge.throughput import (
    image_ratios_by_run,
    paired_images,
    pooled_seconds,
    reciprocal,
    seconds_an_image,
    yardstick_seconds,
)
from bench.judge.ties import Contender, ties
from bench.records import Accuracy, Case, Conditions, Estimate, Finding, Machine, Protocol, Record
from bench.twins import is_twin

Metric = Literal["latency", "throughput"]
CROWD = 200
"""Points of a panel from which on those that are surely beaten get no draws of their own."""
MANY = 1000
"""Points from which on the front's members alone are looked at for doubts: nobody reads those of thousands."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One network of a panel, with its place on or below the front."""

    label: str
    """Name, unique in its panel: the network, and `@resolution` where it was timed at several."""
    case: Case
    """What was asked."""
    family: str | None
    """Family of the network; absent for networks outside the catalog."""
    accuracy: Accuracy
    """How right it is, paired with the resolution that was timed."""
    latency: Estimate
    """Seconds a batch."""
    throughput: Estimate
    """Images a second at the panel's batch, all streams together (`bench.judge.throughput`)."""
    params: int | None
    """Parameters, when counted."""
    macs: int | None
    """Multiply-accumulates of one image, when counted."""
    sessions: tuple[str, ...]
    """Sessions it was measured in."""
    findings: tuple[Finding, ...]
    """Doubts about it: the estimate's and the engine's."""
    on_front: bool
    """True when no other point of the panel is at least as good in both and better in one."""
    dominated_by: str | None
    """Label of a front member that dominates it; absent on the front."""
    chance: float | None = None
    """How likely it is on the front, given the scatter of the runs (`bench.judge.membership`); absent where any point
    of the panel has too few."""
    tied_with: tuple[str, ...] = ()
    """Labels of those that neither top-1 nor speed tells apart from it (`bench.judge.ties`), the most accurate first;
    none where no chance is known."""

    @property
    def standing(self) -> Standing:
        """Whether it is surely on the front, surely beaten, or neither."""
        return standing(self.on_front, self.chance)

    def seconds(self, metric: Metric) -> Estimate:
        """What is less where the network is faster: seconds a batch, or of a throughput seconds an image."""
        return self.latency if metric == "latency" else reciprocal(self.throughput)


class Excluded(msgspec.Struct, frozen=True, kw_only=True):
    """A case that was asked for and has no place on the front."""

    label: str
    """Network and resolution."""
    case: Case
    """What was asked."""
    session: str
    """Session it was measured in."""
    reason: str
    """Why it has no place."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where numbers of a panel come from."""

    session: str
    """Name of the session."""
    protocol: Protocol
    """How it asked."""
    conditions: Conditions
    """State of the machine at its start."""


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """The points that may be compared with each other: one setting."""

    setting: Setting
    """What all points share."""
    metric: Metric
    """Which speed is meant."""
    points: tuple[Point, ...]
    """Fastest first by the metric, then by label."""
    excluded: tuple[Excluded, ...]
    """Cases without a place, with the reason."""
    origins: tuple[Origin, ...]
    """Sessions that contributed, in name order."""
    yardstick_s: float | None
    """Latency that joined the sessions, in seconds; absent when one session suffices."""
    findings: tuple[Finding, ...] = ()
    """Doubts about its sessions, and about joining them."""

    @property
    def machine(self) -> Machine:
        """Who was asked."""
        return self.setting.machine

    @property
    def front(self) -> tuple[Point, ...]:
        """The members of the front, fastest first."""
        return tuple(point for point in self.points if point.on_front)


def panels(
    records: Iterable[Record], metric: str = "latency", whole: Iterable[Record] | None = None
) -> tuple[Panel, ...]:
    """Group records into panels, one setting each, and find the front of each panel.

    The instrument's own cases (yardstick, null network) are left out. Where a panel holds one session, latencies are
    absolute; where it holds several, all its points are ratios to the yardstick times one yardstick latency
    (`bench.judge.estimates.pooled`), and throughputs likewise. Places, chances and ties are those of the metric: the
    median pass, of which a latency is made, may order networks otherwise than all their passes, of which a throughput
    is. The order of the records does not matter.

    Args:
        records: the cases that may have a place.
        metric: `latency` or `throughput`.
        whole: their sessions with all cases, for doubts that only these show; by default `records`.

    Raises:
        UsageError: the metric is neither `latency` nor `throughput`.
    """
    if metric not in get_args(Metric):
        raise UsageError(f"{metric!r} is no metric. Choose 'latency' or 'throughput'.")
    chosen = cast("Metric", metric)
    groups: dict[Setting, list[Record]] = {}
    kept = list(records)
    for record in kept:
        if record.info.role == "subject":
            groups.setdefault(setting(record), []).append(record)
    ordered = sorted(groups, key=lambda one: tuple(natural(text) for text in values(one).values()))
    sessions = {record.session for group in groups.values() for record in group}
    found = [_panel(one, groups[one], chosen) for one in ordered]
    points = [point for panel in found for point in panel.points]
    about = {point.case.id for point in points if len(points) <= MANY or point.on_front}
    doubtful = doubts((record for record in (kept if whole is None else whole) if record.session in sessions), about)
    return tuple(_doubted(panel, groups[panel.setting], doubtful) for panel in found)


def _doubted(panel: Panel, records: Iterable[Record], doubtful: Sequence[Doubt]) -> Panel:
    """The panel with what is odd about its points, and about whole sessions."""
    odd: dict[tuple[str, str | None], list[Finding]] = {}
    for doubt in doubtful:
        odd.setdefault((doubt.session, doubt.finding.case), []).append(doubt.finding)
    points = [
        msgspec.structs.replace(
            point, findings=(*point.findings, *(f for s in point.sessions for f in odd.get((s, point.case.id), ())))
        )
        for point in panel.points
    ]
    usable = [record for record in records if no_speed(record) is None]
    of_sessions = _of_sessions(usable, doubtful)
    return msgspec.structs.replace(panel, points=tuple(points), findings=(*of_sessions, *panel.findings))


def _panel(one: Setting, records: list[Record], metric: Metric) -> Panel:
    records = once(records)
    excluded: list[Excluded] = []
    cases: dict[str, list[Record]] = {}
    for record in records:
        reason = no_speed(record)
        if is_twin(record.case.network):
            excluded.append(_excluded(record, "a twin: timed to test the instrument, not to be ranked"))
        elif reason is not None:
            excluded.append(_excluded(record, reason.message))
        else:
            cases.setdefault(record.info.id, []).append(record)
    usable = [record for group in cases.values() for record in group]
    joined = yardstick_latency(usable) if len({record.session for record in usable}) > 1 else None
    yardstick_s = joined.value if isinstance(joined, Estimate) else None
    joined_images = None if joined is None else yardstick_seconds(usable)
    drafts: list[_Draft] = []
    for group in cases.values():
        accuracy = next((r.info.accuracy for r in reversed(group) if r.info.accuracy is not None), None)
        times = _speed(group, joined, latency, pooled), _speed(group, joined_images, seconds_an_image, pooled_seconds)
        missing = next((time for time in times if isinstance(time, Finding)), None)
        if accuracy is None:
            excluded.append(_excluded(group[-1], "no accuracy is known for it at this resolution"))
        elif missing is not None:
            excluded.append(_excluded(group[-1], missing.message))
        else:
            batch_s, image_s = (time for time in times if isinstance(time, Estimate))
            drafts.append(_Draft(group, accuracy, batch_s, image_s))
    return Panel(
        setting=one,
        metric=metric,
        points=_points(drafts, metric),
        excluded=tuple(sorted(excluded, key=lambda out: (out.label, out.session))),
        origins=_origins(records),
        yardstick_s=yardstick_s,
        findings=(*_emulated(records), *(joining(usable) if joined is not None else ())),
    )


def _emulated(records: Iterable[Record]) -> Iterable[Finding]:
    """Sessions of emulated processes, which have no place on any front: one finding each."""
    cases: dict[str, int] = {}
    for record in records:
        if record.conditions.emulated:
            cases[record.session] = cases.get(record.session, 0) + 1
    for session, count in cases.items():
        message = (
            f"session {session} was taken under an instruction-set emulator. Its times say nothing about a machine, "
            f"and its {count} case{'s have' if count > 1 else ' has'} no place here; measure on the machine itself."
        )
        yield Finding(kind="emulated", message=message)


def _of_sessions(records: Iterable[Record], doubtful: Iterable[Doubt]) -> tuple[Finding, ...]:
    """What is odd about whole sessions of a panel: each kind once a session."""
    sessions = {record.session: record for record in records}
    stored = (Doubt(name, f) for name, record in sessions.items() for f in record.findings if f.case is None)
    about = (doubt for doubt in (*stored, *doubtful) if doubt.finding.case is None and doubt.session in sessions)
    first: dict[tuple[str, str], Finding] = {}
    for doubt in about:
        first.setdefault((doubt.session, doubt.finding.kind), doubt.finding)
    return tuple(first.values())


def once(records: Iterable[Record]) -> list[Record]:
    """In session order, each case of a session once: a copied file must not count its runs twice."""
    kept: dict[tuple[str, str], Record] = {}
    for record in records:
        key = record.session, record.info.id
        if key not in kept or len(record.runs) > len(kept[key].runs):
            kept[key] = record
    return [kept[key] for key in sorted(kept)]


def _speed(
    group: list[Record],
    joined: Estimate | Finding | None,
    alone: Callable[[Record], Estimate | Finding],
    together: Callable[[Sequence[Record], Estimate], Estimate | Finding],
) -> Estimate | Finding:
    """Of one session as it is, of several on the yardstick's scale."""
    if joined is None:
        return alone(group[0])
    return joined if isinstance(joined, Finding) else together(group, joined)


class _Draft(NamedTuple):
    """A case that has a place."""

    group: list[Record]
    """Its records, one a session."""
    accuracy: Accuracy
    batch_s: Estimate
    """Seconds a batch."""
    image_s: Estimate
    """Seconds an image."""

    def seconds(self, metric: Metric) -> Estimate:
        """By what the panel ranks: less is better."""
        return self.batch_s if metric == "latency" else self.image_s


class _Entry(NamedTuple):
    """What a place on the front is decided by, whichever metric it is of."""

    label: str
    top1: float
    seconds: Estimate
    """Less is better."""


class _Evidence(NamedTuple):
    """What the runs say of a metric."""

    by_run: Callable[[Record], Mapping[int, float]]
    """Log ratio to the yardstick by run."""
    paired: Callable[[Iterable[Record], Iterable[Record]], Ratio | None]
    """Ratio of two networks from the runs that hold both."""


_EVIDENCE: dict[Metric, _Evidence] = {
    "latency": _Evidence(ratios_by_run, paired),
    "throughput": _Evidence(image_ratios_by_run, paired_images),
}


def _points(drafts: Sequence[_Draft], metric: Metric) -> tuple[Point, ...]:
    by_label = dict(zip(_labels(drafts), drafts, strict=True))
    evidence = _EVIDENCE[metric]
    entries = [_Entry(label, draft.accuracy.top1, draft.seconds(metric)) for label, draft in by_label.items()]

    def logs(label: str) -> dict[tuple[str, int], float]:
        return {(r.session, run): log for r in by_label[label].group for run, log in evidence.by_run(r).items()}

    def ratio(one: str, other: str) -> Ratio | None:
        return evidence.paired(by_label[one].group, by_label[other].group)

    beaten = dominators([Competitor(entry.seconds.value, entry.top1, entry.label) for entry in entries])
    likely = _chances(entries, logs)
    tied = _ties(entries, ratio, beaten, likely)
    points = []
    for label, _, seconds in sorted(entries, key=lambda entry: (entry.seconds.value, -entry.top1, entry.label)):
        group, accuracy, batch_s, image_s = by_label[label]
        points.append(
            Point(
                label=label,
                case=group[-1].case,
                family=group[-1].info.family,
                accuracy=accuracy,
                latency=batch_s,
                throughput=reciprocal(image_s),
                params=group[-1].info.params,
                macs=group[-1].info.macs,
                sessions=tuple(record.session for record in group),
                findings=(*seconds.findings, *(f for r in group for f in r.findings if f.case == r.info.id)),
                on_front=beaten[label] is None,
                dominated_by=beaten[label],
                chance=likely.get(label),
                tied_with=tied.get(label, ()),
            )
        )
    return tuple(points)


def _labels(drafts: Sequence[_Draft]) -> list[str]:
    seen: dict[str, set[int]] = {}
    cases = [draft.group[0].case for draft in drafts]
    for case in cases:
        seen.setdefault(case.network, set()).add(case.resolution)
    labels = [_label(case, full=len(seen[case.network]) > 1) for case in cases]
    if len(set(labels)) < len(labels):  # a network is itself called like `name@224`
        labels = [_label(case, full=True) for case in cases]
    return labels


def _chances(entries: Sequence[_Entry], logs: Callable[[str], Mapping[tuple[str, int], float]]) -> dict[str, float]:
    """Chance of being on the front by label. In a crowd those alone are drawn whose interval reaches the front.

    Args:
        entries: of one panel.
        logs: of a label, the log of its seconds over the yardstick's by session and run.
    """
    reached, drawn = math.inf, []
    for label, top1, seconds in sorted(entries, key=lambda entry: -entry.top1):
        if seconds.low <= reached or len(entries) <= CROWD:
            drawn.append(Candidate(label, top1, logs(label)))
        reached = min(reached, seconds.high)
    found = chances(drawn)
    return {entry.label: found.get(entry.label, 0.0) for entry in entries} if found else {}


def _ties(
    entries: Sequence[_Entry],
    ratio: Callable[[str, str], Ratio | None],
    beaten: Mapping[str, str | None],
    likely: Mapping[str, float],
) -> dict[str, tuple[str, ...]]:
    """Ties by label; none where no chance is known.

    Args:
        entries: of one panel.
        ratio: of two labels, paired by run; None where too few runs hold both, and their intervals must do.
        beaten: who dominates each label.
        likely: chances by label.
    """
    times = {entry.label: entry.seconds for entry in entries}
    contenders = [
        Contender(entry.label, entry.top1, standing(beaten[entry.label] is None, likely[entry.label]))
        for entry in entries
        if entry.label in likely
    ]
    return ties(contenders, lambda one, two: (ratio(one, two) or unpaired(times[one], times[two])).may_be_one)


def _label(case: Case, *, full: bool) -> str:
    return f"{case.network}@{case.resolution}" if full else case.network


def _excluded(record: Record, reason: str) -> Excluded:
    return Excluded(label=_label(record.case, full=True), case=record.case, session=record.session, reason=reason)


def _origins(records: Sequence[Record]) -> tuple[Origin, ...]:
    found = {r.session: Origin(session=r.session, protocol=r.protocol, conditions=r.conditions) for r in records}
    return tuple(found[name] for name in sorted(found))
