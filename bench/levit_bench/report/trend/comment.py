"""A night as a comment or a job's summary, in Markdown: new alerts first, then the reference, then the rest folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from levit_bench.judge.gate.gate_report import CaseVerdict, GateReport
from levit_bench.judge.trend.events import Event
from levit_bench.judge.trend.trend_report import Trend
from levit_bench.numbers.units import counted
from levit_bench.records import Finding
from levit_bench.report.trend.table import details
from levit_bench.report.trend.words import headline, size
from levit_bench.report.words.github_text import code, prose

MARKER = "<!-- levit-bench nightly -->"
"""The hidden first line, by which a workflow finds its own comment."""
_LIMIT_BYTES = 60_000
_LINE, _NAME = 600, 120
_ALERTS = 60


class Tonight(NamedTuple):
    """What a night came to, for its comment."""

    session: str
    failed: Mapping[str, str]
    """Reasons of the cases without a time, by the case."""
    trend: Trend | None
    against: GateReport | None
    findings: Sequence[Finding]
    is_interrupted: bool = False


def comment(tonight: Tonight) -> str:
    """The comment, at most 65,000 bytes long."""
    lines = [MARKER, f"### {headline_of(tonight)}", ""]
    if tonight.failed:
        lines += ["| failed | reason |", "|---|---|"]
        lines += [f"| {code(name, _NAME)} | {prose(why, 300)} |" for name, why in tonight.failed.items()]
        lines.append("")
    if tonight.trend is not None:
        new = [event for event in tonight.trend.events if any(tonight.trend.is_new(alert) for alert in event.alerts)]
        for event in new:
            lines += [*_of_event(event, tonight.trend), ""]
    if tonight.against is not None:
        lines += [_reference_line(tonight.against), ""]
    if tonight.trend is not None:
        lines += _older(tonight.trend)
    findings = [*tonight.findings, *(tonight.trend.findings if tonight.trend is not None else ())]
    if findings:
        told = [f"- {finding.kind}: {prose(finding.message, _LINE)}" for finding in findings]
        lines += ["<details><summary>Findings</summary>", "", *told, "", "</details>", ""]
    lines.append(f"Session {code(tonight.session, _NAME)}. Acknowledge a known change in trend.toml.")
    return _within(lines)


def headline_of(tonight: Tonight) -> str:
    """What the night came to, in a few words."""
    if tonight.is_interrupted:
        return "❌ Nightly: interrupted"
    failed = [f"{counted(len(tonight.failed), 'case')} failed"] if tonight.failed else []
    if tonight.trend is None:
        return f"{'❌' if failed else '✅'} Nightly: {', '.join([*failed, 'no trend yet'])}"
    new = len(tonight.trend.new)
    alarmed = [counted(new, "new alert")] if new else []
    said = ", ".join([*failed, *alarmed]) or "no new alert"
    return f"{'❌' if failed or new else '✅'} Nightly: {said}"


def _of_event(event: Event, trend: Trend) -> list[str]:
    """A new event with its alerts as a table."""
    lines = [f"**{prose(headline(event), _LINE)}**", ""]
    lines += [f"- {prose(line, _LINE)}" for line in details(event, trend)]
    lines += ["", "| id | case | change, 95 % CI |", "|---|---|---|"]
    for alert in event.alerts[:_ALERTS]:
        if not alert.series.is_yardstick:
            changed = size(alert.log, alert.low, alert.high)
            lines.append(f"| {code(alert.id, 8)} | {code(alert.series.case, _NAME)} | {prose(changed, 80)} |")
    return lines


def _reference_line(report: GateReport) -> str:
    """How tonight compares with the reference, in a line; for information, as known changes are in it."""
    counts = Counter(case.verdict for case in report.cases)
    said = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in CaseVerdict if counts[verdict])
    slower = [code(case.name, _NAME) for case in report.having(CaseVerdict.SLOWER)[:10]]
    named = f" ({', '.join(slower)})" if slower else ""
    return f"Against the reference {code(report.baseline, _NAME)}: {said}{named}."


def _older(trend: Trend) -> list[str]:
    """Events without a new alert, folded."""
    older = [event for event in trend.events if not any(trend.is_new(alert) for alert in event.alerts)]
    if not older:
        return []
    told = [f"- {prose(headline(event), _LINE)}" for event in reversed(older)]
    return [f"<details><summary>{counted(len(older), 'earlier event')}</summary>", "", *told, "", "</details>", ""]


def _within(lines: Sequence[str]) -> str:
    """The lines as text, as many as there is room for."""
    out: list[str] = []
    room = _LIMIT_BYTES
    for number, line in enumerate(lines):
        room -= len(line.encode()) + 1
        if room < 0:
            out += ["", f"{counted(len(lines) - number, 'more line')} left out here: trend.json has everything."]
            break
        out.append(line)
    return "\n".join(out) + "\n"
