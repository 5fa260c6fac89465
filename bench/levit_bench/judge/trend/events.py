"""Events: changes that may be one, who else moved there, what else changed then, and what that says about the cause."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from levit_bench.judge.trend.cause import Cause, cause_of
from levit_bench.judge.trend.change_points import (
    FEWEST,
    LATEST,
    MIN_EFFECT,
    Change,
    alert_share,
    difference,
    known_by,
    walked,
)
from levit_bench.judge.trend.drift import MARGIN, Drift, DriftAlert, drift
from levit_bench.judge.trend.series import Segment, Series, SeriesPoint
from levit_bench.records import Record

_BEYOND_CHANCE = 1.6
"""Half widths of a 95 % interval that a case without an alert must have moved: it is one of many that are looked at."""
_FEW = 3
"""One alert in so many of an event may be placed a session off: a support interval misses one place in twenty."""


class Alert(NamedTuple):
    """A lasting change of one case, or its drift."""

    id: str
    """Eight hexadecimal digits; the same whenever the store is read, whatever is measured later."""
    series: Series
    kind: str
    """`change` or `drift`."""
    log: float
    """Log of the ratio after over before; of a drift, as it was when it was found."""
    low: float
    """95 % limits."""
    high: float
    last_before: SeriesPoint
    """The last session before it, where it most likely is."""
    first_after: SeriesPoint
    earliest: SeriesPoint
    """The last session that is before it for sure: within `earliest` and `latest` lies the change."""
    latest: SeriesPoint
    """The first session that is after it for sure."""
    found_with: SeriesPoint
    """The session with which it was found."""
    today: tuple[float, float, float] | None = None
    """Of a drift: its log with its limits by the last session, without all changes that were found since."""
    explained_by: str = ""
    """Of a drift: the id of the alert of a change, found later, that leaves nothing of it; empty: there is none."""


class Moved(NamedTuple):
    """How far a case moved at the place of an event, whether it has an alert there or not."""

    series: Series
    log: float
    low: float
    """95 % limits."""
    high: float
    is_alert: bool
    near: float = math.nan
    """The same from the few sessions next to the place; NaN of an alert."""

    @property
    def is_sure(self) -> bool:
        """Whether it has an alert, or moved by half of what raises one, and by more than chance moves one of many.

        What moved a while later or earlier did not move here: the sessions next to the place must show half of it.
        """
        is_beyond = abs(self.log) > _BEYOND_CHANCE * (self.high - self.low) / 2
        is_here = self.near * math.copysign(1, self.log) >= abs(self.log) / 2
        return self.is_alert or (is_beyond and is_here and abs(self.log) >= MIN_EFFECT / 2)


class Event(NamedTuple):
    """Alerts of one machine whose changes may be one."""

    alerts: tuple[Alert, ...]
    last_before: SeriesPoint
    """The last session before it, where the alert that says so most narrowly most likely has it."""
    first_after: SeriesPoint
    earliest: SeriesPoint
    """The last session that is before all of them for sure: within `earliest` and `latest` lies the change."""
    latest: SeriesPoint
    """The first session that is after all of them for sure."""
    cause: Cause
    moves: tuple[Moved, ...]
    """Every case that was measured on both sides of it; none of a drift."""
    conditions: Mapping[str, tuple[str, str]]
    """What else differs between `earliest` and `latest`: versions and conditions."""

    @property
    def is_narrow(self) -> bool:
        """Whether it lies between two sessions that follow each other."""
        return (self.earliest.session, self.latest.session) == (self.last_before.session, self.first_after.session)

    @property
    def moved(self) -> int:
        """Cases that moved there, the yardstick apart."""
        return sum(move.is_sure and not move.series.is_yardstick for move in self.moves)

    @property
    def of(self) -> int:
        """Cases that were measured on both sides, the yardstick apart."""
        return sum(not move.series.is_yardstick for move in self.moves)


class JudgedSegment(NamedTuple):
    """A segment of a series with what was found in it."""

    segment: Segment
    changes: tuple[Change, ...]
    drift: Drift | None


class JudgedSeries(NamedTuple):
    """A series with what was found in each of its segments."""

    series: Series
    segments: tuple[JudgedSegment, ...]


def judged(
    every: Sequence[Series], reference: frozenset[str] = frozenset(), min_effect: float = MIN_EFFECT
) -> tuple[JudgedSeries, ...]:
    """Every series with its changes and its drift.

    Args:
        every: the series of whole stores: the rate of false alerts is shared by all cases of a machine.
        reference: sessions that drift is held against; empty, or none in a segment: the first ones of the segment.
        min_effect: least change, as a share of the time.
    """
    # By the cases that the session itself measured: nothing else is known whenever the store is read.
    measured = Counter((series.machine, point.session) for series in every for point in series.points)
    out = []
    for series in every:
        segments = []
        for segment in series.segments:
            logs = [point.log for point in segment.points]
            shares = [alert_share(measured[series.machine, point.session]) for point in segment.points]
            found = walked(logs, shares, min_effect)
            held = [at for at, point in enumerate(segment.points) if point.session in reference]
            moved = None if series.is_yardstick else drift(logs, found, shares, held)
            segments.append(JudgedSegment(segment, known_by(logs, found, len(logs) - 1), moved))
        out.append(JudgedSeries(series, tuple(segments)))
    return tuple(out)


def alerts_of(every: Iterable[JudgedSeries]) -> list[Alert]:
    """The changes and drifts of all series, in the order in which they were found."""
    out = []
    for series, segments in every:
        for segment, found, moved in segments:
            of_changes = [_of_change(series, segment, change) for change in found]
            out += of_changes
            if moved is not None and moved.alert is not None:
                out.append(_of_drift(series, segment, moved, moved.alert, of_changes))
    return sorted(out, key=lambda alert: (alert.found_with.session, alert.series.case, alert.kind))


def events_of(alerts: Sequence[Alert], every: Sequence[JudgedSeries]) -> tuple[Event, ...]:
    """The alerts in groups of one machine whose changes may be at one place, the oldest first; drifts are alone."""
    groups: list[list[Alert]] = []
    for alert in sorted(alerts, key=_width):  # The narrowest first: a wide one joins it where it can.
        home = next((group for group in groups if _may_be_one(alert, group)), None)
        if home is None:
            groups.append([alert])
        else:
            home.append(alert)
    groups = _with_those_beside(groups)
    places = [(group[0].series.machine, group[0].first_after.session) for group in groups if group[0].kind == "change"]
    events = [_event(group, every, places) for group in groups]
    return tuple(sorted(events, key=lambda event: (event.first_after.session, event.alerts[0].id)))


def _width(alert: Alert) -> tuple[int, float, str]:
    """How narrowly an alert says where it is: by the sessions that may be the first after it, then by its size."""
    points = [point.session for point in alert.series.points]
    return points.index(alert.latest.session) - points.index(alert.earliest.session), -abs(alert.log), alert.id


def _may_be_one(alert: Alert, group: Sequence[Alert]) -> bool:
    """Whether there is a moment at which all of them may have changed, in one direction as a yardstick has others."""
    if alert.kind != "change" or any(other.kind != "change" for other in group):
        return False
    if any(other.series.machine != alert.series.machine or other.series.id == alert.series.id for other in group):
        return False
    begin = max(other.earliest.session for other in (*group, alert))
    return begin < min(other.latest.session for other in (*group, alert))


def _with_those_beside(groups: Sequence[list[Alert]]) -> list[list[Alert]]:
    """The groups, each of few alerts in the much larger one whose place follows or precedes its own at once, where they
    changed in one direction and by about as much.
    """
    out: list[list[Alert]] = []
    for group in sorted(groups, key=len, reverse=True):
        home = next((other for other in out if _is_beside(group, other)), None)
        if home is None:
            out.append(list(group))
        else:
            home += group
    return out


def _is_beside(few: Sequence[Alert], many: Sequence[Alert]) -> bool:
    if any(alert.kind != "change" or alert.series.is_yardstick for alert in (*few, *many)):
        return False
    ids = {alert.series.id for alert in many}
    if few[0].series.machine != many[0].series.machine or any(alert.series.id in ids for alert in few):
        return False
    (begin, end), (other_begin, other_end) = _place(few), _place(many)
    is_touching = end.session == other_begin.session or begin.session == other_end.session
    logs = sorted(alert.log for alert in many)
    usual = logs[len(logs) // 2]
    is_alike = all(0.5 <= alert.log / usual <= 2 for alert in few)
    return len(few) * _FEW <= len(many) and is_touching and is_alike


def _place(group: Sequence[Alert]) -> tuple[SeriesPoint, SeriesPoint]:
    """The sessions between which all of a group may have changed; one that was placed beside it does not count."""
    earliest, latest = group[0].earliest, group[0].latest
    for alert in group[1:]:
        later = max(earliest, alert.earliest, key=lambda point: point.session)
        earlier = min(latest, alert.latest, key=lambda point: point.session)
        if later.session < earlier.session:
            earliest, latest = later, earlier
    return earliest, latest


def _event(group: Sequence[Alert], every: Sequence[JudgedSeries], places: Sequence[tuple[str, str]]) -> Event:
    """One event; `places` are the machine and the first session after, of every group of changes."""
    narrowest = group[0]
    before, after = narrowest.last_before, narrowest.first_after
    earliest, latest = _place(group)
    if narrowest.kind == "drift":
        return Event(tuple(group), before, after, earliest, latest, Cause.DRIFT, (), {})
    others = [session for machine, session in places if machine == narrowest.series.machine]
    others = [session for session in others if session != after.session]
    alarmed = {alert.series.id: alert for alert in group}
    moves = []
    for one in every:
        if one.series.machine != narrowest.series.machine:
            continue
        alert = alarmed.get(one.series.id)
        if alert is not None:
            moves.append(Moved(one.series, alert.log, alert.low, alert.high, is_alert=True))
        elif (step := _step_at(one, before, after, others)) is not None:
            moves.append(step)
    ordered = tuple(sorted(group, key=lambda alert: (alert.series.is_yardstick, alert.series.case, alert.id)))
    cause = Cause.YARDSTICK
    if not ordered[0].series.is_yardstick:
        moved = [move.series for move in moves if move.is_sure and not move.series.is_yardstick]
        cause = cause_of(moved, [move.series for move in moves if not move.is_sure and not move.series.is_yardstick])
    return Event(
        ordered, before, after, earliest, latest, cause, tuple(moves), _changed(earliest.record, latest.record)
    )  # fmt: skip


def _step_at(one: JudgedSeries, before: SeriesPoint, after: SeriesPoint, others: Sequence[str]) -> Moved | None:
    """How far a series moved between two sessions, up to its own changes and to the other events around; None where it
    was not measured on both sides in one unit.

    Args:
        one: the series.
        before: the last session before the place.
        after: the first session after it.
        others: the first sessions after the other events of its machine.
    """
    for segment, found, _ in one.segments:
        names = [point.session for point in segment.points]
        at, next_at = bisect_right(names, before.session), bisect_left(names, after.session)
        # A change of its own within the gap is the place; any other one ends what is compared.
        own = [change.first_after for change in found]
        around = [bisect_left(names, session) for session in others]
        begin = max([
            0, at - LATEST, *(edge for edge in (*own, *around) if edge < at),
        ])  # fmt: skip
        end = min([
            len(names), next_at + LATEST, *(edge for edge in (*own, *around) if edge > next_at),
        ])  # fmt: skip
        if begin < at and next_at < end:
            logs = [point.log for point in segment.points]
            near, _, _ = difference(logs[max(begin, at - FEWEST) : at], logs[next_at : min(end, next_at + FEWEST)])
            return Moved(one.series, *difference(logs[begin:at], logs[next_at:end]), is_alert=False, near=near)
    return None


def _changed(before: Record, after: Record) -> dict[str, tuple[str, str]]:
    """Versions and conditions that differ between two sessions."""
    pairs: dict[str, tuple[object, object]] = {}
    old, new = before.conditions, after.conditions
    for name in sorted(old.versions.keys() | new.versions.keys()):
        pairs[name] = old.versions.get(name), new.versions.get(name)
    for name in ("python", "os", "libc", "governor", "huge_pages", "on_battery"):
        pairs[name.replace("_", " ")] = getattr(old, name), getattr(new, name)
    pairs["shell"] = before.shell.text, after.shell.text
    pairs["may use"] = before.allowance, after.allowance
    pairs["levit-bench"] = before.bench, after.bench
    pairs["commit of levit-bench"] = old.commit, new.commit
    pairs["revision"] = before.revision, after.revision
    return {name: (_text(one), _text(other)) for name, (one, other) in pairs.items() if one != other}


def _text(value: object) -> str:
    return "–" if value is None else str(value)


def _of_change(series: Series, segment: Segment, change: Change) -> Alert:
    points, at = segment.points, change.first_after
    found_with = points[change.found_at]
    return Alert(
        _id(series.id, "change", found_with.session), series, "change", change.log, change.low, change.high,
        points[at - 1], points[at], points[change.earliest - 1], points[change.latest], found_with,
    )  # fmt: skip


def _of_drift(
    series: Series, segment: Segment, moved: Drift, alert: DriftAlert, changes: Sequence[Alert]
) -> Alert:  # fmt: skip
    """Its id depends on the reference and on when it was found, so that a drift that goes on stays one alert."""
    points = segment.points
    first, found_with = points[alert.reference[-1]], points[alert.found_at]
    later = [
        change.id for change in changes if change.found_with.session > found_with.session and change.log * alert.log > 0
    ]
    is_over = abs(moved.log) < math.log1p(MARGIN)
    return Alert(
        _id(series.id, "drift", points[alert.reference[0]].session, found_with.session), series, "drift",
        alert.log, alert.low, alert.high, first, found_with, first, found_with, found_with,
        today=(moved.log, moved.low, moved.high), explained_by=later[0] if later and is_over else "",
    )  # fmt: skip


def _id(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:8]
