"""How a budget is planned and kept: pure functions on numbers."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.planning.budget import (
    MAX_RUNS,
    MIN_ROUNDS,
    MIN_RUNS,
    STRETCH,
    Costs,
    FixedBudget,
    Plan,
    Progress,
    RunScatter,
    half_width,
    level_at_a_look,
    looks,
    looks_paid_for,
    passes_a_turn,
    plan,
    settled,
    smallest_budget,
    turn_seconds,
)

seconds = st.floats(0.01, 100)


@given(start_s=seconds, round_s=seconds, factor=st.floats(1.0, 1000))
def test_a_plan_of_an_honest_budget_is_honest_and_fits(start_s: float, round_s: float, factor: float) -> None:
    costs = Costs(start_s, round_s)
    what = plan(costs, factor * smallest_budget(costs))
    assert MIN_RUNS <= what.runs <= MAX_RUNS
    assert what.rounds >= MIN_ROUNDS
    assert what.seconds <= factor * what.smallest_s * (1 + 1e-9)


@given(start_s=seconds, round_s=seconds, budget_s=st.floats(0.001, 50))
def test_a_plan_has_a_run_and_a_round_however_small_the_budget(start_s: float, round_s: float, budget_s: float) -> None:
    what = plan(Costs(start_s, round_s), budget_s)
    assert what.runs >= 1
    assert what.rounds >= 1


@given(
    start_s=st.floats(0.5, 20),
    round_s=st.floats(0.1, 5),
    factor=st.floats(1.0, 30),
    scatter=st.builds(RunScatter, st.floats(0, 1e-2), st.floats(0, 1e-1)),
)
def test_no_other_division_of_the_budget_gives_a_narrower_interval(
    start_s: float, round_s: float, factor: float, scatter: RunScatter
) -> None:
    costs = Costs(start_s, round_s)
    budget_s = factor * smallest_budget(costs)
    what = plan(costs, budget_s, scatter)
    assert what.scatter == scatter
    for runs in range(MIN_RUNS, MAX_RUNS + 1):
        rounds = int((budget_s / runs - start_s) / round_s + 1e-9)
        if rounds >= MIN_ROUNDS:
            best, other = ((what.runs, what.rounds), (runs, rounds))
            assert half_width(*best, scatter=scatter) <= half_width(*other, scatter=scatter)


def test_a_machine_whose_rounds_agree_gets_more_runs_and_one_whose_runs_agree_more_rounds() -> None:
    costs = Costs(4.0, 0.5)
    pilots, steady, alike = (
        plan(costs, 60.0, one)
        for one in (RunScatter(3.6e-4, 4.7e-3), RunScatter(3.6e-4, 1e-5), RunScatter(0.0, 4.7e-3))
    )
    assert steady.runs > pilots.runs > alike.runs
    assert steady.rounds < pilots.rounds < alike.rounds
    assert pilots == plan(costs, 60.0)


@given(start_s=seconds, round_s=seconds, budget_s=seconds, factor=st.floats(0.01, 100))
def test_a_machine_that_is_quieter_in_everything_gets_the_same_runs(
    start_s: float, round_s: float, budget_s: float, factor: float
) -> None:
    costs, quiet = Costs(start_s, round_s), RunScatter(3.6e-4 * factor**2, 4.7e-3 * factor**2)
    one, other = plan(costs, budget_s), plan(costs, budget_s, quiet)
    wide = half_width(one.runs, one.rounds) if one.runs > 1 else 0.0
    # Two divisions of a budget may be as good as each other to the last digit.
    assert one.runs == 1 or half_width(other.runs, other.rounds) == pytest.approx(wide)


def test_a_tight_budget_takes_from_the_rounds_before_it_takes_from_the_runs() -> None:
    costs = Costs(4.0, 1.0)
    assert plan(costs, 5 * 6.0)[:2] == (5, MIN_ROUNDS)
    assert plan(costs, 5 * 6.0 - 0.1).runs == 4
    assert plan(costs, 3 * 6.0).runs == MIN_RUNS


@given(runs=st.integers(1, MAX_RUNS))
def test_looks_are_two_or_three_apart_from_each_other_and_the_last_is_the_end(runs: int) -> None:
    found = looks(runs)
    assert found[-1] == runs
    assert 1 <= len(found) <= 3
    assert all(later - sooner >= 2 for sooner, later in itertools.pairwise(found))
    assert len(found) == 1 or found[0] >= 4
    assert len(found) > 1 or runs < 6


def test_a_goal_may_end_before_all_planned_runs() -> None:
    assert [looks(runs, 0.75) for runs in (12, 11, 13, 10, 4)] == [(4, 7, 9), (4, 7, 9), (4, 8, 10), (4, 6, 8), (3,)]


def test_each_look_pays_for_the_others() -> None:
    assert level_at_a_look(0) == level_at_a_look(1) == 0.95
    assert level_at_a_look(3) == pytest.approx(1 - 0.05 / 3)


def test_a_session_of_one_sitting_pays_nothing_and_every_resume_costs_more() -> None:
    assert [looks_paid_for(0, resumes) for resumes in range(4)] == [1, 6, 12, 20]
    assert level_at_a_look(looks_paid_for(0, 0)) == 0.95
    assert level_at_a_look(looks_paid_for(0, 1)) == pytest.approx(1 - 0.05 / 6)


@given(declared=st.integers(1, 9), resumes=st.integers(0, 50))
def test_looks_that_were_declared_are_paid_for_however_many_sittings_they_took(declared: int, resumes: int) -> None:
    assert looks_paid_for(declared, resumes) == declared


@given(resumes=st.integers(0, 1000))
def test_the_looks_of_all_sittings_together_cost_at_most_half_as_much_again(resumes: int) -> None:
    spent = math.fsum(1 - level_at_a_look(looks_paid_for(0, each)) for each in range(resumes + 1))
    assert spent <= 1.5 * 0.05 + 1e-9


def test_a_policy_with_a_number_of_rounds_saves_the_time_that_they_do_not_need() -> None:
    fast = Progress(8.0, 0, 6, 4.0, start_s=4.0, round_s=0.1)
    assert FixedBudget(100.0, 4, 2).next(fast) == "round"
    assert FixedBudget(100.0, 4, 2, rounds=6).next(fast) == "run"
    assert FixedBudget(100.0, 1, 2, rounds=6).next(fast) == "stop"
    assert Plan(4, 6, 34.0, 18.0).looks == ()


def test_a_large_budget_buys_runs_until_more_would_not_help() -> None:
    assert plan(Costs(4.0, 1.0), 3600.0).runs == MAX_RUNS
    assert plan(Costs(4.0, 1.0), 3600.0).rounds > 50
    assert plan(Costs(4.0, 1e-6), 60.0).rounds > 1000


def _now(elapsed_s: float, run: int, rounds: int, run_elapsed_s: float) -> Progress:
    return Progress(elapsed_s, run, rounds, run_elapsed_s, start_s=4.0, round_s=1.0)


@pytest.mark.parametrize(
    ("now", "step"),
    [
        (_now(4.5, 0, 1, 0.5), "round"),  # fewer rounds than a run needs
        (_now(7.0, 0, 3, 3.0), "round"),  # a quarter of the budget is 10 s: 6 s of rounds
        (_now(10.0, 0, 6, 6.0), "run"),
        (_now(39.0, 3, 5, 5.0), "round"),  # the last run takes what is left
        (_now(40.0, 3, 6, 6.0), "stop"),
        (_now(36.0, 2, 4, 4.0), "stop"),  # no time for another run: fewer runs than planned, and the budget is kept
    ],
)
def test_the_policy_divides_what_is_left_among_the_runs_that_are_left(now: Progress, step: str) -> None:
    assert FixedBudget(40.0, 4, 2).next(now) == step


def test_passes_fill_a_turn_within_the_limits() -> None:
    assert [passes_a_turn(pass_s, 0.03, 2, 50) for pass_s in (0.0, 1e-5, 0.01, 0.0125, 3.0)] == [50, 50, 3, 2, 2]


def test_a_turn_costs_its_settle_passes_too() -> None:
    assert turn_seconds(1, 2, 0.5) == pytest.approx(1.5, abs=0.01)


COSTS = Costs(4.0, 10.0)
"""Three runs of two rounds take 72 s, one of one 14 s."""


def test_a_budget_that_suffices_is_left_as_it_is() -> None:
    assert settled(72.0, COSTS, thin=False) == settled(72.0, COSTS, thin=True) == (72.0, None, None)


def test_a_budget_that_is_too_small_by_a_little_is_stretched_and_says_so() -> None:
    budget = settled(60.0, COSTS, thin=False)
    assert (budget.budget_s, budget.refusal) == (72.0, None)
    assert budget.change == "budget 1 min stretched to 1 min 12 s: 3 runs of 2 rounds take that long here."


def test_the_refusal_names_the_budget_and_the_smallest_honest_one() -> None:
    refusal = settled(47.0, COSTS, thin=False).refusal
    assert refusal is not None
    assert "a budget of 47 s is too small" in refusal
    assert "take 1 min 12 s here" in refusal
    assert "--budget auto" in refusal
    assert "--thin" in refusal


def test_the_budget_of_a_sketch_is_never_stretched_and_refused_where_no_round_can_begin_in_it() -> None:
    assert settled(20.0, COSTS, thin=True) == (20.0, None, None)
    assert settled(5.0, COSTS, thin=True) == (5.0, None, None)  # its one round ends later, by less than a round
    slow = Costs(100.0, 232.0)
    assert settled(101.0, slow, thin=True) == (101.0, None, None)
    refusal = settled(100.0, slow, thin=True).refusal
    assert refusal is not None
    assert "one run of one round, without which there is nothing to show, takes 5 min 32 s here" in refusal


def test_a_session_that_sets_its_budget_takes_the_least_that_it_needs() -> None:
    assert settled(0.0, COSTS, thin=False, is_open=True)[:2] == (
        72.0, "budget 1 min 12 s, the smallest honest budget: 3 runs of 2 rounds take that long here."
    )  # fmt: skip
    assert settled(0.0, COSTS, thin=True, is_open=True)[:2] == (
        14.0, "budget 14 s, the shortest sketch: one run of one round takes that long here."
    )  # fmt: skip
    capped = settled(4.0, Costs(100.0, 232.0), thin=True, is_open=True)
    assert (capped.budget_s, capped.refusal) == (332.0, None)


@given(start_s=seconds, round_s=seconds, asked_s=st.floats(0.01, 1000), thin=st.booleans(), is_open=st.booleans())
def test_what_is_granted_is_enough_or_refused_and_stretched_within_limits(
    start_s: float, round_s: float, asked_s: float, thin: bool, is_open: bool
) -> None:
    costs = Costs(start_s, round_s)
    least_s = start_s + round_s if thin else smallest_budget(costs)
    budget = settled(asked_s, costs, thin=thin, is_open=is_open)
    if budget.refusal is not None:
        assert not is_open
        assert asked_s <= start_s if thin else least_s > STRETCH * asked_s
        assert budget.budget_s == asked_s
        return
    assert budget.budget_s >= least_s or (thin and budget.budget_s == asked_s > start_s)
    assert (budget.change is None) == (budget.budget_s == asked_s)
    what = plan(costs, budget.budget_s)
    assert thin or (what.runs >= MIN_RUNS and what.rounds >= MIN_ROUNDS)
    assert is_open or budget.budget_s <= (asked_s if thin else STRETCH * asked_s + 1.0)


def _session(policy: FixedBudget, costs: Costs, slower: float) -> tuple[int, int, float]:
    """Runs, rounds of the last one, and seconds of a session on a machine so many times slower than rehearsed."""
    start_s, round_s = slower * costs.start_s, slower * costs.round_s
    elapsed_s, run = start_s, 0
    ready_s, rounds = elapsed_s, 0
    while True:
        elapsed_s, rounds = elapsed_s + round_s, rounds + 1
        step = policy.next(Progress(elapsed_s, run, rounds, elapsed_s - ready_s, start_s, round_s))
        if step == "stop":
            return run + 1, rounds, elapsed_s
        if step == "run":
            run, elapsed_s = run + 1, elapsed_s + start_s
            ready_s, rounds = elapsed_s, 0


@given(start_s=seconds, round_s=seconds, slower=st.floats(0.5, 1.45))
def test_the_smallest_honest_budget_gives_three_runs_also_where_the_machine_turns_out_slower(
    start_s: float, round_s: float, slower: float
) -> None:
    costs = Costs(start_s, round_s)
    budget_s = settled(0.0, costs, thin=False, is_open=True).budget_s
    what = plan(costs, budget_s)
    runs, rounds, elapsed_s = _session(FixedBudget(budget_s, what.runs, MIN_ROUNDS, least_runs=MIN_RUNS), costs, slower)
    assert runs >= MIN_RUNS
    assert rounds >= MIN_ROUNDS
    assert elapsed_s <= STRETCH * budget_s + 1e-6


def test_a_machine_that_became_three_times_slower_does_not_get_three_times_the_budget() -> None:
    policy = FixedBudget(72.0, 3, MIN_ROUNDS, least_runs=MIN_RUNS)
    _, _, elapsed_s = _session(policy, COSTS, 3.0)
    assert elapsed_s <= STRETCH * 72.0 + 3 * COSTS.round_s


@given(start_s=seconds, round_s=seconds, asked_s=seconds, slower=st.floats(0.5, 1.0))
def test_a_sketch_keeps_to_its_budget_within_a_round(
    start_s: float, round_s: float, asked_s: float, slower: float
) -> None:
    costs = Costs(start_s, round_s)
    budget = settled(asked_s, costs, thin=True)
    assert budget.budget_s == asked_s
    if budget.refusal is None and budget.budget_s < smallest_budget(costs):
        what = plan(costs, budget.budget_s)
        _, _, elapsed_s = _session(FixedBudget(budget.budget_s, what.runs, min(2, what.rounds)), costs, slower)
        assert elapsed_s <= 1.05 * budget.budget_s + slower * round_s
