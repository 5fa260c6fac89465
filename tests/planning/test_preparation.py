"""The rest of a preparation: first as expected, then at the pace of what is finished."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.planning.preparation import PreparationPace


def test_before_anything_is_finished_it_is_what_is_expected_side_by_side() -> None:
    pace = PreparationPace({"a": 2.0, "b": 2.0, "c": 40.0, "d": 4.0}, 2, 100.0)
    pace.begin("a")
    assert pace.left_s(100.0) == 24.0
    assert pace.left_s(110.0) == 14.0
    assert pace.left_s(200.0) == 0.0
    assert PreparationPace({"a": 8.0}, 64, 0.0).left_s(0.0) == 8.0


def test_afterwards_it_goes_at_the_pace_seen_and_dear_ones_count_for_more() -> None:
    pace = PreparationPace({"cheap": 2.0, "dear": 40.0}, 1, 0.0)
    pace.begin("cheap")
    pace.finish("cheap")
    assert pace.done == 1
    assert pace.left_s(6.0) == pytest.approx(3 * 40.0)  # three times as slow as expected
    pace.begin("dear")
    assert pace.left_s(66.0) == pytest.approx(66.0 / 22.0 * 20.0)
    pace.finish("dear")
    assert pace.left_s(126.0) == 0.0


def test_what_begins_again_is_not_finished() -> None:
    pace = PreparationPace({"a": 1.0, "b": 1.0}, 2, 0.0)
    pace.begin("a")
    pace.finish("a")
    pace.begin("a")
    assert pace.done == 0


@given(
    expected=st.lists(st.floats(0.1, 1e3), min_size=1, max_size=8), at_once=st.integers(1, 9), now_s=st.floats(0, 1e5)
)
def test_it_is_never_negative_and_nothing_in_the_end(expected: list[float], at_once: int, now_s: float) -> None:
    pace = PreparationPace(dict(enumerate(expected)), at_once, 0.0)
    for item in range(len(expected)):
        pace.begin(item)
        assert pace.left_s(now_s) >= 0
        pace.finish(item)
    assert pace.left_s(now_s) == pytest.approx(0, abs=1e-6)
