"""The verdict on one case of a gate in a few lines, for whoever looks at that case alone: a test that it fails."""

from __future__ import annotations

from levit_bench.catalog.network_calls import without_digest
from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateReport
from levit_bench.records import SideDifference
from levit_bench.report.gate.sentence import about_failing
from levit_bench.report.gate.side_words import difference_lines
from levit_bench.report.words.ratios import ratio_figures
from levit_bench.report.words.safe_text import shortened

_NAME, _REASON = 120, 400
_MOST_DIFFERENCES = 6


def case_lines(case: GateCase, report: GateReport) -> list[str]:
    """The verdict with its ratio and reason, the figures behind it, and what to do where it fails.

    The first line begins with what matters most: pytest shows no more of it than fits beside the name of a test.

    Args:
        case: one of the report.
        report: the gate that it belongs to.
    """
    known, figures = "", ""
    if case.comparison is not None and case.comparison.ratio is not None:
        ratio, limits, detectable = ratio_figures(case.comparison)
        known, figures = f" {ratio}", f": ratio {ratio}, 95 % CI {limits}, detectable {detectable}"
    lines = [
        f"{case.verdict.value}{known}: {shortened(case.name, _NAME)}: {shortened(case.reason, _REASON)}",
        f"levit-bench gate, side b against {_first(report)}{figures}",
    ]
    if case.verdict is CaseVerdict.SLOWER:
        own = report._replace(differences=_of_case(case, report))
        lines += [f"differs: {line}" for line in difference_lines(own, _MOST_DIFFERENCES) if own.differences]
    advice = about_failing(report).get(case.verdict)
    # Of a case that failed, the reason says what to mend.
    return lines if advice is None or case.verdict is CaseVerdict.FAILED else [*lines, advice]


def _of_case(case: GateCase, report: GateReport) -> tuple[SideDifference, ...]:
    """What may make this case slower, its own file first: no networks that one side lacks, which are others.

    A file that another network names stays, since this one's may import it.
    """
    record = case.second or case.first
    file = without_digest(record.case.network).rpartition(":")[0] if record is not None else ""
    found = [one for one in report.differences if one.kind != "networks"]
    return tuple(sorted(found, key=lambda one: not (one.kind == "file" and one.name == file)))


def _first(report: GateReport) -> str:
    """Side a as it was asked for."""
    asked = next((side.asked for side in report.sides if side.name == "a"), report.baseline)
    return f"side a ({shortened(asked, _NAME)})" if asked else "side a"
