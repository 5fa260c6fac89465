"""The control of a gate: side a measured against itself in the same session, in words."""

from __future__ import annotations

import math
from collections import Counter

from levit_bench.judge.gate.control import differing, reach, silent
from levit_bench.judge.gate.gate_report import GateReport
from levit_bench.judge.verdicts import percent_above
from levit_bench.numbers.units import counted
from levit_bench.report.gate.case_order import ORDER
from levit_bench.report.gate.commands import option_words
from levit_bench.report.words.listing import first_few
from levit_bench.report.words.ratios import ratio_figures
from levit_bench.report.words.safe_text import shortened

_NAME = 80


def is_quiet(report: GateReport) -> bool:
    """Whether the control found what it should: no difference, in every one of its cases."""
    return not (differing(report.controls) or silent(report.controls))


def control_line(report: GateReport) -> str:
    """What the control says of this session, in a line; what to add where there was none."""
    if not report.controls:
        null = option_words(report, "null")
        return f"control: none; {null} measures side a against itself in the same session"
    number = counted(len(report.controls), "case")
    if is_quiet(report):
        counts = Counter(case.verdict for case in report.controls)
        verdicts = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in ORDER if counts[verdict])
        return f"control: side a against itself, none of {number} differs ({verdicts})"
    parts = []
    if alarms := differing(report.controls):
        named = first_few([f"{shortened(case.name, _NAME)} ({ratio_figures(case.comparison)[0]})" for case in alarms])
        far = reach(report.controls)
        stand = (
            f"only differences of more than {percent_above(far)} stand"
            if math.isfinite(far)
            else "no verdict on a time stands"
        )
        parts.append(
            f"{len(alarms)} of {number} called different: {named}, so this session calls equal things different, "
            f"and {stand}"
        )
    if without := silent(report.controls):
        named = first_few([shortened(case.name, _NAME) for case in without])
        parts.append(f"{len(without)} of {number} without a ratio: {named}, so nothing vouches for these cases")
    return f"control: side a against itself, {'; '.join([*parts, *_withdrawn(report)])}"


def _withdrawn(report: GateReport) -> list[str]:
    """How many verdicts were withdrawn, by what they were, in words; nothing where none was."""
    counts = Counter(case.withdrawn for case in report.cases if case.withdrawn is not None)
    verdicts = " and ".join(f"{counts[verdict]} of {verdict.value}" for verdict in ORDER if counts[verdict])
    return [f"withdrawn: {verdicts}"] if verdicts else []
