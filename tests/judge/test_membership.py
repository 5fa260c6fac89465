"""The chance of being on the front: known answers, and what it must not depend on."""

from __future__ import annotations

import math
import random
from statistics import mean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from bench.judge.front import panels
from bench.judge.membership import Candidate, chances
from tests.making import record


def logs(*values):
    return dict(enumerate(values))


def some(seed, networks, runs, scatter=0.05):
    draw = random.Random(seed)
    common = [draw.gauss(0, 0.1) for _ in range(runs)]
    return [
        Candidate(
            f"n{number}",
            70 + draw.randrange(8),
            {run: draw.uniform(0, 0.3) + shift + draw.gauss(0, scatter) for run, shift in enumerate(common)},
        )
        for number in range(networks)
    ]


def test_networks_that_are_far_apart_are_sure():
    found = chances(
        [
            Candidate("fast", 70.0, logs(0.0, 0.01, -0.01)),
            Candidate("good", 80.0, logs(1.0, 1.01, 0.99)),
            Candidate("beaten", 75.0, logs(2.0, 2.01, 1.99)),
        ]
    )
    assert found == {"fast": 1.0, "good": 1.0, "beaten": 0.0}


def test_of_two_the_chance_is_that_of_students_t_on_their_paired_difference():
    one, other = logs(0.10, 0.32, -0.15, 0.22, 0.05), logs(0.02, 0.27, -0.16, 0.10, 0.06)
    found = chances([Candidate("accurate", 80.0, one), Candidate("other", 79.0, other)])
    differences = [other[run] - one[run] for run in one]
    below = student.cdf(-mean(differences) / (stdev(differences) / math.sqrt(5)), df=4)
    assert found["accurate"] == 1.0
    assert found["other"] == pytest.approx(below, abs=0.025)


def test_what_slowed_a_run_for_all_is_nobodys_doubt():
    shared = (0.0, 0.5, -0.4, 0.3)
    one, other = logs(*shared), logs(*(value - 0.02 for value in shared))
    assert chances([Candidate("accurate", 80.0, one), Candidate("fast", 79.0, other)])["fast"] == 1.0


def test_equals_that_cannot_be_told_apart_share_the_chance():
    one, other = logs(0.00, 0.04, -0.03, 0.01), logs(0.03, -0.02, 0.01, 0.00)
    found = chances([Candidate("a", 80.0, one), Candidate("b", 80.0, other)])
    assert sum(found.values()) == pytest.approx(1.0)
    assert 0.2 < found["a"] < 0.8


def test_the_very_same_stand_side_by_side():
    one = logs(0.1, 0.2, 0.3)
    assert chances([Candidate("a", 80.0, one), Candidate("b", 80.0, one)]) == {"a": 1.0, "b": 1.0}


@pytest.mark.parametrize("runs", [0, 1, 2])
def test_where_one_has_too_few_runs_no_chance_is_made_up(runs):
    enough = Candidate("a", 80.0, logs(0.1, 0.2, 0.3))
    assert chances([enough, Candidate("b", 70.0, logs(*(0.1 * number for number in range(runs))))]) == {}
    assert chances([]) == {}


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6), networks=st.integers(1, 9), runs=st.integers(3, 8))
def test_order_unit_and_scale_of_accuracy_change_nothing(seed, networks, runs):
    given_ = some(seed, networks, runs)
    found = chances(given_)
    assert all(0 <= chance <= 1 for chance in found.values())
    shuffled = random.Random(seed).sample(given_, len(given_))
    assert chances(shuffled) == found
    turned = [one._replace(logs=dict(reversed(one.logs.items()))) for one in given_]
    assert chances(turned) == pytest.approx(found, abs=1e-3)
    stretched = [one._replace(accuracy=math.exp(one.accuracy / 10) - 5) for one in given_]
    assert chances(stretched) == found
    milliseconds = [one._replace(logs={run: log + math.log(1000) for run, log in one.logs.items()}) for one in given_]
    assert chances(milliseconds) == pytest.approx(found, abs=1e-3)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6), networks=st.integers(1, 9))
def test_somebody_is_on_every_front(seed, networks):
    found = chances(some(seed, networks, 5))
    assert sum(found.values()) >= 1 - 1e-9
    most_accurate = max(one.accuracy for one in some(seed, networks, 5))
    assert sum(found[one.label] for one in some(seed, networks, 5) if one.accuracy == most_accurate) >= 1 - 1e-9


def test_a_chance_of_a_hundred_known_truths_is_met_as_often_as_it_says():
    """Of places given 50 to 90 %, about so many are right: known truths, drawn as the prior has them."""
    said, right = [], 0
    for seed in range(400):
        draw = random.Random(seed)
        gap = draw.uniform(-0.03, 0.03)
        accurate = Candidate("accurate", 80.0, {run: draw.gauss(0, 0.02) for run in range(5)})
        fast = Candidate("fast", 79.0, {run: gap + draw.gauss(0, 0.02) for run in range(5)})
        chance = chances([accurate, fast])["fast"]
        if 0.5 <= chance <= 0.9:
            said.append(chance)
            right += gap < 0
    assert len(said) > 60
    assert right / len(said) == pytest.approx(mean(said), abs=4 * math.sqrt(0.25 / len(said)))


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
    monkeypatch.setattr("bench.judge.front.CROWD", 0)
    (crowd,) = panels(made)
    assert [point.label for point in crowd.points] == [point.label for point in panel.points]
    for point, other in zip(panel.points, crowd.points, strict=True):
        assert other.chance == pytest.approx(point.chance, abs=0.06)
        assert other.on_front == point.on_front
