"""Doubts about the runs of a session: processes that differ by more than their turns do.

Refuses to know the state of the machine.
"""

from __future__ import annotations

import math

from bench.budget import level_at_a_look
from bench.judge.doubts.sight import Seen, Sight, more_time
from bench.judge.estimates import LEVEL, looks_of
from bench.records import Finding
from bench.stats import t_factor, variance_components

APART = 0.06
"""Standard deviation between runs beyond their rounds, in log units, that is worth a word."""
RARE = 1e-4
"""Chance of as much by the scatter of rounds alone: many cases are looked at."""


def resumed(sight: Sight) -> Finding | None:
    """A session that went on after its results could be seen, without having declared that it would."""
    record, runs = sight.any, len(sight.stages)
    if not record.resumes or record.protocol.looks or runs < 2:  # One run has no interval.
        return None
    level = level_at_a_look(looks_of([record]), LEVEL)
    wider = t_factor(runs - 1, level) / t_factor(runs - 1, LEVEL) - 1
    times = "once" if record.resumes == 1 else f"{record.resumes} times"
    message = (
        f"the session was resumed {times}, and may have been because of what it showed. Its intervals allow for that: "
        f"they are Student's t at {level:.2%} instead of {LEVEL:.0%}, {wider:.0%} wider than those of {runs} runs in "
        "one sitting. Choose the --budget for the precision you need beforehand, or declare looks with --target-error."
    )
    return Finding(kind="resumed", message=message)


def runs_disagree(seen: Seen, sight: Sight) -> Finding | None:
    """Fresh processes of one case that differ beyond what their rounds explain, the machine's part taken out."""
    rounds = sight.own(seen)
    between, within = variance_components(rounds)
    if not between >= APART**2 or _chance(rounds, between, within) > RARE:
        return None
    alone = seen.record.seats == "alone"
    next_step = (
        more_time(seen.record, "the interval holds it, and this is how far it narrows.")
        if alone
        else "Measure it with --seats alone, too: a neighbour in its process may be the cause."
    )
    message = (
        f"fresh processes differ by {math.sqrt(between):.0%}, where rounds within one explain "
        f"{math.sqrt(within / _per_run(rounds)):.1%}. More rounds do not help, more runs do. {next_step}"
    )
    return Finding(kind="runs-disagree", message=message, case=seen.record.info.id)


def _per_run(rounds: list[list[float]]) -> float:
    return sum(len(run) for run in rounds) / len(rounds)


def _chance(rounds: list[list[float]], between: float, within: float) -> float:
    """Chance of so large a variance between runs, were there none: the F test of one-way analysis of variance."""
    from scipy.special import fdtrc

    if within <= 0:
        return 0.0
    runs, turns = len(rounds), sum(len(run) for run in rounds)
    return float(fdtrc(runs - 1, turns - runs, 1 + _per_run(rounds) * between / within))
