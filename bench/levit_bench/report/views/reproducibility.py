"""The floor in one line: what to believe of two sessions."""

from __future__ import annotations

from collections.abc import Sequence

from levit_bench.judge.variance.reproducibility import MIN_SESSIONS, Floor, Limit
from levit_bench.report.words.safe_text import shortened, visible

WORSE = 1.2
"""Times the usual limit from which on a case is worth its own number."""


def line(floors: Sequence[Floor]) -> str | None:
    """The floor of the kind with the most sessions, or how many sessions are missing; None where nothing is stored."""
    if not floors:
        return None
    known = next((one for one in floors if one.of_latency is not None), None)
    if known is None:
        missing = floors[0].missing or MIN_SESSIONS
        more = f"{missing} more session{'s' if missing > 1 else ''} of the same case"
        return f"How far sessions disagree is not known: {more} would tell."
    kind = f"{known.sessions}, t{known.kind.threads} {visible(known.kind.allocator)} {known.kind.seats}"
    parts = [("ratios", known.of_ratio), ("latencies", known.of_latency)]
    told = "; ".join(f"{name} {_limits(one)}" for name, one in parts if one is not None)
    return f"Two sessions of an unchanged case differ by less than ({kind}): {told}."


def _limits(one: Limit) -> str:
    """The usual case's limit, and that of the case that differs most where it is another one."""
    usual = f"{100 * one.usual:.1f} %"
    return (
        usual
        if one.largest < WORSE * one.usual
        else f"{usual} ({shortened(one.network, 40)}: {100 * one.largest:.1f} %)"
    )
