"""What the two sides of a gate are, and what differs between them, in lines of text."""

from __future__ import annotations

from levit_bench.catalog.side_pairs import WORKING_TREE
from levit_bench.judge.gate.gate_report import GateReport
from levit_bench.records import Side, SideDifference
from levit_bench.report.words.safe_text import message, shortened

_NAME = 120
_COMMIT = 12
"""Digits of a commit that tell it from the others of a repository."""
_LEAST = 4
"""Digits with which git takes a word for the beginning of a commit."""


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


def compared_words(report: GateReport) -> str:
    """What is judged and what it is compared with, in a sentence; empty where no side is known."""
    if report.baseline:
        first, second = (shortened(name, _NAME) for name in (report.baseline, report.session))
        return f"Judged (b): session {second}. Compared with (a): session {first}."
    sides = {side.name: side for side in report.sides}
    if not {"a", "b"} <= set(sides):
        return ""
    return f"Judged (b): {side_name(sides['b'])}. Compared with (a): {side_name(sides['a'])}."


def side_name(side: Side, limit: int = _NAME) -> str:
    """What was asked for and its commit, each once: `main, commit 0123456789ab`, or the commit alone.

    Args:
        side: of a gate.
        limit: characters of what was asked for; a longer text is cut in the middle.
    """
    asked, commit = message(side.asked, limit), ""
    if side.revision:
        state = " with uncommitted changes" if side.dirty else ""
        commit = f"commit {shortened(side.revision[:_COMMIT], _NAME)}{state}"
        is_commit = len(side.asked) >= _LEAST and side.revision.startswith(side.asked.lower())
        asked = "" if is_commit or (side.asked == WORKING_TREE and not side.dirty) else asked
    return ", ".join(part for part in (asked, commit) if part)


def checkout_words(report: GateReport) -> str:
    """Where the command of a gate is to be run: a checkout of the commit of side b, as far as it is known."""
    side = next((side for side in report.sides if side.name == "b"), None)
    if side is None or not side.revision:
        return "In a checkout of what was judged"
    state = ", with the changes that were not committed" if side.dirty else ""
    return f"In a checkout of commit {shortened(side.revision[:_COMMIT], _NAME)}{state}"


def _side(side: Side) -> str:
    return f"{side.name}: {side_name(side)}, Python {shortened(side.python, _NAME)}"


def _difference(one: SideDifference) -> str:
    first, second = ("absent" if value is None else shortened(value, _NAME) for value in (one.first, one.second))
    return f"{one.kind} {shortened(one.name, _NAME)}: {first} in a, {second} in b"
