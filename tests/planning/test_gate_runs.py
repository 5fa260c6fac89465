"""How many runs and rounds a gate is planned with."""

from __future__ import annotations

import msgspec
import pytest
from levit_bench.planning.budget import MIN_ROUNDS, PILOT, Costs, RunScatter, plan, settled, smallest_budget
from levit_bench.planning.gate_runs import GOOD_ROUNDS, costs_of, fewest_runs
from levit_bench.records import Case, SideName

from tests.making import PROTOCOL

COSTS = Costs(3.9, 0.5)
GATE = msgspec.structs.replace(PROTOCOL, goal="gate")
STEADY_ROUNDS = RunScatter(0.02**2, 0.002**2)
"""Runs scatter and their rounds hardly do, so that rounds seem to be worth nothing."""


def cases(count: int) -> list[Case]:
    sides: tuple[SideName, ...] = ("a", "b")
    return [Case(network=f"net{at}", resolution=224, side=side) for at in range(count) for side in sides]


def test_a_gate_needs_more_runs_with_more_cases_and_other_sessions_do_not() -> None:
    assert [costs_of(COSTS, GATE, cases(count)).least_runs for count in (1, 2, 7, 26)] == [3, 4, 5, 6]
    assert costs_of(COSTS, PROTOCOL, cases(26)) == COSTS
    for comparisons in range(1, 300):
        runs = fewest_runs(comparisons)
        assert 2 * comparisons / 4**runs <= 0.05
        assert runs == 3 or 2 * comparisons / 4 ** (runs - 1) > 0.05


@pytest.mark.parametrize("scatter", [PILOT, STEADY_ROUNDS])
@pytest.mark.parametrize("budget_s", [30, 60, 300])
def test_a_run_of_a_gate_has_four_rounds_where_the_budget_allows_it(scatter: RunScatter, budget_s: float) -> None:
    made = plan(costs_of(COSTS, GATE, cases(5)), budget_s, scatter)
    assert made.rounds >= GOOD_ROUNDS
    assert made.runs >= 4


def test_a_small_budget_of_a_gate_has_the_least_runs_and_fewer_rounds() -> None:
    costs = costs_of(COSTS, GATE, cases(5))
    made = plan(costs, smallest_budget(costs), STEADY_ROUNDS)
    assert (made.runs, made.rounds) == (4, MIN_ROUNDS)
    assert plan(costs, 0.7 * smallest_budget(costs)).runs < 4
    refused = settled(0.5 * smallest_budget(costs), costs, thin=False).refusal
    assert refused is not None
    assert "4 runs of 2 rounds" in refused
