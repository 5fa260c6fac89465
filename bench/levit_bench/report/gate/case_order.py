"""The order in which the cases of a gate are shown: what needs a person first."""

from __future__ import annotations

import math
from collections.abc import Iterable

from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase

ORDER = (
    CaseVerdict.FAILED,
    CaseVerdict.MISSING,
    CaseVerdict.SLOWER,
    CaseVerdict.OTHER_OUTPUTS,
    CaseVerdict.INCONCLUSIVE,
    CaseVerdict.NOT_COMPARABLE,
    CaseVerdict.FASTER,
    CaseVerdict.SAME,
    CaseVerdict.NEW,
)
"""Every verdict, the one that matters most first."""


def in_order(cases: Iterable[GateCase]) -> list[GateCase]:
    """The cases by verdict, within one by their ratio, the largest first; without a ratio last, in their order."""
    return sorted(cases, key=lambda case: (ORDER.index(case.verdict), -_ratio(case)))


def _ratio(case: GateCase) -> float:
    ratio = case.comparison.ratio if case.comparison else None
    return ratio.value if ratio is not None and math.isfinite(ratio.value) else -math.inf
