"""How a budget is spent: runs and rounds planned beforehand, and the policy that keeps to it while measuring.

Pure functions on numbers; knows neither clocks nor cases. The defaults follow from the pilot (docs/decisions/0001).
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from levit_bench.numbers.statistics import t_factor
from levit_bench.numbers.units import format_duration

MIN_RUNS = 3
"""Fewest fresh runs behind an honest interval: with two, Student's factor is 12.7."""
MIN_ROUNDS = 2
"""Fewest rounds in a run: one would leave a run's median to a single turn."""
MAX_RUNS = 40
"""More runs than this narrow an interval by less than the drift between sessions."""
BETWEEN_RUNS = 3.6e-4
"""Variance between runs of a log ratio to the yardstick: 1.9 % squared, root mean square of the pilot's networks."""
WITHIN_RUN = 4.7e-3
"""Variance between rounds of the same: 6.9 % squared."""


class RunScatter(NamedTuple):
    """How far a log ratio to the yardstick scatters in a session: what a plan divides its budget by."""

    between: float
    """Variance between runs, beyond what their rounds bring."""
    within: float
    """Variance between the rounds of a run."""
    sessions: int = 0
    """Stored sessions of this machine behind it; 0 where it is the pilot's alone."""
    without: int = 0
    """Settings of which the store holds no such session, so that the pilot's variances stand for them."""


PILOT = RunScatter(BETWEEN_RUNS, WITHIN_RUN)
"""The pilot's, for where nothing is known of this machine."""

Step = Literal["round", "run", "stop"]
_FIRST_LOOK = 4
_TURN_OVERHEAD_S = 0.004  # Messages, the look at the idle seats, and the line on disk.
_LATE = 1.05  # A run that would end a little late is still the better use of what is left.
_OVERTIME = 0.05  # Share of the budget by which the last rounds may overrun it; the promise is a tenth.


class Costs(NamedTuple):
    """What measuring costs here, in seconds."""

    start_s: float
    """Starting the seats of a run and loading their cases."""
    round_s: float
    """One turn for every case of the block."""


class Plan(NamedTuple):
    """What will be done."""

    runs: int
    rounds: int
    seconds: float
    """Runs and their starts together."""
    smallest_s: float
    """The smallest budget that an honest interval can be had for."""
    looks: tuple[int, ...] = ()
    """Complete runs after which a goal may be found reached; empty where the budget alone ends the session."""
    scatter: RunScatter = PILOT
    """What it was divided by."""


class Progress(NamedTuple):
    """What has been done, as the policy sees it."""

    elapsed_s: float
    """Seconds since the budget began to run."""
    run: int
    """Number of the current run, from 0."""
    rounds: int
    """Rounds completed in it."""
    run_elapsed_s: float
    """Seconds since its seats were ready."""
    start_s: float
    """Seconds that the start of its seats took."""
    round_s: float
    """Seconds of the longest of its latest rounds, or the planned length before the first."""


def passes_a_turn(pass_s: float, turn_s: float, fewest: int, most: int) -> int:
    """Timed passes that fill a turn of `turn_s` seconds, within the limits."""
    return min(max(round(turn_s / max(pass_s, 1e-9)), fewest), most)


def timed_passes(passes: int, *, witness: bool) -> int:
    """Passes that are timed in a turn; a second instrument takes as many again, and two to warm up."""
    return 2 * passes + 2 if witness else passes


def turn_seconds(settle: int, passes: int, pass_s: float) -> float:
    """What a turn costs, the messages around it included."""
    return (settle + passes) * pass_s + _TURN_OVERHEAD_S


def smallest_budget(costs: Costs) -> float:
    """Seconds of the smallest honest budget."""
    return MIN_RUNS * (costs.start_s + MIN_ROUNDS * costs.round_s)


def plan(costs: Costs, budget_s: float, scatter: RunScatter = PILOT) -> Plan:
    """Runs and rounds that spend a budget best; at least one run of one round, however small the budget.

    Best is the narrowest interval: of all numbers of runs that leave each at least `MIN_ROUNDS` rounds, the one with
    the least Student's factor times standard error. The cost model is that of Kalibera & Jones (*Rigorous benchmarking
    in reasonable time*, ISMM 2013, section 9.3); their optimum minimises the standard error alone, which with few runs
    leaves too few of them.

    Args:
        costs: what a start and a round take here.
        budget_s: seconds for all runs together.
        scatter: of a ratio to the yardstick on this machine, or the pilot's.
    """
    smallest = smallest_budget(costs)
    possible = [(runs, _rounds_in(budget_s / runs, costs)) for runs in range(MIN_RUNS, MAX_RUNS + 1)]
    honest = [(runs, rounds) for runs, rounds in possible if rounds >= MIN_ROUNDS]
    if honest:
        runs, rounds = min(honest, key=lambda design: half_width(design[0], design[1], scatter=scatter))
    else:
        runs = 2 if _rounds_in(budget_s / 2, costs) >= MIN_ROUNDS else 1
        rounds = max(1, _rounds_in(budget_s / runs, costs))
    seconds = _spent(costs, budget_s, runs, min(rounds, MIN_ROUNDS))
    return Plan(runs, rounds, seconds, smallest, scatter=scatter)


def _spent(costs: Costs, budget_s: float, runs: int, min_rounds: int) -> float:
    """Seconds that `FixedBudget` spends on so many runs where everything takes what was foretold.

    More than that of the planned rounds: what they leave over of one run's share buys a further round in a later one.
    """
    elapsed_s = 0.0
    for run in range(runs):
        left_s = budget_s - elapsed_s
        if run and costs.start_s + min_rounds * costs.round_s > left_s * _LATE:
            break
        rounds = max(min_rounds, _rounds_in(left_s / (runs - run), costs))
        elapsed_s += costs.start_s + rounds * costs.round_s
    return elapsed_s


def looks(runs: int, end: float = 1.0) -> tuple[int, ...]:
    """Complete runs after which a goal may be found reached, two or three; the last after a share `end` of the planned.

    Declared before the first run, so that how often one looks does not depend on what is seen; every look costs
    confidence (`level_at_a_look`). The first leaves four runs behind it: with three, Student's factor alone is nine.
    """
    numbers: list[int] = []
    last = math.ceil(end * runs - 1e-9)
    for number in (max(_FIRST_LOOK, round(runs / 3)), round(0.6 * runs)):
        if number >= (numbers[-1] + 2 if numbers else _FIRST_LOOK) and number + 2 <= last:
            numbers.append(number)
    return (*numbers, last)


def level_at_a_look(count: int, level: float = 0.95) -> float:
    """Coverage that intervals at each of so many looks need, for all of them together to have the given one.

    Bonferroni: whichever look the measuring stops at, and for whatever reason, the interval holds at its level.
    """
    return 1 - (1 - level) / max(1, count)


def looks_paid_for(declared: int, resumes: int) -> int:
    """For how many looks the intervals of a session pay (`level_at_a_look`): those declared, or what its resumes cost.

    Whoever resumes a session has seen it, and may stop or go on at what it shows. Nobody knows beforehand how often, so
    the level cannot be shared evenly: look number k, of a session resumed k - 1 times, gets a k (k + 1)-th of it, which
    sums up to a half over all that may come, and the first all of it, so that a session of one sitting pays nothing.
    Were looks independent, 7.5 % of the sessions of equals would ever show a difference; they share their runs, and by
    simulation it is 6 % or so (docs/statistics.md, *Resuming*). Declared looks are paid for beforehand, and a session
    is not resumed beyond them.
    """
    if declared:
        return declared
    return (resumes + 1) * (resumes + 2) if resumes else 1


def half_width(runs: int, rounds: int, level: float = 0.95, scatter: RunScatter = PILOT) -> float:
    """Half the interval of a ratio to the yardstick that so many runs of so many rounds are expected to give, in logs.

    For the root mean square of the networks that the scatter is of; they differ by a factor of two either way.
    """
    return t_factor(runs - 1, level) * standard_error(runs, rounds, scatter)


def standard_error(runs: int, rounds: int, scatter: RunScatter = PILOT) -> float:
    """Expected standard error of a log ratio to the yardstick after so many runs of so many rounds."""
    return math.sqrt((scatter.between + scatter.within / rounds) / runs)


def _rounds_in(run_s: float, costs: Costs) -> int:
    """Whole rounds in a run of that length; a budget that is met exactly is met."""
    return int((run_s - costs.start_s) / costs.round_s + 1e-9)


class FixedBudget(NamedTuple):
    """A policy: what next, given what was done. Looks at the clock and never at a result, so it cannot peek."""

    budget_s: float
    runs: int
    min_rounds: int = MIN_ROUNDS
    rounds: int | None = None
    """Most rounds a run; absent: as many as fill its share of what is left."""

    def next(self, now: Progress) -> Step:
        """Another round if it fits this run's share of what is left; else another run if that fits; else stop."""
        left_s = self.budget_s - now.elapsed_s
        if now.rounds < self.min_rounds:
            # A run is worth little without them; but a machine that became much slower does not get another hour.
            return "round" if left_s > -_OVERTIME * self.budget_s else "stop"
        runs_after = max(0, self.runs - now.run - 1)
        share_end = (now.run_elapsed_s + now.start_s + left_s) / (runs_after + 1) - now.start_s
        full = self.rounds is not None and now.rounds >= self.rounds
        if now.run_elapsed_s + now.round_s <= share_end and not full:
            return "round"
        needed = now.start_s + self.min_rounds * now.round_s
        return "run" if runs_after > 0 and needed <= left_s * _LATE else "stop"


def too_small(budget_s: float, smallest_s: float) -> str:
    """The message that refuses a budget."""
    return (
        f"a budget of {format_duration(budget_s)} is too small: {MIN_RUNS} runs of {MIN_ROUNDS} rounds, the least "
        f"behind an honest interval, take {format_duration(smallest_s + 0.5)} here. Raise --budget, choose fewer "
        "cases, or say --thin to measure anyway with a finding."
    )
