"""Limits for any day, on simulated machines whose sessions drift."""

from __future__ import annotations

import math

import pytest
from levit_bench.judge.estimates import latency
from levit_bench.judge.variance.session_drift import Drifts, drifts
from levit_bench.records import Estimate, Record

from tools.simulated.known_truth import fewest_hits
from tools.simulated.machine import REGULAR, Scenario
from tools.simulated.sessions import NETWORKS, take

FEW, MANY = 40, 1000


def day(scenario: Scenario, seed: int, earlier: int) -> tuple[Record, Drifts]:
    """A case of one session, and what it and so many earlier ones say about drift."""
    sets = [take(scenario, 1000 * seed + number, runs=5, rounds=4, name=f"s{number}") for number in range(earlier + 1)]
    return sets[-1].record("levit_192"), drifts(record for taken in sets for record in taken.records)


def covered(name: str, count: int, earlier: int) -> int:
    """Sets of sessions whose limits for any day hold the latency over all days."""
    hits = 0
    for seed in range(count):
        record, drift = day(REGULAR[name], seed, earlier)
        wide = drift.across_sessions(record)
        assert wide is not None
        hits += wide.low <= NETWORKS["levit_192"] <= wide.high
    return hits


@pytest.mark.parametrize("name", ["normal", "quiet"])
def test_limits_for_across_sessions_hold_the_latency_of_all_days_in_a_few_sets(name: str) -> None:
    assert covered(name, FEW, 5) >= fewest_hits(FEW, 0.95)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("earlier", [3, 8])
@pytest.mark.parametrize("name", ["normal", "quiet"])
def test_limits_for_across_sessions_hold_the_latency_of_all_days(name: str, earlier: int) -> None:
    assert covered(name, MANY, earlier) >= 930


def test_they_are_wider_than_those_of_the_session_and_about_the_same_value() -> None:
    record, drift = day(REGULAR["normal"], 1, 5)
    own, wide = latency(record), drift.across_sessions(record)
    assert isinstance(own, Estimate)
    assert wide is not None
    assert wide.value == pytest.approx(own.value)
    assert wide.low < own.low < own.high < wide.high
    assert 0.05 < math.log(wide.high / wide.value) < 0.6
    assert drift.sessions(record) == 6


def test_two_sessions_do_not_know_how_far_days_disagree() -> None:
    record, drift = day(REGULAR["normal"], 1, 1)
    assert drift.across_sessions(record) is None
    assert drift.sessions(record) == 0
