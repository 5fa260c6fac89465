"""What a plan is expected to find, against simulated sessions of that size."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.judge.compare.one_session import within
from levit_bench.judge.variance.case_sessions import usual_scatter
from levit_bench.judge.variance.expected_precision import least_between_sessions, reach
from levit_bench.judge.variance.session_scatter import FREEDOM, PRIOR
from levit_bench.judge.verdicts import Verdict
from levit_bench.numbers.statistics import t_factor
from levit_bench.planning.budget import PILOT, Costs, RunScatter, plan

from tests.making import record
from tools.simulated.machine import Scenario
from tools.simulated.sessions import session

PLAN = plan(Costs(4.0, 1.0), 60.0)


def test_the_half_width_is_that_of_the_plans_runs_rounds_and_scatter() -> None:
    found = reach(PLAN)
    assert found is not None
    variance = (PILOT.between + PILOT.within / PLAN.rounds) / PLAN.runs
    assert found.half_width == pytest.approx(t_factor(PLAN.runs - 1) * math.sqrt(variance))


def test_looks_widen_the_interval_and_what_is_found() -> None:
    plain, looked = reach(PLAN), reach(PLAN._replace(looks=(3, 5)))
    assert plain is not None
    assert looked is not None
    assert looked.half_width > plain.half_width
    assert (looked.side_by_side or 0) > (plain.side_by_side or 0)
    assert (looked.between_sessions or 0) > (plain.between_sessions or 0)


def test_two_runs_are_expected_to_find_nothing() -> None:
    assert reach(PLAN._replace(runs=2)) is None


def test_what_no_budget_finds_between_sessions_is_students_and_the_powers_quantile_of_their_difference() -> None:
    least = least_between_sessions(0.0175, math.inf)
    assert least is not None
    assert math.log(least) == pytest.approx((1.960 + 0.842) * math.sqrt(2) * 0.0175, rel=1e-3)


@given(budget_s=st.floats(60, 1e6), scatter=st.floats(0.005, 0.1))
def test_a_larger_budget_finds_less_side_by_side_and_never_less_between_sessions(
    budget_s: float, scatter: float
) -> None:
    costs = Costs(4.0, 1.0)
    small, large = reach(plan(costs, budget_s), scatter), reach(plan(costs, 4 * budget_s), scatter)
    assert small is not None
    assert large is not None
    assert (large.side_by_side or math.inf) <= (small.side_by_side or math.inf)
    assert large.between_sessions == small.between_sessions


@given(scatter=st.floats(0.01, 0.2), more=st.floats(1.01, 5), freedom=st.floats(2, 50))
def test_the_least_between_sessions_grows_with_their_scatter_and_with_doubt_about_it(
    scatter: float, more: float, freedom: float
) -> None:
    least = least_between_sessions(scatter, math.inf)
    assert least is not None
    for harder in (
        least_between_sessions(more * scatter, math.inf),
        least_between_sessions(scatter, freedom),
        least_between_sessions(scatter, error=scatter, freedom=math.inf),
        least_between_sessions(scatter, looks=2, freedom=math.inf),
    ):
        assert harder is None or harder > least


def test_sessions_that_disagree_beyond_all_bounds_find_nothing() -> None:
    assert least_between_sessions(300.0, 1.0) is None


def test_of_sessions_as_planned_four_in_five_find_the_slowdown_that_is_foretold_side_by_side() -> None:
    # Runs and rounds scatter by the same for every case, so one of two networks has half the variance of their ratio.
    scenario = Scenario(session=0.02, run=0.01, case_run=0.01, round=0.01, turn=0.02, one_pass=0.001)
    # The yardstick's two names add half as much again; medians of five turns scatter by 1.2 times their mean's.
    scatter = RunScatter(between=1.5 * 0.01**2, within=1.5 * 1.2**2 * 0.02**2)
    expected = reach(PLAN._replace(runs=6, rounds=5, scatter=scatter))
    assert expected is not None
    assert expected.side_by_side is not None
    networks = {"one": 0.02, "other": 0.02 * expected.side_by_side}
    found = 0
    for seed in range(60):
        (row,) = within(session(scenario, seed, networks=networks, runs=6, rounds=5), "network", "one", "other").rows
        found += row.comparison.verdict == Verdict.SLOWER
    assert 0.65 * 60 <= found <= 0.95 * 60


def test_what_is_assumed_between_sessions_is_the_prior_of_the_model_and_known_scatter_narrows_it() -> None:
    assumed = usual_scatter([])
    assert (assumed.deviation, assumed.freedom, assumed.sessions) == (pytest.approx(PRIOR), FREEDOM, 0)
    calm = [record(session=f"s{at}", runs=(0.0100, 0.0101, 0.0099)) for at in range(8)]
    known = usual_scatter(calm)
    assert known.deviation < PRIOR / 2
    least, unknown = (least_between_sessions(one.deviation, one.freedom) for one in (known, assumed))
    assert least is not None
    assert unknown is not None
    assert math.log(least) < math.log(unknown) / 2
