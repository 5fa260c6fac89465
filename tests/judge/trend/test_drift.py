"""Slow drift against a fixed reference, beyond the changes that were found one by one."""

from __future__ import annotations

import math
import random

from levit_bench.judge.trend.change_points import alert_share, changes
from levit_bench.judge.trend.drift import Drift, drift


def of(logs: list[float], reference: tuple[int, ...] = ()) -> Drift | None:
    shares = [alert_share(10)] * len(logs)
    return drift(logs, changes(logs, shares), shares, reference)


def wandering(count: int, a_night: float, seed: int = 0, deviation: float = 0.008) -> list[float]:
    rng = random.Random(seed)
    return [a_night * at + rng.gauss(0, deviation) for at in range(count)]


def test_a_slow_drift_is_an_alert_with_its_size() -> None:
    logs = wandering(150, 0.0004)
    found = of(logs)
    assert found is not None
    assert found.found_at is not None
    assert 0.02 < found.low < found.log < 0.06


def test_nights_that_do_not_drift_raise_nothing() -> None:
    for seed in range(20):
        found = of(wandering(150, 0.0, seed))
        assert found is not None
        assert found.found_at is None
        assert found.low - 0.01 < 0 < found.high + 0.01


def test_a_step_is_no_drift() -> None:
    for seed in range(10):
        logs = wandering(100, 0.0, seed)
        logs[50:] = [log + math.log(1.07) for log in logs[50:]]
        found = of(logs)
        assert found is not None
        assert found.found_at is None, seed
        assert abs(found.log) < 0.03


def test_an_alert_of_drift_keeps_the_night_with_which_it_was_found() -> None:
    logs = wandering(200, 0.0004, 3)
    whole = of(logs)
    assert whole is not None
    assert whole.found_at is not None
    for cut in (whole.found_at + 1, whole.found_at + 20):
        part = of(logs[:cut])
        assert part is not None
        assert part.found_at == whole.found_at
    earlier = of(logs[: whole.found_at])
    assert earlier is None or earlier.found_at is None


def test_a_reference_of_one_session_is_taken() -> None:
    found = of(wandering(60, 0.002, 1), (3,))
    assert found is not None
    assert found.reference == (3,)


def test_too_few_sessions_have_no_drift() -> None:
    assert of([]) is None
    assert of([0.1, 0.2]) is None
    assert of(wandering(10, 0.0), (9,)) is None
