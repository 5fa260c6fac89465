"""Events: changes that may be one, who else moved there, what else changed then, and what that says about the cause."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from levit_bench.judge.trend.cause import Cause, cause_of
from levit_bench.judge.trend.change_points import LATEST, MIN_EFFECT, Change, alert_share, changes, difference
from levit_bench.judge.trend.drift import Drift, drift
from levit_bench.judge.trend.series import Segment, Series, SeriesPoint
from levit_bench.records import Record

_BEYOND_CHANCE = 1.6
"""Half widths of a 95 % interval that a case without an alert must have moved: it is one of many that are looked at."""


class Alert(NamedTuple):
    """A lasting change of one case, or its drift."""

    id: str
    """Eight digits; the same whenever the store is read, whatever is measured later."""
    series: Series
    kind: str
    """`change` or `drift`."""
    log: float
    """Log of the ratio after over before."""
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


class Moved(NamedTuple):
    """How far a case moved at the place of an event, whether it has an alert there or not."""

    series: Series
    log: float
    low: float
    """95 % limits."""
    high: float
    is_alert: bool

    @property
    def is_sure(self) -> bool:
        """Whether it has an alert, or moved by half of what raises one, and by more than chance moves one of many."""
        is_beyond = abs(self.log) > _BEYOND_CHANCE * (self.high - self.low) / 2
        return self.is_alert or (is_beyond and abs(self.log) >= MIN_EFFECT / 2)


class Event(NamedTuple):
    """Alerts of one machine whose changes may be one."""

    alerts: tuple[Alert, ...]
    last_before: SeriesPoint
    """The last session before it, by the alert that says so most narrowly."""
    first_after: SeriesPoint
    cause: Cause
    moves: tuple[Moved, ...]
    """Every case that was measured on both sides of it; none of a drift."""
    conditions: Mapping[str, tuple[str, str]]
    """What else changed there, before and after: versions and conditions."""

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
    begun: dict[str, list[str]] = {}
    for series in every:
        begun.setdefault(series.machine, []).append(series.points[0].session)
    for sessions in begun.values():
        sessions.sort()
    out = []
    for series in every:
        segments = []
        for segment in series.segments:
            logs = [point.log for point in segment.points]
            # By the cases of that night: those that are added later change nothing that was said before.
            cases = [bisect_right(begun[series.machine], point.session) for point in segment.points]
            shares = [alert_share(count) for count in cases]
            found = changes(logs, shares, min_effect)
            held = [at for at, point in enumerate(segment.points) if point.session in reference]
            moved = None if series.is_yardstick else drift(logs, found, shares, held)
            segments.append(JudgedSegment(segment, found, moved))
        out.append(JudgedSeries(series, tuple(segments)))
    return tuple(out)


def alerts_of(every: Iterable[JudgedSeries]) -> list[Alert]:
    """The changes and drifts of all series, in the order in which they were found."""
    out = []
    for series, segments in every:
        for segment, found, moved in segments:
            out += [_of_change(series, segment, change) for change in found]
            if moved is not None and moved.found_at is not None:
                out.append(_of_drift(series, segment, moved, moved.found_at))
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
    events = [_event(group, every) for group in groups]
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


def _event(group: Sequence[Alert], every: Sequence[JudgedSeries]) -> Event:
    narrowest = group[0]
    before, after = narrowest.last_before, narrowest.first_after
    if narrowest.kind == "drift":
        return Event(tuple(group), before, after, Cause.DRIFT, (), {})
    alarmed = {alert.series.id: alert for alert in group}
    moves = []
    for one in every:
        if one.series.machine != narrowest.series.machine:
            continue
        alert = alarmed.get(one.series.id)
        if alert is not None:
            moves.append(Moved(one.series, alert.log, alert.low, alert.high, is_alert=True))
        elif (step := _step_at(one, before, after)) is not None:
            moves.append(Moved(one.series, *step, is_alert=False))
    ordered = tuple(sorted(group, key=lambda alert: (alert.series.is_yardstick, alert.series.case, alert.id)))
    cause = Cause.YARDSTICK
    if not ordered[0].series.is_yardstick:
        moved = [move.series for move in moves if move.is_sure and not move.series.is_yardstick]
        cause = cause_of(moved, [move.series for move in moves if not move.is_sure and not move.series.is_yardstick])
    return Event(ordered, before, after, cause, tuple(moves), _changed(before.record, after.record))


def _step_at(one: JudgedSeries, before: SeriesPoint, after: SeriesPoint) -> tuple[float, float, float] | None:
    """How far a series moved between two sessions, up to its own changes around; None where it was not measured on both
    sides in one unit.
    """
    for segment, found, _ in one.segments:
        names = [point.session for point in segment.points]
        at, next_at = bisect_right(names, before.session), bisect_right(names, after.session)
        if names and names[max(0, next_at - 1)] == after.session:
            next_at -= 1
        # A change of its own within the gap is the place; any other one ends what is compared.
        edges = [change.first_after for change in found]
        begin = max([0, at - LATEST, *(edge for edge in edges if edge < at)])
        end = min([len(names), next_at + LATEST, *(edge for edge in edges if edge > next_at)])
        if begin < at and next_at < end:
            logs = [point.log for point in segment.points]
            return difference(logs[begin:at], logs[next_at:end])
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


def _of_drift(series: Series, segment: Segment, moved: Drift, found_at: int) -> Alert:
    """Its id depends on the reference and on when it was found, so that a drift that goes on stays one alert."""
    first, found_with = segment.points[moved.reference[-1]], segment.points[found_at]
    return Alert(
        _id(series.id, "drift", segment.points[moved.reference[0]].session, found_with.session), series, "drift",
        moved.log, moved.low, moved.high, first, segment.points[-1], first, segment.points[-1], found_with,
    )  # fmt: skip


def _id(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:8]
