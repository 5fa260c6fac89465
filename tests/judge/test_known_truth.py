"""Intervals hold what they promise over simulated sessions; `known_truth_page` says how well."""

from __future__ import annotations

import math
from functools import cache
from statistics import fmean

import pytest
from scipy.stats import binom

from tests.docs.blocks import ROOT
from tools.pages import known_truth_page
from tools.simulated.known_truth import (
    ANOTHER_DAY,
    CANDIDATES,
    EQUAL,
    LATENCY,
    RELATIVE,
    Design,
    Trial,
    fewest_hits,
    found_different,
    most_alarms,
    offset_of,
    oracle,
    score,
    trials,
)
from tools.simulated.machine import PATHOLOGICAL, REGULAR, TWO_STATES

FEW, MANY = 80, 1000
OTHERS = range(100_000, 100_000 + MANY)
"""Seeds of the sessions that say where the estimand lies."""
QUANTITIES = (LATENCY, RELATIVE, EQUAL)
exhaustive = [pytest.mark.slow, pytest.mark.exhaustive]


@cache
def few(name: str, design: Design = (6, 10)) -> dict[str, list[Trial]]:
    """Sessions enough for a gross error."""
    return trials(REGULAR[name], range(FEW), design)


@cache
def many(name: str, design: Design = (8, 10)) -> dict[str, list[Trial]]:
    """Sessions enough for a percent."""
    return trials(REGULAR[name], range(MANY), design)


@cache
def offsets(name: str, design: Design = (8, 10)) -> dict[str, float]:
    """Where the estimands lie, from other sessions."""
    return {quantity: offset_of(found) for quantity, found in trials(REGULAR[name], OTHERS, design).items()}


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("name", ["normal", "quiet"])
def test_intervals_of_95_percent_hold_the_truth_nearly_as_often_as_that_in_a_few_sessions(
    name: str, quantity: str
) -> None:
    found = score(few(name)[quantity])
    assert found.hits >= fewest_hits(FEW, 0.95)
    assert found.hits < FEW or quantity != LATENCY
    # Student's t pays 1.25 for not knowing the deviation of six runs; 80 sessions know the true one to 8 %.
    assert 1.0 <= found.width <= 1.55


@pytest.mark.parametrize("name", REGULAR)
def test_two_equal_networks_are_rarely_told_apart_in_a_few_sessions(name: str) -> None:
    assert found_different(few(name)[EQUAL]) <= most_alarms(FEW, 0.05)


@pytest.mark.parametrize("name", REGULAR)
def test_a_network_that_is_ten_percent_slower_is_found_out_in_a_few_sessions(name: str) -> None:
    assert found_different(few(name)["plus10"]) >= fewest_hits(FEW, 0.95)
    assert all(trial.interval.value > 0 for trial in few(name)["plus10"])


@pytest.mark.parametrize("design", [(3, 2), (5, 4)], ids=["3 runs of 2 rounds", "5 runs of 4 rounds"])
def test_the_smallest_honest_session_is_honest(design: Design) -> None:
    for quantity in QUANTITIES:
        assert score(few("normal", design)[quantity]).hits >= fewest_hits(FEW, 0.95)


def test_a_latency_of_one_session_does_not_hold_that_of_another_day() -> None:
    assert score(few("normal")[ANOTHER_DAY]).coverage < 0.6


def test_the_harness_finds_an_interval_that_is_too_narrow() -> None:
    def narrow(layout):
        low, high = min(map(fmean, layout)), max(map(fmean, layout))
        return CANDIDATES["t over runs, medians of rounds"](layout)._replace(
            low=(2 * low + high) / 3, high=(low + 2 * high) / 3
        )

    assert score(few("normal")[EQUAL], method=narrow).hits < fewest_hits(FEW, 0.95)


def test_what_is_asked_of_a_few_sessions_a_correct_interval_passes_almost_surely() -> None:
    assert binom.sf(fewest_hits(FEW, 0.95) - 1, FEW, 0.95) > 0.999
    assert binom.cdf(most_alarms(FEW, 0.05), FEW, 0.05) > 0.999


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("name", [pytest.param(name, marks=exhaustive) for name in REGULAR])
def test_coverage_is_at_least_93_percent_and_width_at_most_1_3_of_an_oracles(name: str, quantity: str) -> None:
    found = score(many(name)[quantity], offsets(name)[quantity])
    assert found.coverage >= 0.93
    assert found.width <= 1.3


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("name", [pytest.param(name, marks=exhaustive) for name in ("normal", "quiet")])
def test_eight_runs_are_at_most_1_3_as_wide_as_for_one_who_knows_every_component(name: str, quantity: str) -> None:
    found = fmean((t.interval.high - t.interval.low) / 2 for t in many(name, (8, 20))[quantity])
    assert found <= 1.3 * oracle(REGULAR[name], quantity, (8, 20))


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("name", REGULAR)
def test_equal_networks_are_told_apart_in_at_most_5_percent_and_unequal_ones_the_more_the_more_they_differ(
    name: str,
) -> None:
    found = many(name)
    assert found_different(found[EQUAL]) <= most_alarms(MANY, 0.05, 0.999)
    power = [found_different(found[other]) for other in (EQUAL, "plus1", "plus2", "plus5", "plus10")]
    assert power == sorted(power)
    assert power[-1] >= 0.99 * MANY


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_what_befalls_all_cases_alike_does_not_make_equals_differ(name: str) -> None:
    found = trials(PATHOLOGICAL[name], range(300), (6, 10))[EQUAL]
    assert found_different(found) <= most_alarms(300, 0.05)


@pytest.mark.parametrize("name", ["normal", "quiet"])
def test_without_skewed_noise_the_estimand_is_the_truth(name: str) -> None:
    for quantity in QUANTITIES:
        found = few(name)[quantity]
        assert abs(offset_of(found)) < 4 * score(found).error / math.sqrt(FEW)


def test_the_page_has_a_row_for_every_machine_and_every_thing_that_goes_wrong() -> None:
    # The other table with rows of this shape is that of two states.
    page = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
    rows = page.partition("\n## Two states at random\n")[0].splitlines()
    for name in REGULAR:
        for runs, rounds in known_truth_page.DESIGNS:
            assert sum(row.startswith(f"| {name} | {runs} × {rounds} |") for row in rows) == 2
    assert all(any(row.startswith(f"| {name} |") for row in rows) for name in PATHOLOGICAL)


def test_the_page_has_a_row_for_every_machine_with_two_states_and_says_what_does_not_hold() -> None:
    page = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
    section = page.partition("## Two states at random\n")[2].partition("\n## ")[0]
    for name in TWO_STATES:
        for runs, rounds in known_truth_page.DESIGNS:
            assert f"| {name} | {runs} × {rounds} |" in section
    assert "do not hold" in section


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["normal", "stretches"])
def test_the_page_says_what_is_computed(name: str) -> None:
    rows = (ROOT / "docs/statistics.md").read_text(encoding="utf-8").splitlines()
    assert known_truth_page.coverage_row(name, (3, 5)) in rows
    assert known_truth_page.power_row(name, (3, 5)) in rows
    assert known_truth_page.goals_row(name) in rows


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("name", TWO_STATES)
def test_the_page_says_what_is_computed_of_two_states(name: str) -> None:
    rows = (ROOT / "docs/statistics.md").read_text(encoding="utf-8").splitlines()
    assert known_truth_page.states_row(name, (3, 5)) in rows
