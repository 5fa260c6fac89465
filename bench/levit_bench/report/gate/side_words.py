"""What the two sides of a gate are, and what differs between them, in lines of text."""

from __future__ import annotations

from levit_bench.judge.gate.gate_report import GateReport
from levit_bench.records import Side, SideDifference
from levit_bench.report.words.safe_text import shortened

_NAME = 120
_COMMIT = 12
"""Digits of a commit that tell it from the others of a repository."""


def side_lines(report: GateReport) -> list[str]:
    """One line a side: what was asked for, its commit and its interpreter; of stored sessions their names."""
    if report.baseline:
        first, second = (shortened(name, _NAME) for name in (report.baseline, report.session))
        return [f"a: session {first}", f"b: session {second}"]
    return [_side(side) for side in report.sides if side.name != "control"]


def difference_lines(report: GateReport, most: int) -> list[str]:
    """One line for each thing that differs between the sides.

    Args:
        report: the gate.
        most: of more than so many the last line gives the number of the others.
    """
    differences = report.differences
    if not differences:
        return [] if report.baseline else ["nothing that is recorded differs between the sides"]
    if len(differences) <= most:
        return [_difference(one) for one in differences]
    shown = [_difference(one) for one in differences[: most - 1]]
    return [*shown, f"{len(differences) - len(shown)} more differences"]


def _side(side: Side) -> str:
    commit = f"commit {shortened(side.revision[:_COMMIT], _NAME)}" if side.revision else ""
    state = "with uncommitted changes" if side.dirty else ""
    parts = [shortened(side.asked, _NAME), commit, state, f"Python {shortened(side.python, _NAME)}"]
    return f"{side.name}: {', '.join(part for part in parts if part)}"


def _difference(one: SideDifference) -> str:
    first, second = ("absent" if value is None else shortened(value, _NAME) for value in (one.first, one.second))
    return f"{one.kind} {shortened(one.name, _NAME)}: {first} in a, {second} in b"
