"""The chance of being on the front: known answers, and what it must not depend on."""

from __future__ import annotations

import math
import random
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from levit_bench.judge.front.candidate import Candidate
from levit_bench.judge.front.membership import chances
from levit_bench.judge.front.panels import panels
from scipy.stats import t as student

from tests.making import record
from tools.simulated.stores_truth import ladder, members


def candidate(label, accuracy, log, error=0.01, freedom=4.0):
    return Candidate(label, accuracy, log, error**2, freedom)


def some(seed, networks, error=0.05):
    draw = random.Random(seed)
    return [
        candidate(f"n{number}", 70 + draw.randrange(8), draw.uniform(0, 0.3), error * draw.uniform(0.5, 2), 4.0)
        for number in range(networks)
    ]


def test_networks_that_are_far_apart_are_sure():
    far = [candidate("fast", 70.0, 0.0), candidate("good", 80.0, 1.0), candidate("beaten", 75.0, 2.0)]
    assert chances(far) == {"fast": 1.0, "good": 1.0, "beaten": 0.0}
    found = chances([*far, candidate("also", 72.0, 0.5), candidate("poor", 60.0, 3.0)])
    assert found == pytest.approx({"fast": 1.0, "good": 1.0, "beaten": 0.0, "also": 1.0, "poor": 0.0}, abs=0.01)


def test_of_two_the_chance_is_that_of_students_t_on_their_difference():
    found = chances([candidate("accurate", 80.0, 0.0), candidate("other", 79.0, -0.02)])
    assert found["accurate"] == 1.0
    assert found["other"] == pytest.approx(student.cdf(0.02 / (0.01 * math.sqrt(2)), df=4), abs=0.025)


def test_equals_that_cannot_be_told_apart_share_the_chance():
    found = chances([candidate("a", 80.0, 0.0), candidate("b", 80.0, 0.001)])
    assert sum(found.values()) == pytest.approx(1.0)
    assert 0.2 < found["a"] < 0.8


def test_the_very_same_without_scatter_stand_side_by_side():
    assert chances([candidate("a", 80.0, 0.1, 0.0), candidate("b", 80.0, 0.1, 0.0)]) == {"a": 1.0, "b": 1.0}


def test_where_the_error_of_one_is_not_known_no_chance_is_made_up():
    assert chances([candidate("a", 80.0, 0.1), Candidate("b", 70.0, 0.0, math.inf, 0.0)]) == {}
    assert chances([]) == {}


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6), networks=st.integers(1, 9))
def test_order_unit_and_scale_of_accuracy_change_nothing(seed, networks):
    given_ = some(seed, networks)
    found = chances(given_)
    assert all(0 <= chance <= 1 for chance in found.values())
    assert chances(random.Random(seed).sample(given_, len(given_))) == found
    assert chances([one._replace(accuracy=math.exp(one.accuracy / 10) - 5) for one in given_]) == found
    milliseconds = [one._replace(log=one.log + math.log(1000)) for one in given_]
    assert chances(milliseconds) == pytest.approx(found, abs=1e-3)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6), networks=st.integers(1, 9))
def test_somebody_is_on_every_front(seed, networks):
    given_ = some(seed, networks)
    found = chances(given_)
    assert sum(found.values()) >= 1 - 1e-9
    most_accurate = max(one.accuracy for one in given_)
    assert sum(found[one.label] for one in given_ if one.accuracy == most_accurate) >= 1 - 1e-9


@pytest.mark.parametrize("order", ["any", "as real ones"])
def test_among_close_rivals_a_place_is_a_member_about_as_often_as_its_chance_says(order):
    """That all of many rivals are slower is improbable for each of ten equals; that is not what is said of them."""
    said, right = [], []
    for seed in range(150):
        networks, draw = ladder(0.01, order, seed), random.Random(seed)
        true = members(networks, {name: one.log for name, one in networks.items()})
        found = chances(
            [candidate(name, one.top1, one.log + draw.gauss(0, 0.01), 0.01, 20.0) for name, one in networks.items()]
        )
        said += list(found.values())
        right += [name in true for name in found]
    for low in (0.05, 0.35, 0.65):
        here = [at for at, chance in enumerate(said) if low <= chance < low + 0.3]
        assert len(here) > 60
        gap = mean(right[at] for at in here) - mean(said[at] for at in here)
        assert abs(gap) < 0.06 + 3 * math.sqrt(0.25 / len(here))


def test_points_of_a_panel_have_their_chances():
    found = panels([record("a", (0.010, 0.011, 0.0105)), record("b", (0.020, 0.021, 0.0205))])
    shown = {point.label: point.chance for panel in found for point in panel.points}
    assert shown == {"a": pytest.approx(1.0, abs=0.01), "b": pytest.approx(0.0, abs=0.01)}


def test_in_a_crowd_the_surely_beaten_are_not_drawn_and_nothing_else_changes(monkeypatch):
    draw = random.Random(3)
    made = [
        record(f"n{number}", [draw.uniform(0.01, 0.03) * draw.gauss(1, 0.04) for _ in range(5)], top1=70.0 + number)
        for number in range(12)
    ]
    (panel,) = panels(made)
    monkeypatch.setattr("levit_bench.judge.front.points.CROWD", 0)
    (crowd,) = panels(made)
    assert [point.label for point in crowd.points] == [point.label for point in panel.points]
    for point, other in zip(panel.points, crowd.points, strict=True):
        assert other.chance == pytest.approx(point.chance, abs=0.06)
        assert other.on_front == point.on_front
