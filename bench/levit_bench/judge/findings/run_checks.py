"""Findings about the runs of a session: fresh processes that differ by more than the scatter of their turns."""

from __future__ import annotations

import math

from levit_bench.judge.estimates import LEVEL, looks_of
from levit_bench.judge.findings.session_view import CaseTurns, SessionView, more_time
from levit_bench.judge.findings.shapes import Groups, groups, scatter
from levit_bench.numbers.quantiles import f_tail
from levit_bench.numbers.statistics import t_factor, variance_components
from levit_bench.planning.budget import level_at_a_look
from levit_bench.records import Finding

APART = 0.06
"""Standard deviation between runs beyond their rounds, in log units, from which on it is reported."""
RARE = 1e-4
"""p-value of the F test below which it is reported: many cases are tested."""
SLOW = 0.12
"""Log units by which slow runs must lie above the others to be counted as a state of their own."""
SLOW_APART = 5.0
"""Standard deviations of a run by which they must."""
FEWEST_USUAL = 3
"""Runs that must be as usual: of three, any one is the odd one."""


def resumed(session: SessionView) -> Finding | None:
    """Finding of a session that was resumed after its results could be seen, without declared looks."""
    record, runs = session.any, len(session.stages)
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


def runs_disagree(case: CaseTurns, session: SessionView) -> Finding | None:
    """Finding of fresh processes of one case that differ more than their rounds explain, without the machine's part."""
    rounds = session.own(case)
    between, within = variance_components(rounds)
    slow = _slow(case, session)
    large = between >= APART**2 and _chance(rounds, between, within) <= RARE
    if slow is None and not large:
        return None
    explained = f"rounds within one explain {math.sqrt(max(within, 0.0) / _per_run(rounds)):.1%}"
    alone = case.record.is_alone
    if slow is None:
        next_step = (
            more_time(case.record, "the interval holds it, and this is how far it narrows.")
            if alone
            else "Measure it with --isolation alone, too: a neighbour in its process may be the cause."
        )
        message = (
            f"fresh processes differ by {math.sqrt(between):.0%}, where {explained}. More rounds do not help, more "
            f"runs do. {next_step}"
        )
    else:
        few, runs = len(slow.high), len(slow.low) + len(slow.high)
        shared = "" if alone else ", also with --isolation alone in case a neighbour in its process is the cause"
        message = (
            f"{few} of {runs} runs {'is' if few == 1 else 'are'} {math.expm1(slow.distance):.0%} slower than the "
            f"others from beginning to end, where {explained}: a process may start in one of two states. The interval "
            "takes runs for nearly normal, and may be too narrow: how many of so few are slow is chance. Take more "
            f"runs with a larger --budget{shared}, and quote both states."
        )
    return Finding(kind="runs-disagree", message=message, case=case.record.info.id)


def _slow(case: CaseTurns, session: SessionView) -> Groups | None:
    """The runs that lie clear above the others; None where none do, or more than half."""
    split = groups(session.own_runs(case))
    if split is None or len(split.low) < max(FEWEST_USUAL, len(split.high)):
        return None
    # One run has no scatter, and few runs may scatter little by chance: the session's other cases set a lower bound.
    error = max(scatter(split.low), session.error(case))
    return split if split.distance > max(SLOW, SLOW_APART * error) else None


def _per_run(rounds: list[list[float]]) -> float:
    return sum(len(run) for run in rounds) / len(rounds)


def _chance(rounds: list[list[float]], between: float, within: float) -> float:
    """p-value of the variance between runs: the F test of one-way analysis of variance."""
    if within <= 0:
        return 0.0
    runs, turns = len(rounds), sum(len(run) for run in rounds)
    return f_tail(runs - 1, turns - runs, 1 + _per_run(rounds) * between / within)
