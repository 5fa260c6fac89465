"""What a plan says of itself: what it is made by, and what it is expected to find."""

from __future__ import annotations

import math

import msgspec
import pytest
from levit_bench.judge.variance.expected_precision import Reach, reach
from levit_bench.planning.budget import PILOT, Costs, RunScatter, plan
from levit_bench.planning.forecast import Forecast, ForecastLine
from levit_bench.records import Case, Protocol
from levit_bench.report.listings.plan import document, sentences

from tools.simulated.generate_store import PROTOCOL

COSTS = Costs(4.0, 1.0)
FORECAST = Forecast((), COSTS, 10.0)


def said(scatter: RunScatter, protocol: Protocol = PROTOCOL, expected: Reach | None = None) -> str:
    """All sentences on one line."""
    spent = plan(COSTS, protocol.budget_s, scatter)
    return " ".join(sentences(FORECAST, spent, protocol, expected or reach(spent)))


@pytest.mark.parametrize(
    ("scatter", "words"),
    [
        (PILOT, "by the pilot's scatter, 1.9 % between runs and 6.9 % within: the store holds no session"),
        (RunScatter(1e-4, 4e-4, 1), "by the scatter of the stored session of this machine in this setting: 1.0 %"),
        (RunScatter(1e-4, 4e-4, 7), "by the scatter of the 7 newest stored sessions of this machine"),
        (RunScatter(1e-4, 4e-4, 7, 1), "setting, and by the pilot's for one setting of which there is none: 1.0 %"),
        (RunScatter(1e-4, 4e-4, 7, 2), "and by the pilot's for 2 settings of which there is none"),
    ],
)
def test_a_plan_says_whose_scatter_it_was_made_by(scatter: RunScatter, words: str) -> None:
    assert words in said(scatter)


def test_a_plan_says_what_no_budget_finds_and_what_to_do_instead() -> None:
    words = said(PILOT, expected=Reach(math.log(1.02), 1.031, 1.072))
    assert "ratios to the yardstick to within ±2.0 %, and of two networks of the session a slowdown of 3.1 %" in words
    assert (
        "Between two sessions no budget finds less than about 7.2 %; to find less, measure both sides in one" in words
    )
    assert "one session and compare them there. Runs" in words


def test_the_command_of_a_plan_compares_two_networks_that_were_asked_for() -> None:
    """The yardsticks are in every session, and compare does not take them."""
    lines = [ForecastLine(Case(network=name, resolution=224), 0.01, 5, "guess") for name in ("a", "a", "b.onnx#31a822")]
    yardstick = lines[0]._replace(case=Case(network="yardstick-1a", resolution=224), is_reference=True)
    spent, expected = plan(COSTS, PROTOCOL.budget_s, PILOT), Reach(math.log(1.02), 1.031, 1.072)

    def words(*chosen: ForecastLine) -> str:
        return " ".join(sentences(FORECAST._replace(lines=chosen), spent, PROTOCOL, expected))

    assert "compare them there: levit-bench compare last --networks 'a,b.onnx#31a822' Runs" in words(*lines, yardstick)
    assert "compare them there. Runs" in words(*lines[:2], yardstick)


def test_sessions_that_scatter_no_more_than_their_runs_find_the_least_effect_and_no_other_command() -> None:
    words = said(PILOT, expected=Reach(math.log(1.02), 1.031, 1.03))
    assert "Between two sessions, too, 3.0 % is the least that counts as a difference." in words
    assert "measure both sides" not in words


def test_what_is_beyond_all_bounds_is_left_out() -> None:
    words = said(PILOT, expected=Reach(2.0, None, None))
    assert "to within ±639 %." in words
    assert "slowdown" not in words
    assert "Between two sessions" not in words


def test_a_plan_that_is_refused_promises_nothing_and_one_of_two_runs_neither() -> None:
    small = msgspec.structs.replace(PROTOCOL, budget_s=11.0)
    assert "A budget of 11 s is too small: the run would be refused." in said(PILOT, small)
    assert "Expected" not in said(PILOT, small)
    thin = msgspec.structs.replace(small, thin=True)
    assert "Expected" not in said(PILOT, thin)
    told = document(FORECAST, plan(COSTS, 11.0), thin)
    assert told["half_width"] is told["detectable_ratio"] is told["detectable_ratio_between_sessions"] is None


def test_a_plan_of_one_run_round_and_turn_says_so() -> None:
    spent = plan(COSTS, PROTOCOL.budget_s, PILOT)._replace(runs=1, rounds=1)
    line = ForecastLine(Case(network="a", resolution=224), 0.01, 5, "guess")
    words = sentences(FORECAST._replace(lines=(line,)), spent, PROTOCOL)[0]
    assert words.startswith("1 run of about 1 round, 1 turn a round: ")
