"""Slow drift against a fixed reference, beyond the changes that were found one by one."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from levit_bench.judge.trend.change_points import alert_share, walked
from levit_bench.judge.trend.drift import Drift, DriftAlert, drift


def of(logs: list[float], reference: tuple[int, ...] = ()) -> Drift | None:
    shares = [alert_share(10)] * len(logs)
    return drift(logs, walked(logs, shares), shares, reference)


def wandering(count: int, a_night: float, seed: int = 0, deviation: float = 0.008) -> list[float]:
    rng = random.Random(seed)
    return [a_night * at + rng.gauss(0, deviation) for at in range(count)]


def test_a_slow_drift_is_an_alert_with_its_size() -> None:
    logs = wandering(150, 0.0004)
    found = of(logs)
    assert found is not None
    assert found.alert is not None
    assert 0.02 < found.low < found.log < 0.06


def test_nights_that_do_not_drift_raise_nothing() -> None:
    for seed in range(20):
        found = of(wandering(150, 0.0, seed))
        assert found is not None
        assert found.alert is None
        assert found.low - 0.01 < 0 < found.high + 0.01


def test_a_step_is_no_drift() -> None:
    for seed in range(10):
        logs = wandering(100, 0.0, seed)
        logs[50:] = [log + math.log(1.07) for log in logs[50:]]
        found = of(logs)
        assert found is not None
        assert found.alert is None, seed
        assert abs(found.log) < 0.03


RAMPS: dict[str, Callable[[int], float]] = {
    "a slow one": lambda at: 0.0005 * at,
    "one that begins late": lambda at: 0.004 * max(0, at - 10),
    "with two steps": lambda at: 0.0015 * at + 0.06 * ((at >= 20) + (at >= 30)),
    "an early one that is taken back": lambda at: 0.01 * min(at, 10) + 0.0005 * max(0, at - 10) - 0.07 * (at >= 35),
}


@pytest.mark.parametrize("kind", RAMPS)
@pytest.mark.parametrize("seed", range(2))
def test_an_alert_of_drift_is_there_from_the_night_on_which_it_was_found_and_never_changes(
    kind: str, seed: int
) -> None:
    rng = random.Random(f"{kind} {seed}")
    logs = [RAMPS[kind](at) + rng.gauss(0, 0.006) for at in range(110)]
    told: DriftAlert | None = None
    for count in range(3, len(logs) + 1):
        found = of(logs[:count])
        assert found is not None
        if told is None and found.alert is not None:
            assert found.alert.found_at == count - 1
            told = found.alert
        assert found.alert == told
    assert told is not None or kind != "a slow one"


def test_an_alert_needs_two_weeks_and_the_figure_of_today_needs_none() -> None:
    logs = wandering(13, 0.02, 1, 0.001)
    found = of(logs)
    assert found is not None
    assert found.alert is None
    assert found.log > 0.05


def test_a_reference_that_is_given_is_taken() -> None:
    logs = wandering(150, 0.0005, 1)
    found = of(logs, (3, 4, 5, 6, 7))
    assert found is not None
    assert found.alert is not None
    assert found.alert.reference == (3, 4, 5, 6, 7)
    alone = of([0.0] * 30, (3,))
    assert alone is not None
    assert (alone.log, alone.alert) == (0.0, None)


def test_too_few_sessions_have_no_drift() -> None:
    assert of([]) is None
    assert of([0.1, 0.2]) is None
    assert of(wandering(10, 0.0), (9,)) is None
