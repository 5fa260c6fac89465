"""The control of a gate: side a measured against itself in the same session, in words."""

from __future__ import annotations

from collections import Counter

from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateReport
from levit_bench.numbers.units import counted
from levit_bench.report.gate.case_order import ORDER
from levit_bench.report.gate.commands import option_words
from levit_bench.report.words.listing import first_few
from levit_bench.report.words.ratios import ratio_figures
from levit_bench.report.words.safe_text import shortened

_NAME = 80


def alarms(report: GateReport) -> list[GateCase]:
    """Cases of the control that were called slower, although both sides are the same."""
    return [case for case in report.controls if case.verdict is CaseVerdict.SLOWER]


def control_line(report: GateReport) -> str:
    """What the control says of this session, in a line; what to add where there was none."""
    if not report.controls:
        null = option_words(report, "null")
        return f"control: none; {null} measures side a against itself in the same session"
    false_alarms = alarms(report)
    if not false_alarms:
        counts = Counter(case.verdict for case in report.controls)
        verdicts = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in ORDER if counts[verdict])
        return f"control: side a against itself, none of {counted(len(report.controls), 'case')} slower ({verdicts})"
    named = first_few([f"{shortened(case.name, _NAME)} ({ratio_figures(case.comparison)[0]})" for case in false_alarms])
    withdrawn = sum(case.is_downgraded for case in report.cases)
    so = f"; {counted(withdrawn, 'verdict')} of slower withdrawn" if withdrawn else ""
    return (
        f"control: side a against itself, {len(false_alarms)} of {counted(len(report.controls), 'case')} called "
        f"slower: {named}, so this session calls equal things slower{so}"
    )
