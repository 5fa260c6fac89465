"""Ties: who is told apart by nothing, and what that must not depend on."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from levit_bench.judge.front.pairwise_ratios import Rivalry
from levit_bench.judge.front.panels import panels
from levit_bench.judge.front.places import Standing
from levit_bench.judge.front.ties import Contender, ties
from levit_bench.judge.variance.case_sessions import Company

from tests.making import record

OPEN, MEMBER, BEATEN = Standing.OPEN, Standing.MEMBER, Standing.BEATEN


def never_apart(one, other):
    return True


def of(*rows):
    return [Contender(label, accuracy, place) for label, accuracy, place in rows]


crowds = st.lists(
    st.tuples(st.integers(7900, 8100), st.sampled_from(Standing), st.integers(1, 60), st.integers(1, 20)), max_size=25
)
"""Hundredths of a percent, places, and intervals of speed as a start and a length."""


def contenders(crowd):
    return [Contender(f"n{at:02d}", hundredths / 100, place) for at, (hundredths, place, *_) in enumerate(crowd)]


def overlap(crowd, scale=lambda speed: speed):
    ends = {f"n{at:02d}": (scale(low), scale(low + length)) for at, (*_, low, length) in enumerate(crowd)}
    return lambda one, other: ends[one][0] <= ends[other][1] and ends[other][0] <= ends[one][1]


@given(crowds)
def test_ties_agree_with_their_definition(crowd):
    given_, is_open = contenders(crowd), overlap(crowd)
    found = ties(given_, is_open)
    for one in given_:
        for other in given_:
            close = abs(round(10 * round(one.accuracy, 1)) - round(10 * round(other.accuracy, 1))) <= 1
            places = {one.standing, other.standing}
            wanted = one is not other and close and OPEN in places and BEATEN not in places
            assert (other.label in found.get(one.label, ())) is (wanted and is_open(one.label, other.label))


@given(crowds, st.randoms(use_true_random=False))
def test_the_order_of_the_contenders_changes_nothing(crowd, rng):
    given_, is_open = contenders(crowd), overlap(crowd)
    assert ties(rng.sample(given_, len(given_)), is_open) == ties(given_, is_open)


@given(crowds)
def test_no_monotone_rescaling_of_speed_changes_anything(crowd):
    given_ = contenders(crowd)
    assert ties(given_, overlap(crowd, lambda speed: speed**3 + 5)) == ties(given_, overlap(crowd))
    assert ties(given_, overlap(crowd, lambda speed: -1 / speed)) == ties(given_, overlap(crowd))


@given(crowds)
def test_ties_are_mutual_and_the_most_accurate_come_first(crowd):
    given_ = {one.label: one for one in contenders(crowd)}
    found = ties(given_.values(), overlap(crowd))
    for label, others in found.items():
        assert all(label in found[other] for other in others)
        assert list(others) == sorted(others, key=lambda other: (-given_[other].accuracy, other))
        assert others


def test_speeds_are_compared_only_where_that_decides():
    asked = []
    ties(
        of(("a", 80.0, OPEN), ("b", 80.0, MEMBER), ("far", 79.0, OPEN), ("beaten", 80.0, BEATEN), ("c", 79.0, MEMBER)),
        lambda *labels: bool(asked.append(labels)),
    )
    assert asked == [("a", "b"), ("c", "far")]


@pytest.mark.parametrize(
    ("one", "other", "tie"),
    [(81.6, 81.51, True), (81.6, 81.5, True), (80.0, 79.9, True), (80.0, 79.86, True), (80.0, 79.84, False)],
)
def test_almost_the_same_accuracy_is_a_tenth_of_a_percent_as_it_is_shown(one, other, tie):
    assert bool(ties(of(("a", one, MEMBER), ("b", other, OPEN)), never_apart)) is tie


def test_a_chain_of_ties_ties_its_ends_with_nobody_but_the_middle():
    found = ties(of(("a", 80.2, OPEN), ("b", 80.1, OPEN), ("c", 80.0, OPEN)), never_apart)
    assert found == {"a": ("b",), "b": ("a", "c"), "c": ("b",)}


def close_race(seed, power=1.0, factor=1.0):
    draw = random.Random(seed)
    common = [draw.uniform(0.9, 1.1) for _ in range(5)]
    return [
        record(
            f"n{number}", [factor * (speed * run * draw.gauss(1, 0.02)) ** power for run in common],
            yardsticks=[factor * (0.007 * run) ** power for run in common], top1=round(79 + 0.06 * number, 2),
        )
        for number, speed in enumerate((0.0100, 0.0101, 0.0102, 0.0103, 0.0120, 0.0121))
    ]  # fmt: skip


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), power=st.sampled_from([0.5, 2.0]))
def test_points_tie_when_their_paired_ratio_holds_one_in_any_unit_and_on_any_scale_of_logs(seed, power):
    made = close_race(seed)
    (panel,) = panels(made)
    cases = {one.case.network: [one] for one in made}
    rivalry = Rivalry(cases, Company({}), across=False)
    for point in panel.points:
        for other in point.tied_with:
            ratio = rivalry.ratio(point.label, other)
            assert ratio is not None
            assert ratio.may_be_one
    (scaled,) = panels(close_race(seed, power, 1000.0))
    standings = {point.label: point.standing for point in panel.points}
    if {point.label: point.standing for point in scaled.points} == standings:
        assert {p.label: p.tied_with for p in scaled.points} == {p.label: p.tied_with for p in panel.points}
    (shuffled,) = panels(random.Random(seed).sample(made, len(made)))
    assert shuffled == panel


def test_equals_tie_and_with_too_few_runs_nothing_is_said():
    one, other = (0.0100, 0.0104, 0.0101, 0.0099), (0.0101, 0.0100, 0.0103, 0.0100)
    (panel,) = panels([record("a", one), record("b", other), record("slow", [0.02 * s for s in (1, 1.01, 0.99, 1)])])
    assert {point.label: point.tied_with for point in panel.points} == {"a": ("b",), "b": ("a",), "slow": ()}
    (thin,) = panels([record("a", one[:2]), record("b", other[:2])])
    assert [point.tied_with for point in thin.points] == [(), ()]
    assert {point.standing for point in thin.points} == {OPEN}


def test_networks_of_different_sessions_tie_when_their_intervals_overlap():
    runs = (0.0100, 0.0104, 0.0097, 0.0101)
    (panel,) = panels([record("a", runs), record("b", runs, session="s2"), record("c", runs[::-1], session="s2")])
    assert {point.label for point in panel.points if "a" in point.tied_with} == {"b", "c"}
