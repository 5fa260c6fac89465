"""How much other work a machine may do beside a session before the session says so."""

from __future__ import annotations

OTHERS = 0.25
"""Share of one processor's time that other processes may use; more where there are more than four."""
_FEW = 4


def most_others(processors: int) -> float:
    """Processors that others may keep busy on a machine with so many."""
    return OTHERS * max(1.0, processors / _FEW)
