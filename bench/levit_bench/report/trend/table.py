"""A trend as the table of a terminal, and the lines below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from levit_bench.judge.trend.events import Alert, Event, JudgedSeries
from levit_bench.numbers.units import counted
from levit_bench.report.trend.words import changed_with, commits, headline, signed, size, split_words
from levit_bench.report.words.safe_text import distinct, shortened, visible

if TYPE_CHECKING:
    from rich.table import Table

    from levit_bench.judge.trend.trend_report import Acknowledgement, Trend

MOST_ROWS = 20
"""Cases that a terminal shows, those that changed before others; the rest is counted."""
MOST_EVENTS = 12
"""Events that a terminal shows, the newest."""
_SPLITS = 4
_NAMED = 8
"""Alerts of an event that are named."""


def table(trend: Trend) -> Table:
    """One row a case: its sessions, its drift, and its changes by the number of their event."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    numbers = {event.alerts[0].id: number for number, event in enumerate(trend.events, 1)}
    rows = [one for one in trend.judged if not one.series.is_yardstick]
    alarmed = {alert.series.id for alert in trend.alerts}
    ranked = sorted(rows, key=lambda one: (one.series.id not in alarmed, -len(one.series.points)))
    chosen = {one.series.id for one in ranked[:MOST_ROWS]}
    shown = [one for one in rows if one.series.id in chosen]
    machines = list(dict.fromkeys(one.series.machine for one in shown))
    out = FittedTable(title=_title(trend, machines))
    out.add_column("case", overflow="fold")
    if len(machines) > 1:
        out.add_column("machine", overflow="fold")
    out.add_column("sessions", justify="right", no_wrap=True)
    out.add_column("drift, 95 % CI", no_wrap=True)
    out.add_column("changes (event)", no_wrap=len(machines) < 2)
    names = distinct(one.series.case for one in shown)
    for one in shown:
        where = [Text(visible(one.series.machine))] if len(machines) > 1 else []
        words = "\n".join(_changes_of(one, trend.events, numbers)) or "–"
        sessions = str(len(one.series.points))
        out.add_row(Text(names[one.series.case]), *where, sessions, _drift(one), Text(words))
    left = len(rows) - len(shown)
    more = f"{counted(left, 'more case')} not shown; --json has all. " if left else ""
    out.caption = (
        f"{more}drift: the last sessions against the first ones of the case, or the reference, without its changes. "
        "Every figure is of the ratio to the yardstick; + is slower."
    )
    return out


def _title(trend: Trend, machines: Sequence[str]) -> str:
    cases = sum(not one.series.is_yardstick for one in trend.judged)
    sessions = sorted({point.session for one in trend.judged for point in one.series.points})
    on = f" on {visible(machines[0])}" if len(machines) == 1 else ""
    span = f"{visible(sessions[0])} to {visible(sessions[-1])}" if sessions else ""
    return f"{counted(cases, 'case')} over {counted(len(sessions), 'session')}{on}: {span}"


def _changes_of(one: JudgedSeries, events: Sequence[Event], numbers: dict[str, int]) -> list[str]:
    """Its changes, each with the number of the event that it belongs to."""
    return [
        f"{signed(alert.log)} % ({numbers[event.alerts[0].id]})"
        for event in events
        for alert in event.alerts
        if alert.series.id == one.series.id and alert.kind == "change"
    ]


def _drift(one: JudgedSeries) -> str:
    drift = one.segments[-1].drift
    return "–" if drift is None else size(drift.log, drift.low, drift.high)


def lines(trend: Trend) -> list[str]:
    """Below the table: each event with its commits and what else changed, and where series are split."""
    shown = list(enumerate(trend.events, 1))[-MOST_EVENTS:]
    out = []
    if len(trend.events) > len(shown):
        out.append(f"{counted(len(trend.events) - len(shown), 'older event')} not shown; --json has all.")
    for number, event in shown:
        out.append(f"{number}. {headline(event)}")
        out += [f"   {line}" for line in details(event, trend)]
    return [*out, *_split_lines(trend)]


def details(event: Event, trend: Trend) -> list[str]:
    """Commits, further changes and alerts of an event, a line each."""
    out = []
    if found := trend.commits.get(event.alerts[0].id):
        out.append(commits(found))
    if also := changed_with(event):
        out.append(f"changed there, too: {also}")
    alerts = trend.of_chosen(event)
    if new := [alert for alert in alerts if trend.is_new(alert)]:
        out.append(f"new: {_listed(new)}")
    out += _acknowledged(alerts, trend.acknowledged)
    older = [
        alert
        for alert in alerts
        if not (trend.is_new(alert) or alert.id in trend.acknowledged or alert.series.is_yardstick)
    ]
    if older:
        out.append(f"found before: {_listed(older)}")
    others = sum(not alert.series.is_yardstick for alert in event.alerts) - sum(
        not alert.series.is_yardstick for alert in alerts
    )
    if others:
        out.append(f"{counted(others, 'alert')} of cases that were not chosen")
    return out


def _acknowledged(alerts: Sequence[Alert], seen: Mapping[str, Acknowledgement]) -> list[str]:
    """What a person said of some alerts: those of which the same was said in one line."""
    said: dict[tuple[str, str, str], list[str]] = {}
    for alert in alerts:
        if one := seen.get(alert.id):
            said.setdefault((one.verdict, one.why, one.who), []).append(alert.id)
    return [
        f"{', '.join(ids)} {'is' if len(ids) == 1 else 'are'} {verdict}: {shortened(why, 200)} ({shortened(who)})"
        for (verdict, why, who), ids in said.items()
    ]


def _listed(alerts: Sequence[Alert]) -> str:
    """Ids of alerts; of several each with its case."""
    if len(alerts) == 1:
        return alerts[0].id
    named = [f"{alert.id} {shortened(alert.series.case, 60)}" for alert in alerts[:_NAMED]]
    return ", ".join(named) + (f" and {len(alerts) - _NAMED} more" if len(alerts) > _NAMED else "")


def _split_lines(trend: Trend) -> list[str]:
    """Where series go on in another unit: each kind of split once, with the number of cases."""
    cases: dict[str, int] = {}
    for one in trend.judged:
        for split in one.series.splits:
            words = split_words(split)
            cases[words] = cases.get(words, 0) + (not one.series.is_yardstick)
    named = [f"split: {words}" + (f", {counted(count, 'case')}" if count else "") for words, count in cases.items()]
    left = len(named) - _SPLITS
    return [*named[:_SPLITS], *([f"{counted(left, 'more split')}; --json has all"] if left > 0 else [])]


def summary(trend: Trend, file: str) -> str:
    """What it comes to, in a sentence; `file` is where alerts are acknowledged."""
    cases = counted(sum(not one.series.is_yardstick for one in trend.judged), "case")
    if not trend.new:
        return f"No new alert in {cases}."
    number = counted(len(trend.new), "new alert")
    return (
        f"{number} in {cases}. Acknowledge a known one in {visible(file)}: [[alert]] with id, verdict "
        "(expected, fixed or noise), who and why."
    )
