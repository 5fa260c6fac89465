"""Plans how a budget is divided into runs and rounds, and keeps to it while measuring.

Pure functions on numbers, without clocks or cases. The defaults follow from the pilot (docs/decisions/0001).
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from levit_bench.numbers.statistics import t_factor
from levit_bench.numbers.units import format_duration

MIN_RUNS = 3
"""Fewest fresh runs that a useful interval needs: with two, Student's factor is 12.7."""
MIN_ROUNDS = 2
"""Fewest rounds in a run: one would leave a run's median to a single turn."""
MAX_RUNS = 40
"""More runs than this narrow an interval by less than the drift between sessions."""
BETWEEN_RUNS = 3.6e-4
"""Variance between runs of a log ratio to the yardstick: 1.9 % squared, root mean square of the pilot's networks."""
WITHIN_RUN = 4.7e-3
"""Variance between rounds of the same: 6.9 % squared."""


class RunScatter(NamedTuple):
    """Variance components of a log ratio to the yardstick in a session, by which a plan divides its budget."""

    between: float
    """Variance between runs, beyond what their rounds bring."""
    within: float
    """Variance between the rounds of a run."""
    sessions: int = 0
    """Stored sessions of this machine behind it; 0 where it is the pilot's alone."""
    without: int = 0
    """Settings without a stored session, for which the pilot's variances are used."""


PILOT = RunScatter(BETWEEN_RUNS, WITHIN_RUN)
"""The pilot's, used where no session of this machine is stored."""

Step = Literal["round", "run", "stop"]
_FIRST_LOOK = 4
_TURN_OVERHEAD_S = 0.004  # Messages, the look at the idle seats, and the line on disk.
_LATE = 1.05  # A run that ends slightly late is still the best use of the remaining time.
_OVERTIME = 0.05  # Share of the budget by which the last rounds may overrun it; a tenth is documented.
STRETCH = 1.5
"""Multiple of a budget up to which it is stretched to the least that its session takes; beyond it, it is refused."""


class Costs(NamedTuple):
    """What measuring costs here, in seconds."""

    start_s: float
    """Starting the seats of a run and loading their cases."""
    round_s: float
    """One turn for every case of the block."""
    least_runs: int = MIN_RUNS
    """Runs without which the session has no answer."""
    good_rounds: int = MIN_ROUNDS
    """Rounds that a run has where the budget allows the least runs so many."""


class Plan(NamedTuple):
    """Runs and rounds of a session."""

    runs: int
    rounds: int
    seconds: float
    """Runs and their starts together."""
    smallest_s: float
    """Seconds of the smallest budget that gives a useful interval."""
    looks: tuple[int, ...] = ()
    """Numbers of complete runs after which the goal is checked; empty where the budget alone ends the session."""
    scatter: RunScatter = PILOT
    """Variance components that it was planned by."""
    least_runs: int = MIN_RUNS
    """Runs without which the session has no answer."""


class Progress(NamedTuple):
    """How far a session is, as its stopping rule sees it."""

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
    """Passes that are timed in a turn; a second timer takes as many again, and two to warm up."""
    return 2 * passes + 2 if witness else passes


def turn_seconds(settle: int, passes: int, pass_s: float) -> float:
    """Seconds of a turn, the messages around it included."""
    return (settle + passes) * pass_s + _TURN_OVERHEAD_S


def smallest_budget(costs: Costs) -> float:
    """Seconds of the smallest budget that gives a useful interval."""
    return costs.least_runs * (costs.start_s + MIN_ROUNDS * costs.round_s)


def plan(costs: Costs, budget_s: float, scatter: RunScatter = PILOT) -> Plan:
    """Runs and rounds that spend a budget best; at least one run of one round, however small the budget.

    Best is the narrowest interval: of all numbers of runs that leave each enough rounds, the one with the least
    Student's factor times standard error. The cost model is that of Kalibera & Jones (*Rigorous benchmarking in
    reasonable time*, ISMM 2013, section 9.3); their optimum minimises the standard error alone, which with few runs
    leaves too few of them.

    Args:
        costs: what a start and a round take here.
        budget_s: seconds for all runs together.
        scatter: of a ratio to the yardstick on this machine, or the pilot's.
    """
    smallest = smallest_budget(costs)
    possible = [(runs, _rounds_in(budget_s / runs, costs)) for runs in range(costs.least_runs, MAX_RUNS + 1)]
    feasible = [(runs, rounds) for runs, rounds in possible if rounds >= costs.good_rounds]
    feasible = feasible or [(runs, rounds) for runs, rounds in possible if rounds >= MIN_ROUNDS]
    if feasible:
        runs, rounds = min(feasible, key=lambda design: half_width(design[0], design[1], scatter=scatter))
    else:
        runs = costs.least_runs - 1
        while runs > 1 and _rounds_in(budget_s / runs, costs) < MIN_ROUNDS:
            runs -= 1
        rounds = max(1, _rounds_in(budget_s / runs, costs))
    seconds = _spent(costs, budget_s, runs, min(rounds, MIN_ROUNDS))
    return Plan(runs, rounds, seconds, smallest, scatter=scatter, least_runs=costs.least_runs)


def _spent(costs: Costs, budget_s: float, runs: int, min_rounds: int) -> float:
    """Seconds that `FixedBudget` spends on so many runs where everything takes as long as forecast.

    More than the planned rounds take: time that they leave of one run's share goes to a further round of a later run.
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
    """Numbers of complete runs after which the goal is checked, two or three; the last after a share `end` of the plan.

    Declared before the first run, so that how often results are looked at does not depend on them; every look costs
    confidence (`level_at_a_look`). The first comes after four runs: with three, Student's factor alone is nine.
    """
    numbers: list[int] = []
    last = math.ceil(end * runs - 1e-9)
    for number in (max(_FIRST_LOOK, round(runs / 3)), round(0.6 * runs)):
        if number >= (numbers[-1] + 2 if numbers else _FIRST_LOOK) and number + 2 <= last:
            numbers.append(number)
    return (*numbers, last)


def level_at_a_look(count: int, level: float = 0.95) -> float:
    """Level of the intervals at each of `count` looks, so that all of them together have the given level.

    Bonferroni's correction: whichever look the session stops at, and for whatever reason, the interval has its level.
    """
    return 1 - (1 - level) / max(1, count)


def looks_paid_for(declared: int, resumes: int) -> int:
    """Number of looks that the intervals of a session are corrected for: those declared, or what its resumes cost.

    A user who resumes a session has seen its results, and may stop or go on because of them. How often is not known
    beforehand, so the error rate cannot be shared evenly: look number k, of a session resumed k - 1 times, gets one
    k (k + 1)-th of it, which sums to a half over all later looks, and the first look gets all of it, so that a session
    of one sitting pays nothing. Were looks independent, 7.5 % of the sessions of equal networks would ever show a
    difference; they share their runs, and by simulation it is about 6 % (docs/statistics.md, *Resuming*). Declared
    looks are corrected for beforehand, and a session is not resumed beyond them.
    """
    if declared:
        return declared
    return (resumes + 1) * (resumes + 2) if resumes else 1


def half_width(runs: int, rounds: int, level: float = 0.95, scatter: RunScatter = PILOT) -> float:
    """Expected half-width, in logs, of the interval of a ratio to the yardstick after so many runs of so many rounds.

    For the root mean square of the networks behind the scatter; single networks differ by up to a factor of two.
    """
    return t_factor(runs - 1, level) * standard_error(runs, rounds, scatter)


def standard_error(runs: int, rounds: int, scatter: RunScatter = PILOT) -> float:
    """Expected standard error of a log ratio to the yardstick after so many runs of so many rounds."""
    return math.sqrt((scatter.between + scatter.within / rounds) / runs)


def _rounds_in(run_s: float, costs: Costs) -> int:
    """Whole rounds in a run of that length; a budget that is met exactly is met."""
    return int((run_s - costs.start_s) / costs.round_s + 1e-9)


class FixedBudget(NamedTuple):
    """A stopping rule that depends on the clock alone and never on results, so that it cannot bias them."""

    budget_s: float
    runs: int
    min_rounds: int = MIN_ROUNDS
    rounds: int | None = None
    """Most rounds a run; absent: as many as fill its share of the remaining time."""
    least_runs: int = 0
    """Runs without which there is no useful interval: each of these may begin until `STRETCH` times the budget is over,
    where the machine turns out slower than in the rehearsal."""

    def next(self, now: Progress) -> Step:
        """Another round if it fits this run's share of the remaining time; else another run if that fits; else stop."""
        left_s = self.budget_s - now.elapsed_s
        spare_s = (STRETCH - 1) * self.budget_s
        if now.rounds < self.min_rounds:
            # A run is worth little without them; but on a machine that became much slower the overtime is limited.
            overtime_s = spare_s if now.run < self.least_runs else _OVERTIME * self.budget_s
            return "round" if left_s > -overtime_s else "stop"
        runs_after = max(0, self.runs - now.run - 1)
        share_end = (now.run_elapsed_s + now.start_s + left_s) / (runs_after + 1) - now.start_s
        full = self.rounds is not None and now.rounds >= self.rounds
        if now.run_elapsed_s + now.round_s <= share_end and not full:
            return "round"
        needed = now.start_s + self.min_rounds * now.round_s
        if runs_after > 0 and needed <= left_s * _LATE:
            return "run"
        # Not by what it is forecast to take: starts vary by half on a busy machine, and one run too few is nothing.
        return "run" if now.run + 1 < self.least_runs and left_s > -spare_s else "stop"


class SettledBudget(NamedTuple):
    """The budget of a session, once it is known what measuring costs here."""

    budget_s: float
    """Seconds that the session may take; as asked where it is refused."""
    change: str | None = None
    """In words, how and why it differs from what was asked for; None where it does not."""
    refusal: str | None = None
    """Why the session is refused, and what to ask for instead; None where it is not."""


def settled(asked_s: float, costs: Costs, *, thin: bool, is_open: bool = False) -> SettledBudget:
    """The budget as asked, or stretched to the least that its session takes, or refused.

    The least is the smallest honest budget, which is stretched up to `STRETCH` times: the costs that a rehearsal finds
    vary, and the same command is not to be measured today and refused tomorrow for a few seconds. A thin session has no
    length that makes it honest, so that its budget is what the user can spend: it is not stretched, and refused where
    the start of one run leaves no time for a round to begin in.

    Args:
        asked_s: seconds; 0 where the session chooses.
        costs: what a start and a round take here.
        thin: whether less than an honest interval is asked for.
        is_open: whether the session takes the least if that is more, however much more it is.
    """
    least_s = _least(costs, thin=thin)
    if least_s <= asked_s:
        return SettledBudget(asked_s)
    budget_s = float(math.ceil(least_s))
    needed = "one run of one round takes" if thin else f"{costs.least_runs} runs of {MIN_ROUNDS} rounds take"
    if is_open and not asked_s:
        kind = "shortest sketch" if thin else "smallest honest budget"
        return SettledBudget(budget_s, f"budget {format_duration(budget_s)}, the {kind}: {needed} that long here.")
    if thin and not is_open:
        refusal = too_small(asked_s, costs, thin=True) if costs.start_s >= asked_s else None
        return SettledBudget(asked_s, refusal=refusal)
    if is_open or least_s <= STRETCH * asked_s:
        return SettledBudget(
            budget_s,
            f"budget {format_duration(asked_s)} stretched to {format_duration(budget_s)}: {needed} that long here.",
        )
    return SettledBudget(asked_s, refusal=too_small(asked_s, costs, thin=thin))


def _least(costs: Costs, *, thin: bool) -> float:
    """Seconds of the shortest session."""
    return costs.start_s + costs.round_s if thin else smallest_budget(costs)


def too_small(budget_s: float, costs: Costs, *, thin: bool = False, is_forecast: bool = False) -> str:
    """The message that refuses a budget that is too small; `is_forecast`: nothing was measured yet."""
    asked, needed = format_duration(budget_s), format_duration(math.ceil(_least(costs, thin=thin)))
    needed = f"about {needed} here by the forecast" if is_forecast else f"{needed} here"
    if thin:
        return (
            f"a budget of {asked} is too small: one run of one round, without which there is nothing to show, takes "
            f"{needed}. Raise --budget, say --budget auto, or choose fewer cases."
        )
    return (
        f"a budget of {asked} is too small: {costs.least_runs} runs of {MIN_ROUNDS} rounds, the least behind an honest "
        f"interval, take {needed}. Raise --budget, say --budget auto for the smallest honest one, choose fewer "
        "cases, or say --thin to measure anyway with a finding."
    )
