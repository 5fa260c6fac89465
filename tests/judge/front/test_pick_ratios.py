"""The fastest of several candidates: by pairs where they decide, by the best estimates where they do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.judge.front.panels import panels
from levit_bench.judge.front.pick_ratios import PickRatios
from levit_bench.judge.front.points import Point
from levit_bench.judge.paired_ratio import Ratio

from tests.making import record

POINTS = panels([record(name, (0.008, 0.01, 0.0125), top1=80.0) for name in "abcd"])[0].points
BY_NAME = {point.label: point for point in POINTS}


class _Told(PickRatios):
    """Pairs whose decisions are given: the first of each is surely faster than the second."""

    def __init__(self, *faster: str) -> None:
        super().__init__("latency", {}, {})
        self.faster = faster

    def ratio(self, numerator: Point, denominator: Point) -> Ratio:
        """A tenth of the time, ten times it, or an open ratio."""
        both = numerator.label + denominator.label
        value = 0.1 if both in self.faster else 10.0 if both[::-1] in self.faster else 1.0
        return Ratio(value, value * 0.9, value * 1.1, 3)


@pytest.mark.parametrize(
    ("faster", "fastest"),
    [
        ((), "a"),
        (("ba",), "b"),
        (("ba", "cb"), "c"),
        (("ca",), "c"),
        (("cb",), "a"),  # who is not the first needs no pair
        (("ba", "cb", "ac"), "c"),  # pairs that contradict each other have an answer, too
    ],
)
def test_the_fastest_is_the_first_that_no_other_is_surely_faster_than(faster: tuple[str, ...], fastest: str) -> None:
    assert _Told(*faster).fastest(POINTS).label == fastest


@given(st.permutations("abcd"), st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(lambda p: p[0] < p[1])))
def test_none_is_surely_faster_than_the_fastest_where_pairs_agree_among_each_other(
    order: list[str], decided: set[tuple[int, int]]
) -> None:
    told = _Told(*(order[first] + order[second] for first, second in decided))
    fastest = told.fastest(POINTS)
    assert not any(told.ratio(point, fastest).high < 1 for point in POINTS if point is not fastest)


def test_of_intervals_that_are_apart_no_pair_is_asked() -> None:
    slow = panels([record("slow", (0.08, 0.1, 0.125), top1=80.0)])[0].points[0]
    assert _Told().fastest([BY_NAME["a"], slow]).label == "a"

    class _Refusing(PickRatios):
        def ratio(self, numerator: Point, denominator: Point) -> Ratio:
            raise AssertionError("a pair was asked")

    assert _Refusing("latency", {}, {}).fastest([BY_NAME["a"], slow]).label == "a"
