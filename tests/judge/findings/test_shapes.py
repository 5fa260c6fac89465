"""Slopes, groups and steps of plain numbers."""

from __future__ import annotations

import math

import pytest
from levit_bench.judge.findings.shapes import groups, line, root_mean_square, scatter, step


def test_a_line_through_points_on_a_line_gains_what_they_gain_and_has_no_error():
    found = line([0, 1, 3, 4], [1.0, 1.5, 2.5, 3.0])
    assert found is not None
    assert found.change == pytest.approx(2.0)
    assert found.error == pytest.approx(0.0, abs=1e-12)


def test_one_wild_point_hardly_moves_the_line():
    found = line(range(9), [0.0, 0.1, 0.2, 0.3, 9.0, 0.5, 0.6, 0.7, 0.8])
    assert found is not None
    assert found.change == pytest.approx(0.8, rel=0.1)


@pytest.mark.parametrize("times", [[], [1.0], [1.0, 2.0], [1.0, 1.0, 1.0, 2.0]])
def test_fewer_than_three_times_are_no_line(times):
    assert line(times, [0.0] * len(times)) is None


def test_groups_are_cut_at_the_gap():
    found = groups([5.0, 1.0, 1.1, 5.2, 0.9])
    assert found == ((0.9, 1.0, 1.1), (5.0, 5.2))
    assert found.distance == pytest.approx(4.1)
    assert 0.1 < found.scatter < 0.2


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0, 2.0]])
def test_nothing_to_cut_is_no_group(values):
    assert groups(values) is None


def test_equal_values_stay_in_one_group():
    assert groups([1.0, 1.0, 1.0, 2.0]) == ((1.0, 1.0, 1.0), (2.0,))


def test_logs_of_equal_size_lose_no_digits():
    near = [-4.1 + 1e-9 * k for k in (0, 1, 2, 100, 101)]
    assert [len(group) for group in groups(near)] == [3, 2]


def test_a_step_is_found_where_it_is_and_is_as_high():
    found = step([0.0, 0.1, 0.0, 0.1, 1.0, 1.1, 1.0], 2)
    assert found is not None
    assert (found.place, found.rise) == (4, pytest.approx(0.95))


def test_a_step_down_is_negative():
    found = step([1.0, 1.0, 0.0, 0.0], 1)
    assert found is not None
    assert found.rise == pytest.approx(-1.0)


def test_too_few_values_hold_no_step():
    assert step([0.0, 1.0, 1.0], 2) is None


def test_scatter_of_one_value_is_nothing():
    assert scatter([1.0]) == 0.0
    assert scatter([1.0, 3.0]) == pytest.approx(math.sqrt(2))
    assert root_mean_square([]) == 0.0
    assert root_mean_square([3.0, 4.0]) == pytest.approx(math.sqrt(12.5))
