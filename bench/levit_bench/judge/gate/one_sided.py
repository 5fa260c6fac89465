"""The report of a gate whose sides have no network in common: nothing was measured, and each network has a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateReport, GateRules
from levit_bench.records import Side, SideDifference


def one_sided(
    sides: Sequence[Side], differences: Sequence[SideDifference], reasons: Mapping[str, str], rules: GateRules
) -> GateReport:
    """A case for each network that one side alone has: missing on side b, or new there.

    Args:
        sides: of the gate, `a` first.
        differences: between them, those of networks among them.
        reasons: why the other side lacks a network, by its name.
        rules: what would have decided.
    """
    cases = [
        GateCase(
            name=one.name,
            verdict=CaseVerdict.NEW if one.first is None else CaseVerdict.MISSING,
            reason=reasons.get(one.name, ""),
        )
        for one in differences
        if one.kind == "networks"
    ]
    return GateReport(tuple(cases), rules, tuple(sides), tuple(differences))
