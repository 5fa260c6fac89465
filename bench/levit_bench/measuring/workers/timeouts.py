"""Time-outs: how long an answer of a worker process may take before the process is given up."""

from __future__ import annotations

FACTOR = 20
"""Multiple of the expected time."""
SHORTEST_TURN_S = 30.0
"""A turn may meet a machine that is busy with something else: threads that wait for others."""
LOADING = 10
"""Multiple of the preparation's time, which has all processors to itself: all seats of a run load at once."""
UNKNOWN = 10
"""Multiple of the first pass for later passes of an unknown length."""


def of_turn(passes: int, probe_s: float, first_pass_s: float, timeout_s: float) -> float:
    """Seconds for a turn.

    Only one of its passes is assumed to be as slow as the first one was, which may take a hundred times as long as the
    others.

    Args:
        passes: all of the turn, the untimed ones too.
        probe_s: a pass in the rehearsal.
        first_pass_s: the first one in this run; 0 where it is not known.
        timeout_s: of the protocol; a small one makes the floor smaller.
    """
    return max(min(SHORTEST_TURN_S, timeout_s), FACTOR * (first_pass_s + passes * probe_s))


def of_load(prepare_s: float, timeout_s: float) -> float:
    """Seconds to load a case and compute twice.

    Args:
        prepare_s: what its preparation took.
        timeout_s: of the protocol; never less.
    """
    return max(timeout_s, LOADING * prepare_s)


def of_probe(passes: int, first_pass_s: float, timeout_s: float) -> float:
    """Seconds for passes of a case of which only the first is known."""
    return timeout_s + UNKNOWN * passes * first_pass_s
