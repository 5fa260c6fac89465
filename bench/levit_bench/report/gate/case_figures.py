"""The figures of a case's comparison by the names that files of a gate give them."""

from __future__ import annotations

from levit_bench.judge.gate.gate_report import GateCase


def case_figures(case: GateCase) -> dict[str, float | None]:
    """Ratio of side b's time to side a's with its limits, and the detectable one; None where there is none."""
    comparison = case.comparison
    ratio = comparison.ratio if comparison else None
    return {
        "ratio": ratio.value if ratio else None,
        "ratio_low": ratio.low if ratio else None,
        "ratio_high": ratio.high if ratio else None,
        "detectable_ratio": comparison.detectable if comparison else None,
    }
