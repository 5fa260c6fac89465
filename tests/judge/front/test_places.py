"""What is sure about places: against named rivals, whatever the order, and as rarely wrong as promised."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from levit_bench.judge.front.panels import panels
from levit_bench.judge.front.places import BEATEN, MEMBER, Racer, Standing, places
from levit_bench.judge.verdicts import Effect

from tests.making import record
from tools.simulated.stores import NOISES
from tools.simulated.stores_truth import fronts


def between(racers, error, freedom=8.0):
    """How racers compare whose times are known with one error."""
    logs = {one.label: one.log for one in racers}
    return lambda one, other: Effect(logs[one] - logs[other], error, freedom, 5, "given")


def racers(*rows):
    """Label, accuracy, log; who is on the front follows."""
    return [
        Racer(label, accuracy, log, not any(right >= accuracy and time < log for _, right, time in rows))
        for label, accuracy, log in rows
    ]


def test_a_place_is_decided_against_a_named_rival():
    made = racers(("slow", 78.0, 0.3), ("good", 80.0, 0.1), ("fast", 75.0, -0.2))
    found = places(made, between(made, 0.01))
    assert {label: (one.standing, one.rival) for label, one in found.items()} == {
        "good": (Standing.MEMBER, None), "slow": (Standing.BEATEN, "good"), "fast": (Standing.MEMBER, "good"),
    }  # fmt: skip


def test_many_close_rivals_together_are_no_evidence_against_a_place():
    """Twenty rivals that each may be as fast: to beat all of them is unlikely, and nobody is known to beat it."""
    made = racers(("ours", 70.0, 0.001), *((f"n{at}", 71.0 + at, 0.0001 * at) for at in range(20)))
    assert places(made, between(made, 0.01))["ours"].standing is Standing.OPEN


def test_a_rival_is_paid_for_by_their_number():
    pair = racers(("ours", 70.0, 0.025), ("rival", 71.0, 0.0))
    crowd = [*pair, *racers(*((f"n{at}", 72.0 + at, 1.0) for at in range(50)))]
    assert places(pair, between(pair, 0.01))["ours"].standing is Standing.BEATEN
    assert places(crowd, between(crowd, 0.01))["ours"].standing is Standing.OPEN


def test_a_rival_that_is_beaten_itself_stands_in_nobodys_way():
    made = racers(("ours", 70.0, 0.0), ("near", 71.0, -0.001 + 0.3), ("good", 80.0, 0.1))
    near = [one._replace(log=0.001) if one.label == "near" else one for one in made]
    assert places(near, between(made, 0.01))["ours"].standing is Standing.MEMBER


def test_without_a_comparison_a_place_is_open():
    made = racers(("ours", 70.0, 0.0), ("rival", 71.0, 1.0))
    assert places(made, lambda _one, _other: None)["ours"].standing is Standing.OPEN


def test_two_of_one_accuracy_are_rivals_of_each_other():
    made = racers(("fast", 70.0, 0.0), ("slow", 70.0, 0.1))
    found = places(made, between(made, 0.01))
    assert (found["fast"].standing, found["slow"].standing) == (Standing.MEMBER, Standing.BEATEN)
    same = racers(("one", 70.0, 0.0), ("other", 70.0, 0.0))
    assert {one.standing for one in places(same, between(same, 0.01)).values()} == {Standing.OPEN}


crowds = st.lists(st.tuples(st.integers(60, 70), st.integers(0, 30)), min_size=1, max_size=20)


@settings(deadline=None)
@given(crowds, st.floats(0.001, 0.2), st.integers(0, 100))
def test_order_and_unit_change_nothing_and_sure_places_agree_with_the_best_guess(crowd, error, seed):
    made = racers(*((f"n{at:02d}", float(right), time / 30) for at, (right, time) in enumerate(crowd)))
    found = places(made, between(made, error))
    assert places(random.Random(seed).sample(made, len(made)), between(made, error)) == found
    moved = [one._replace(log=one.log + math.log(1000), accuracy=2**one.accuracy) for one in made]
    assert places(moved, between(made, error)) == found
    for one in made:
        assert found[one.label].standing is not (Standing.BEATEN if one.on_front else Standing.MEMBER)
    share = places(made, between(made, error), 0.5)
    assert all(found[label].standing is one.standing for label, one in share.items() if one.standing is Standing.BEATEN)


def test_a_panel_names_the_rival_that_decides():
    calm = (1.0, 1.01, 0.99)
    (panel,) = panels(
        [record("slow", [0.03 * f for f in calm], top1=78.0), record("good", [0.02 * f for f in calm], top1=80.0)]
    )
    assert {p.label: (p.standing, p.rival) for p in panel.points} == {
        "good": (Standing.MEMBER, None), "slow": (Standing.BEATEN, "good"),
    }  # fmt: skip


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("order", ["as real ones", "front"])
def test_sure_places_of_one_session_are_rarely_wrong_and_not_by_silence(noise, order):
    found = fronts(NOISES[noise], 0.01, order, 40)
    assert found.wrong <= 0.15
    assert found.right > 0.12


@pytest.mark.parametrize("noise", NOISES)
def test_sure_places_of_networks_that_two_sessions_share_out_hold_across_sessions(noise):
    found = fronts(NOISES[noise]._replace(scatter=0.02), 0.02, "as real ones", 40, sessions=2, split=True)
    assert found.wrong <= 0.15


def test_the_levels_are_those_of_the_page():
    assert (BEATEN, MEMBER) == (0.025, 0.05)


@pytest.mark.parametrize("runs", [1, 2])
def test_with_too_few_runs_every_place_that_speed_decides_is_open(runs):
    thin = [
        record("fast", (0.010, 0.0101)[:runs], top1=70.0), record("good", (0.020, 0.0201)[:runs], top1=80.0),
        record("slow", (0.021, 0.0212)[:runs], top1=75.0),
    ]  # fmt: skip
    (panel,) = panels(thin)
    # Nothing is as accurate as the good one, so no speed can beat it.
    assert {p.label: (p.standing, p.rival, p.chance) for p in panel.points} == {
        "fast": (Standing.OPEN, "good", None), "good": (Standing.MEMBER, None, None),
        "slow": (Standing.OPEN, "good", None),
    }  # fmt: skip
    assert {p.label: p.on_front for p in panel.points} == {"fast": True, "good": True, "slow": False}


def test_one_network_with_too_few_runs_leaves_the_places_of_others_as_sure_as_they_are():
    sure = [record("good", (0.010, 0.0101, 0.0099), top1=80.0), record("slow", (0.020, 0.0202, 0.0199), top1=75.0)]
    (panel,) = panels([*sure, record("thin", (0.02,), top1=60.0)])
    assert {p.label: p.standing for p in panel.points} == {
        "good": Standing.MEMBER, "slow": Standing.BEATEN, "thin": Standing.OPEN,
    }  # fmt: skip
    (panel,) = panels([*sure, record("thin", (0.0101,), top1=82.0)])
    assert {p.label: p.standing for p in panel.points} == {
        "good": Standing.OPEN, "slow": Standing.BEATEN, "thin": Standing.MEMBER,
    }  # fmt: skip
