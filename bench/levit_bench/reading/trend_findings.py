"""Findings about sessions along time: overlaps, clocks, series that are too short, and acknowledgements of nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from levit_bench.judge.trend.change_points import SHORTEST
from levit_bench.judge.trend.commit_range import CommitRange
from levit_bench.judge.trend.events import Alert
from levit_bench.judge.trend.series import Series, SeriesPoint
from levit_bench.judge.trend.trend_report import Acknowledgement
from levit_bench.numbers.units import counted
from levit_bench.records import Finding, Record
from levit_bench.report.words.safe_text import visible

_NAMED = 3
_LONG_GAP_DAYS = 30
_CLOCK_S = 3600
"""Seconds by which a session's name and its conditions may differ: it is named before it is prepared."""


def findings_of(
    records: Sequence[Record],
    every: Sequence[Series],
    acknowledged: Mapping[str, Acknowledgement],
    alerts: Sequence[Alert],
    commits: Mapping[str, CommitRange],
) -> list[Finding]:
    """What a reader should know before believing a trend.

    Args:
        records: of the stores.
        every: their series.
        acknowledged: alerts that a person has seen.
        alerts: those that there are.
        commits: of the events, as far as a repository was asked.
    """
    return [
        *_short(every), *_gaps(every), *_overlapping(records), *_out_of_order(every), *_old_commits(commits),
        *_unknown(acknowledged, alerts),
    ]  # fmt: skip


def _short(every: Sequence[Series]) -> list[Finding]:
    """Finding of series whose last segment is too short for a change to be found in it."""
    short = [s for s in every if not s.is_yardstick and len(s.segments[-1].points) < SHORTEST]
    if not short:
        return []
    subjects = sum(not series.is_yardstick for series in every)
    on = "" if len({series.machine for series in every}) == 1 else " on "
    named = [f"{series.case}{on}{series.machine if on else ''}" for series in short]
    message = (
        f"{len(short)} of {counted(subjects, 'case')} have fewer than {SHORTEST} sessions since the last split, and in "
        f"so few no change is found: {_first(named)}."
    )
    return [Finding(kind="trend-too-short", message=message)]


def _gaps(every: Sequence[Series]) -> list[Finding]:
    """Finding of machines that were not measured for a month or longer."""
    gaps: dict[str, None] = {}
    for machine in dict.fromkeys(series.machine for series in every):
        moments = sorted({p.at: p.session for s in every if s.machine == machine for p in s.points}.items())
        for (earlier, before), (later, after) in pairwise(moments):
            days = (_seconds(later) - _seconds(earlier)) / 86400
            if days >= _LONG_GAP_DAYS:
                gaps[f"{days:.0f} days between {visible(before)} and {visible(after)}"] = None
    if not gaps:
        return []
    message = (
        f"nothing was measured for {_first(list(gaps), '; ')}. What changed meanwhile came at once: a change there has "
        "many causes."
    )
    return [Finding(kind="session-gap", message=message)]


def _overlapping(records: Sequence[Record]) -> list[Finding]:
    """Finding of sessions of one machine that were measured at the same time, by their clocks."""
    spans: dict[str, dict[str, tuple[float, float]]] = {}
    for record in records:
        ends = [run.ended_s for run in record.runs if run.ended_s is not None]
        if ends and record.resumes == 0:
            begin = _seconds(record.conditions.taken_at)
            of_machine = spans.setdefault(record.machine.hardware.id, {})
            of_machine[record.session] = begin, max(begin + max(ends), of_machine.get(record.session, (0.0, 0.0))[1])
    pairs = []
    for sessions in spans.values():
        ordered = sorted(sessions.items(), key=lambda item: item[1])
        for (first, (_, end)), (second, (begin, _)) in pairwise(ordered):
            if begin < end - 1:
                pairs.append(f"{visible(first)} and {visible(second)}")
    if not pairs:
        return []
    message = (
        f"sessions of one machine overlap in time: {_first(pairs, '; ')}. They took turns on its processors, and their "
        "times are worth little; or its clock was set back between them; or they are of two machines with the same "
        "hardware, which are one here: keep a store for each."
    )
    return [Finding(kind="sessions-overlap", message=message)]


def _out_of_order(every: Sequence[Series]) -> list[Finding]:
    """Finding of sessions whose name, by which they are ordered, says another time than their conditions."""
    odd = sorted({point.session for series in every for point in series.points if _is_odd(point)})
    if not odd:
        return []
    message = (
        f"the name of {_first(odd)} says another time than its conditions: the clock was changed, or the file was "
        "renamed. Sessions are in the order of their names."
    )
    return [Finding(kind="session-out-of-order", message=message)]


def _is_odd(point: SeriesPoint) -> bool:
    """Whether the time that the name of a session begins with is not that of its conditions; other names say none."""
    try:
        named = datetime.strptime(point.session[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return False
    return abs(named - _seconds(point.at)) > _CLOCK_S


def _old_commits(commits: Mapping[str, CommitRange]) -> list[Finding]:
    """Finding of commits that the repository does not hold, or not in this order."""
    problems = list(dict.fromkeys(one.problem for one in commits.values() if one.problem))
    if not problems:
        return []
    message = f"the commits of some changes cannot be listed: {_first(problems, '; ')}."
    return [Finding(kind="commits-unknown", message=message)]


def _unknown(seen: Mapping[str, Acknowledgement], alerts: Sequence[Alert]) -> list[Finding]:
    """Finding of acknowledgements of no alert: of another store, or of sessions that are gone."""
    known = {alert.id for alert in alerts}
    missing = [name for name in seen if name not in known]
    if not missing:
        return []
    message = (
        f"{len(missing)} acknowledged alert{'s are' if len(missing) > 1 else ' is'} none of these sessions: "
        f"{_first(missing)}. They belong to another store, to other rules or to sessions that are gone; remove them "
        "when they are of no use."
    )
    return [Finding(kind="acknowledged-unknown", message=message)]


def _first(texts: Iterable[str], between: str = ", ") -> str:
    named = list(map(visible, texts))
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return between.join(named[:_NAMED]) + more


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()
