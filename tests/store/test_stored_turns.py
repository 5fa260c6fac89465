"""Turns in their compact form: equal to the turns they were made of, to the last digit, and with the same figures."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.judge.estimates import by_round, log_median
from levit_bench.judge.throughput import log_seconds
from levit_bench.records import TurnLine
from levit_bench.store import stored_turns
from levit_bench.store.stored_turns import StoredTurns, TurnFigures, packed

from tests.making import turn

PASSES = st.lists(st.floats(1e-9, 1e6, exclude_min=True), min_size=1, max_size=6).map(tuple)
COUNTS = st.none() | st.integers(0, 10**15)
SECONDS = st.none() | st.floats(0, 1e9)
TURNS = st.lists(
    st.builds(
        TurnLine, run=st.just(3), case=st.just("c"), round=st.integers(0, 10**6), position=st.integers(0, 10**6),
        seat=st.integers(0, 99), at_s=st.floats(0, 1e9), settle_s=st.just(()) | PASSES, duration_s=PASSES,
        minor_faults=COUNTS, major_faults=COUNTS, cpu_s=SECONDS, device_s=st.just(()) | PASSES, others_cpu_s=SECONDS,
        witness_s=st.none() | PASSES.map(min),
    ),
    max_size=5, unique_by=lambda each: each.round,
).map(tuple)  # fmt: skip


def _stored(turns: Iterable[TurnLine]) -> StoredTurns:
    turns = list(turns)
    return StoredTurns("c", 3, TurnFigures.of(turns), packed(turns))


@given(TURNS)
def test_every_turn_comes_back_as_it_was(turns: tuple[TurnLine, ...]) -> None:
    stored = _stored(turns)
    assert tuple(stored) == turns
    assert (stored == turns, turns == stored, stored == _stored(turns)) == (True, True, True)
    assert (len(stored), bool(stored), repr(stored)) == (len(turns), bool(turns), repr(turns))
    assert (stored[1:], [*reversed(stored)]) == (turns[1:], [*reversed(turns)])
    assert [type(value) for each in stored for value in (each.at_s, each.settle_s, each.duration_s, each.device_s)] == [
        type(value) for each in turns for value in (each.at_s, each.settle_s, each.duration_s, each.device_s)
    ]


@given(TURNS)
def test_the_figures_are_those_of_the_turns(turns: tuple[TurnLine, ...]) -> None:
    stored = _stored(turns)
    assert by_round(stored) == by_round(turns)
    assert [*by_round(stored)] == [*by_round(turns)]
    assert log_median(stored) == log_median(turns)
    assert log_seconds(stored, 4) == log_seconds(turns, 4)
    if all(len(each.duration_s) % 2 == 0 for each in turns):
        assert log_seconds(stored, 4, 2) == log_seconds(turns, 4, 2)


def test_other_turns_are_not_equal() -> None:
    one, other = (turn(0.01, run=3), turn(0.02, run=3, number=1)), (turn(0.01, run=3), turn(0.03, run=3, number=1))
    assert _stored(one) != other
    assert _stored(one) != one[:1]
    assert _stored(one) != "turns"


def test_turns_that_are_made_again_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_turns, "_MOST_MADE", 2)
    groups = [(turn(0.01 * number, run=3),) for number in range(1, 9)]
    stored = [_stored(group) for group in groups]
    for _ in range(3):
        assert [tuple(each) for each in stored] == groups
    assert sum(each._turns is not None for each in stored) <= 2


def test_a_figure_without_passes_is_absent() -> None:
    assert _stored([]).figures == TurnFigures([], [], None, 0, 0.0)
    assert math.isfinite(_stored([turn(0.01, run=3)]).figures.total_s)
