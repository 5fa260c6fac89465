"""A gate as the table of a terminal, and the lines below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateReport
from levit_bench.report.gate.case_order import in_order
from levit_bench.report.gate.conditions import rule_lines, session_lines
from levit_bench.report.gate.control import control_line
from levit_bench.report.gate.side_words import difference_lines, side_lines
from levit_bench.report.words.ratios import ratio_figures
from levit_bench.report.words.safe_text import distinct, shortened

if TYPE_CHECKING:
    from rich.table import Table

MOST_DIFFERENCES, MOST_REASONS = 12, 12
"""Lines that a terminal shows of either; of more they give the number."""
_NAME, _REASON = 80, 400
_STYLES = {
    CaseVerdict.FAILED: "bold red",
    CaseVerdict.MISSING: "bold red",
    CaseVerdict.SLOWER: "bold red",
    CaseVerdict.OTHER_OUTPUTS: "bold red",
    CaseVerdict.INCONCLUSIVE: "yellow",
    CaseVerdict.NOT_COMPARABLE: "yellow",
    CaseVerdict.FASTER: "bold green",
}


def table(report: GateReport) -> Table:
    """One row a case, those that need a person first."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    out = FittedTable()
    out.add_column("case", overflow="fold")
    # Of two sessions the ratio is that of the multiples of the yardstick, and no seconds stand beside it.
    out.add_column("relative ratio" if report.baseline else "ratio", justify="right", no_wrap=True)
    out.add_column("95 % CI", no_wrap=True)
    out.add_column("detectable", justify="right", no_wrap=True)
    out.add_column("verdict", no_wrap=True)
    names = distinct(case.name for case in report.cases)
    for case in in_order(report.cases):
        word = Text(case.verdict.value, style=_STYLES.get(case.verdict, ""))
        out.add_row(Text(names[case.name]), *ratio_figures(case.comparison), word)
    return out


def notes(report: GateReport, *, has_rules: bool = True) -> list[str]:
    """Lines below the table: reasons that no figure shows, the sides, the control, the rules and the session.

    `levit_bench.report.gate.sentence.overall` is what all of it comes to.

    Args:
        report: the gate.
        has_rules: whether the meaning of columns and verdicts is said.
    """
    return [
        *_reasons(report),
        *side_lines(report),
        *(f"differs: {line}" for line in difference_lines(report, MOST_DIFFERENCES) if report.differences),
        *([] if report.differences else difference_lines(report, MOST_DIFFERENCES)),
        *([] if report.baseline else [control_line(report)]),
        *(rule_lines(report) if has_rules else []),
        *session_lines(report),
    ]


def _reasons(report: GateReport) -> list[str]:
    """Why cases failed or could not be judged; of those that were judged, the figures say it."""
    cases = [case for case in in_order(report.cases) if _needs_a_reason(case)]
    lines = [f"{shortened(case.name, _NAME)}: {shortened(case.reason, _REASON)}" for case in cases]
    if len(lines) <= MOST_REASONS:
        return lines
    where = "gate.json, which --bench-out writes," if report.pytest_words else "--json"
    return [*lines[: MOST_REASONS - 1], f"{len(lines) - MOST_REASONS + 1} more cases; {where} has the reason of each"]


def _needs_a_reason(case: GateCase) -> bool:
    if case.verdict in (CaseVerdict.SLOWER, CaseVerdict.FASTER, CaseVerdict.SAME):
        return False
    return case.verdict is not CaseVerdict.NEW or bool(case.reason)
