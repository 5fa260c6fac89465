"""The verdict on one case of a gate in a few lines, for whoever looks at that case alone: a test that it fails."""

from __future__ import annotations

from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateReport
from levit_bench.report.gate.sentence import about_failing
from levit_bench.report.gate.side_words import difference_lines
from levit_bench.report.words.ratios import ratio_figures
from levit_bench.report.words.safe_text import shortened

_NAME, _REASON = 120, 400
_MOST_DIFFERENCES = 6


def case_lines(case: GateCase, report: GateReport) -> list[str]:
    """The verdict with its reason, the figures behind it, and what to do where it fails.

    Args:
        case: one of the report.
        report: the gate that it belongs to.
    """
    lines = [f"{case.verdict.value} than on {_first(report)}" if _is_relation(case) else case.verdict.value]
    lines[0] = f"{shortened(case.name, _NAME)}: {lines[0]}: {shortened(case.reason, _REASON)}"
    if case.comparison is not None and case.comparison.ratio is not None:
        ratio, limits, detectable = ratio_figures(case.comparison)
        lines.append(f"ratio {ratio}, 95 % CI {limits}, detectable {detectable}")
    if case.verdict is CaseVerdict.SLOWER:
        lines += [f"differs: {line}" for line in difference_lines(report, _MOST_DIFFERENCES) if report.differences]
    advice = about_failing(report).get(case.verdict)
    # Of a case that failed, the reason says what to mend.
    return lines if advice is None or case.verdict is CaseVerdict.FAILED else [*lines, advice]


def _is_relation(case: GateCase) -> bool:
    return case.verdict in (CaseVerdict.SLOWER, CaseVerdict.FASTER)


def _first(report: GateReport) -> str:
    """Side a as it was asked for."""
    asked = next((side.asked for side in report.sides if side.name == "a"), report.baseline)
    return f"side a ({shortened(asked, _NAME)})" if asked else "side a"
