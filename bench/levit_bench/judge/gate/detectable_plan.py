"""The runs that a gate needs to find a slowdown of a given size."""

from __future__ import annotations

import math

from levit_bench.judge.verdicts import METHOD_PAIRS, Effect, Rules, detectable, percent_above, power
from levit_bench.numbers.units import format_duration
from levit_bench.planning.budget import Costs, RunScatter, plan
from levit_bench.planning.gate_runs import GOOD_ROUNDS, fewest_runs

POWER = 0.9
"""How often a slowdown of the size that `--find` names is to be found."""
_MOST_RUNS = 400
_ROUNDS = (GOOD_ROUNDS, 6, 8, 12)


def budget_that_finds(find: float, costs: Costs, scatter: RunScatter, family: int, rules: Rules) -> float:
    """Seconds of the shortest session that finds such a slowdown nine times in ten; infinity where none does.

    Args:
        find: the slowdown, as a share of the time.
        costs: what a start and a round take here.
        scatter: of the ratio of the two sides.
        family: comparisons that share the level, times looks.
        rules: of the gate.
    """
    return min(_seconds(find, costs, scatter, family, rules, rounds) for rounds in _ROUNDS)


def found_in(budget_s: float, costs: Costs, scatter: RunScatter, family: int, rules: Rules) -> float | None:
    """The ratio above 1 that a session of this length finds four times in five; None where it finds none."""
    session = plan(costs, budget_s, scatter)
    return found_with(scatter, session.runs, session.rounds, family, rules)


def found_with(scatter: RunScatter, runs: int, rounds: int, family: int, rules: Rules) -> float | None:
    """The ratio above 1 that so many runs of so many rounds find four times in five; None where they find none."""
    if runs < fewest_runs(family):
        return None
    return detectable(_effect(scatter, runs, rounds), family, rules)


def too_long(find: float, needed_s: float, budget_s: float, found: float | None) -> str:
    """The message that refuses a slowdown that cannot be found in time."""
    takes = f"takes about {format_duration(needed_s)}" if math.isfinite(needed_s) else "is beyond any session"
    finds = "" if found is None else f", in which {percent_above(found)} are found four times in five"
    return (
        f"to find {100 * find:g} % nine times in ten {takes} here, and --at-most is {format_duration(budget_s)}{finds}"
        ". Raise --at-most, look for a larger slowdown, or judge fewer networks."
    )


def _seconds(find: float, costs: Costs, scatter: RunScatter, family: int, rules: Rules, rounds: int) -> float:
    low = high = fewest_runs(family)
    while not _finds(find, scatter, high, rounds, family, rules):
        low, high = high, 2 * high
        if high > _MOST_RUNS:
            return math.inf
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _finds(find, scatter, middle, rounds, family, rules) else (middle + 1, high)
    return high * (costs.start_s + rounds * costs.round_s)


def _finds(find: float, scatter: RunScatter, runs: int, rounds: int, family: int, rules: Rules) -> bool:
    return power(math.log1p(find), _effect(scatter, runs, rounds), family, rules) >= POWER


def _effect(scatter: RunScatter, runs: int, rounds: int) -> Effect:
    error = math.sqrt((scatter.between + scatter.within / rounds) / runs)
    return Effect(0.0, error, runs - 1, runs, METHOD_PAIRS)
