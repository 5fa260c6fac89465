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
    smallest_budget,
    too_small,
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


def test_the_refusal_names_the_budget_and_the_smallest_honest_one() -> None:
    message = too_small(10.0, 95.0)
    assert "a budget of 10 s is too small" in message
    assert "take 1 min 35 s here" in message or "take 1 min 36 s here" in message
    assert "--thin" in message
