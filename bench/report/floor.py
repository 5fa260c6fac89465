"""The floor in one line: what to believe of two sessions."""

from __future__ import annotations

from collections.abc import Sequence

from bench.judge.floor import MIN_SESSIONS, Floor
from bench.report.text import visible


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
    ratio = "" if known.of_ratio is None else f"ratios {100 * known.of_ratio:.1f} %, "
    return f"Floor between sessions ({kind}): {ratio}latencies {100 * (known.of_latency or 0.0):.1f} %."
