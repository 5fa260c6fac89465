"""Looks declared beforehand: a race for the front and a target error, on simulated machines whose truth is known."""

from __future__ import annotations

import math

import msgspec
import pytest
from levit_bench.errors import UsageError
from levit_bench.judge.early_stopping.planner import planned
from levit_bench.judge.estimates import relative_to_yardstick
from levit_bench.planning.budget import Costs
from levit_bench.records import Estimate

from tools.simulated.goals_truth import (
    ACCURACIES,
    CLOSE,
    RACE,
    SPREAD,
    TARGET,
    aimed,
    aims,
    looks,
    race,
    races,
    truth,
    verdicts,
)
from tools.simulated.known_truth import fewest_hits, most_alarms
from tools.simulated.machine import REGULAR, Scenario
from tools.simulated.sessions import take


def test_a_race_between_networks_far_apart_ends_at_its_first_look_and_is_right() -> None:
    taken = race(1, REGULAR["normal"])
    assert verdicts(taken) == truth(SPREAD, ACCURACIES)
    (look,) = looks(taken)
    assert (look.number, look.of, look.runs) == (1, 3, 4)
    assert set(look.resting) == {line.id for line in taken.session.cases if line.role == "subject"}
    assert len(taken.session.ends) == 4
    why = {name: look.decided[taken.record(name).info.id].why for name in SPREAD}
    assert "middle@224 (79 %)" in why["beaten"] or "slowest" in why["beaten"]
    assert "1.67 times as long" in why["beaten"] or "times as long, surely more than" in why["beaten"]
    assert "is as accurate" in why["best"]


def test_networks_whose_place_is_certain_get_no_more_turns_and_the_others_do() -> None:
    networks, accuracies = {**SPREAD, "rival": 0.0301}, {**ACCURACIES, "rival": 79.0}
    taken = take(REGULAR["normal"], 3, networks=networks, runs=12, rounds=8, protocol=RACE, accuracies=accuracies)
    first, *_ = looks(taken)
    open_still = {"middle", "rival"}
    runs_of = {name: {t.run for t in taken.session.turns if t.case == taken.record(name).info.id} for name in networks}
    assert {name for name, runs in runs_of.items() if len(runs) > first.runs} <= open_still | {"slowest", "best"}
    assert runs_of["beaten"] == set(range(first.runs))
    assert verdicts(taken)["middle"] == verdicts(taken)["rival"] == "open"


def test_a_place_that_no_number_of_runs_would_tell_is_given_up_before_the_budget_is_spent() -> None:
    ends = [len(race(seed, REGULAR["normal"], close=True).session.ends) for seed in range(10)]
    assert min(ends) < 12
    assert all(
        set(verdicts(race(seed, REGULAR["normal"], close=True))) == set(CLOSE) for seed in range(3)
    )  # nobody is left without a word


@pytest.mark.parametrize("name", REGULAR)
def test_a_race_hardly_ever_decides_wrongly_in_a_few_sessions(name: str) -> None:
    assert races(name, 40, close=True).wrong <= most_alarms(40, 0.05)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("close", [True, False])
@pytest.mark.parametrize("name", REGULAR)
def test_a_race_decides_wrongly_in_at_most_five_percent_of_sessions(name: str, *, close: bool) -> None:
    assert races(name, 1000, close=close).wrong <= 50


def test_a_target_error_ends_the_session_once_every_network_has_reached_it() -> None:
    taken = aimed(2, REGULAR["quiet"])
    (look,) = looks(taken)
    assert len(taken.session.ends) == look.runs == 5
    for name in SPREAD:
        assert verdicts(taken)[name] == "reached"
        ratio = relative_to_yardstick(taken.record(name))
        assert isinstance(ratio, Estimate)
        assert math.log(ratio.high / ratio.value) <= math.log1p(0.03)
        assert ratio.method.endswith("3 looks")


def test_a_target_error_out_of_reach_says_how_many_runs_it_would_take() -> None:
    protocol = msgspec.structs.replace(TARGET, target_error=0.0005)
    taken = take(REGULAR["normal"], 2, networks=SPREAD, runs=8, rounds=6, protocol=protocol)
    assert set(verdicts(taken).values()) == {"short"}
    last = looks(taken)[-1]
    assert (last.number, last.runs, len(taken.session.ends)) == (2, 8, 8)
    assert all("would be needed" in one.why for one in last.decided.values())


@pytest.mark.parametrize("name", ["normal", "quiet"])
def test_intervals_hold_whenever_the_measuring_stopped_in_a_few_sessions(name: str) -> None:
    assert aims(name, 40).hits >= fewest_hits(40, 0.95)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["normal", "quiet"])
def test_intervals_hold_whenever_the_measuring_stopped(name: str) -> None:
    assert aims(name, 1000).hits >= 940


def test_a_session_whose_looks_are_over_is_not_looked_at_again() -> None:
    protocol = msgspec.structs.replace(RACE, looks=(4, 7, 12))
    assert planned(Costs(4.0, 0.5), protocol, done=7).runs <= 5
    with pytest.raises(UsageError, match="all were taken"):
        planned(Costs(4.0, 0.5), protocol, done=12)


def test_equal_durations_decide_nothing() -> None:
    still = Scenario(session=0, run=0, case_run=0, round=0, turn=0, one_pass=0, first_pass=0)
    taken = race(1, still)
    beatable = {"fast", "middle", "beaten", "slowest"}
    assert {name for name, verdict in verdicts(taken).items() if verdict == "open"} == beatable
