"""The reproducibility limit in one line: how far two sessions of an unchanged case differ."""

from __future__ import annotations

from collections.abc import Sequence

from levit_bench.judge.variance.reproducibility import MIN_SESSIONS, Floor, Limit
from levit_bench.numbers.units import counted
from levit_bench.report.words.safe_text import shortened, visible

WORSE = 1.2
"""Multiple of the usual limit from which on a case's own limit is shown."""


def line(floors: Sequence[Floor]) -> str | None:
    """The limit of the kind with the most sessions, or how many sessions are missing; None where nothing is stored."""
    if not floors:
        return None
    floor = next((candidate for candidate in floors if candidate.of_latency is not None), None)
    if floor is None:
        missing = floors[0].missing or MIN_SESSIONS
        more = f"{counted(missing, 'more session')} of the same case"
        return f"How far sessions disagree is not known: {more} would tell."
    kind = f"{floor.sessions}, t{floor.kind.threads} {visible(floor.kind.allocator)} {floor.kind.isolation}"
    parts = [("ratios", floor.of_ratio), ("latencies", floor.of_latency)]
    limits = "; ".join(f"{name} {_limits(limit)}" for name, limit in parts if limit is not None)
    return f"Two sessions of an unchanged case differ by less than ({kind}): {limits}."


def _limits(limit: Limit) -> str:
    """The usual case's limit, and the largest one where it is much larger."""
    usual = f"{100 * limit.usual:.1f} %"
    return (
        usual
        if limit.largest < WORSE * limit.usual
        else f"{usual} ({shortened(limit.network, 40)}: {100 * limit.largest:.1f} %)"
    )
