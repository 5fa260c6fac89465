"""Under which rules and conditions a gate was judged, in lines of text."""

from __future__ import annotations

from levit_bench.judge.gate.gate_report import GateReport
from levit_bench.judge.verdicts import ALPHA, percent_of, same_level
from levit_bench.numbers.units import counted, format_duration
from levit_bench.records import Protocol, Record
from levit_bench.report.gate.commands import option_words
from levit_bench.report.words.safe_text import shortened, visible
from levit_bench.report.words.setting import machine_line

_LINE = 300


def rule_lines(report: GateReport) -> list[str]:
    """What the columns mean, what decides each verdict, and for how many comparisons the limits hold together."""
    rules, family = report.rules, report.family
    least, margin = _percent(rules.min_effect), _percent(rules.margin)
    lines = [
        "relative ratio: time of b over time of a, each as a multiple of the yardstick's in its session"
        if report.baseline
        else "ratio: time on side b over time on side a",
        f"95 % CI: {percent_of(1 - ALPHA / max(1, family))} each{_shared(report)}",
        "detectable: the smallest slowdown that so many runs find four times in five",
        f"slower: all of the interval above 1, and the ratio at least {least} above it; faster is its mirror image",
        f"same: the {percent_of(same_level(max(1, family)))} interval within ±{margin}, and such a slowdown detectable",
        "false alarms: of unchanged code at most one gate in twenty calls any case slower",
    ]
    if report.looks_declared > 1:
        taken = f"{report.looks_taken} of {counted(report.looks_declared, 'declared look')}"
        allowed = "and the limits allow for all of them" if report.is_over else "none of which judged what stands here"
        lines.append(f"looks: {taken} taken, {allowed}")
    if rules.allow_inconclusive:
        lines.append(
            f"{option_words(report, 'allow-inconclusive')}: cases that were measured and are inconclusive end with 0"
        )
    if rules.allow_other_outputs:
        lines.append(f"{option_words(report, 'allow-other-outputs')}: the sides may compute different things")
    return lines


def session_lines(report: GateReport) -> list[str]:
    """The session, its machine and its protocol; fewer where no case has a record."""
    record = _first_record(report)
    title = f", {shortened(record.title, _LINE)}" if record is not None and record.title else ""
    lines = [f"session: {shortened(report.session, _LINE)}{title}"] if report.session else []
    if record is None:
        return lines
    protocol = record.protocol
    runs = sorted({len(one.runs) for case in report.cases for one in (case.first, case.second) if one and one.runs})
    taken = [counted(runs[0]) if len(runs) == 1 else f"{runs[0]} to {counted(runs[-1])}"] if runs else []
    facts = [
        *taken, _length(protocol), f"{protocol.turn_s:g} s a turn",
        f"isolation {protocol.seats}", f"seed {protocol.seed}",
    ]  # fmt: skip
    state = record.conditions
    machine = [machine_line(record.machine), f"{visible(state.os)}", f"taken {visible(state.taken_at)}"]
    return [*lines, f"machine: {shortened(' · '.join(machine), _LINE)}", f"protocol: {' · '.join(facts)}"]


def title_of(report: GateReport) -> str:
    """What the gate is for, as its user called it; empty where nobody did, and where tests declared the cases."""
    record = None if report.pytest_words else _first_record(report)
    return (record.title or "") if record is not None else ""


def _shared(report: GateReport) -> str:
    """What the level of each interval is for: all comparisons together, at every look."""
    family, looks = report.family, report.looks_declared
    if family <= 1:
        return ""
    if looks <= 1 or family % looks:
        return f", so that 95 % hold for {counted(family, 'comparison')} together"
    of = f"{counted(family // looks, 'case')} at each of " if family > looks else ""
    return f", so that 95 % hold for {of}{looks} looks together"


def _length(protocol: Protocol) -> str:
    """How long was planned: a budget, or what was to be found and the most that this might take."""
    budget = format_duration(protocol.budget_s)
    return f"budget {budget}" if protocol.find is None else f"to find {_percent(protocol.find)} in at most {budget}"


def _first_record(report: GateReport) -> Record | None:
    records = (record for case in report.cases for record in (case.second, case.first) if record is not None)
    return next(records, None)


def _percent(share: float) -> str:
    return f"{100 * share:.10g} %"
