"""Lasting changes of made-up series with known truth."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.judge.trend.change_points import SHORTEST, Change, alert_share, changes

CASES = 50


def found(logs: list[float], cases: int = CASES, min_effect: float = 0.02) -> tuple[Change, ...]:
    return changes(logs, [alert_share(cases)] * len(logs), min_effect)


def nights(count: int, deviation: float, seed: int, steps: dict[int, float] | None = None) -> list[float]:
    """Normal scatter about a level that changes by some shares at some nights."""
    rng = random.Random(seed)
    level, out = 0.0, []
    for at in range(count):
        level += math.log1p((steps or {}).get(at, 0.0))
        out.append(level + rng.gauss(0, deviation))
    return out


@pytest.mark.parametrize("share", [0.05, 0.10, -0.05])
@pytest.mark.parametrize("seed", range(5))
def test_a_step_is_found_at_its_place_with_its_size(share: float, seed: int) -> None:
    (change,) = found(nights(80, 0.012, seed, {40: share}))
    assert abs(change.first_after - 40) <= 1
    assert change.earliest <= 40 <= change.latest
    assert change.low <= math.log1p(share) + 0.006
    assert change.high >= math.log1p(share) - 0.006
    assert math.copysign(1, change.log) == math.copysign(1, share)
    assert 40 < change.found_at < 55


def test_a_step_of_ten_percent_is_found_with_the_second_night() -> None:
    (change,) = found(nights(60, 0.005, 1, {40: 0.10}))
    assert change.found_at == 41


def test_a_short_series_of_few_cases_finds_ten_percent() -> None:
    hits = [found(nights(12, 0.008, seed, {6: 0.10}), cases=5) for seed in range(20)]
    assert sum(len(one) == 1 and one[0].first_after == 6 for one in hits) >= 18


def test_one_wild_night_and_a_week_of_them_apart_raise_nothing() -> None:
    logs = nights(100, 0.008, 3)
    for at in range(10, 100, 9):
        logs[at] += 0.5
    assert found(logs) == ()


def test_a_change_below_the_least_effect_raises_nothing_however_sure() -> None:
    logs = nights(200, 0.0005, 4, {100: 0.015})
    assert found(logs) == ()
    assert len(found(logs, min_effect=0.01)) == 1


def test_what_was_mended_is_found_as_well() -> None:
    up, down = found(nights(120, 0.01, 5, {40: 0.08, 80: -0.074}))
    assert (up.log > 0, down.log < 0) == (True, True)
    assert (abs(up.first_after - 40) <= 1, abs(down.first_after - 80) <= 1) == (True, True)


@given(seed=st.integers(0, 10_000), cut=st.integers(SHORTEST, 119))
def test_later_nights_change_nothing_that_was_found(seed: int, cut: int) -> None:
    """An alert is the same whenever somebody asks: what a beginning raises, the whole has, with the same night."""
    logs = nights(120, 0.012, seed, {30: 0.06, 75: -0.05})
    before = [(one.found_at) for one in found(logs[:cut])]
    assert [one.found_at for one in found(logs)][: len(before)] == before


def test_places_of_changes_stand_in_order_and_within_the_series() -> None:
    for seed in range(40):
        logs = nights(60, 0.012, seed, {10: 0.2, 17: -0.15, 24: 0.2, 31: -0.1})
        places = [one.first_after for one in found(logs, cases=2)]
        assert places == sorted(set(places))
        assert all(0 < place < 60 for place in places)


@pytest.mark.parametrize("logs", [[], [0.0], [0.0] * 300, [math.log(0.1)] * 50 + [math.log(0.1)] * 50])
def test_series_that_do_not_scatter_and_empty_ones_raise_nothing(logs: list[float]) -> None:
    assert found(logs) == ()


def test_equal_times_that_change_at_once_are_found() -> None:
    (change,) = found([0.0] * 30 + [0.1] * 10)
    assert change.first_after == 30


@pytest.mark.parametrize("kind", ["normal", "heavy tails", "two states"])
def test_unchanged_cases_of_a_year_raise_about_one_alert(kind: str) -> None:
    """Six years of 50 cases; one a year is expected at most, and twelve have a chance of one in a thousand then."""
    rng = random.Random(kind)

    def night() -> float:
        if kind == "heavy tails":  # Student's t with 3 degrees of freedom.
            return rng.gauss(0, 0.007) / math.sqrt(rng.gammavariate(1.5, 2) / 3)
        return rng.gauss(0, 0.012) + (0.05 if kind == "two states" and rng.random() < 0.2 else 0.0)

    count = sum(len(found([night() for _ in range(365)])) for _ in range(6 * 50 // 3))
    assert count <= 8  # of two years
