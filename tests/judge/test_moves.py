"""Who joins and who leaves the front, from panels whose places are known."""

from __future__ import annotations

import pytest

from bench.errors import UsageError
from bench.judge.front import Panel, panels
from bench.judge.membership import Standing
from bench.judge.moves import Move, base_of, changes, moved_from
from bench.report.moves import documents, heading, markdown
from bench.report.table import rows
from tests.making import record

SURE = (0.99, 1.0, 1.01)


def case(network: str, seconds: float, top1: float, **fields: object) -> object:
    return record(network, [seconds * factor for factor in SURE], top1=top1, **fields)


def two_runtimes() -> list[Panel]:
    """Compiled, `heavy` overtakes `plain`, and `odd` is there alone."""
    return list(
        panels(
            [
                case("fast", 0.010, 75.0), case("plain", 0.020, 80.0), case("heavy", 0.040, 80.0),
                case("fast", 0.010, 75.0, runtime="compile"), case("plain", 0.020, 80.0, runtime="compile"),
                case("heavy", 0.015, 80.0, runtime="compile"), case("odd", 0.9, 70.0, runtime="compile"),
            ]
        )
    )  # fmt: skip


def test_a_network_that_overtakes_another_joins_and_the_other_leaves() -> None:
    found = two_runtimes()
    base = base_of(found)
    assert base.setting.runtime == "eager"
    (change,) = changes(found, base)
    assert {one.point.label: one.move for one in change.moved} == {"heavy": Move.JOINS, "plain": Move.LEAVES}
    assert (change.only_here, change.only_base) == (("odd",), ())


def test_the_base_may_be_chosen_and_then_the_moves_are_the_other_way_round() -> None:
    found = two_runtimes()
    base = base_of(found, {"runtime": "compile"})
    (change,) = changes(found, base)
    assert {one.point.label: one.move for one in change.moved} == {"heavy": Move.LEAVES, "plain": Move.JOINS}
    assert change.only_base == ("odd",)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"runtime": "onnx"}, "--base runtime=onnx: no panel has it; it is compile, eager"),
        ({"colour": "red"}, "the fields are machine, device"),
    ],
)
def test_a_base_that_is_not_there_is_refused(wanted: dict[str, str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        base_of(two_runtimes(), wanted)


def test_every_pair_of_places_has_one_answer_and_its_mirror() -> None:
    mirror = {Move.JOINS: Move.LEAVES, Move.MAY_JOIN: Move.MAY_LEAVE, None: None}
    mirror |= {after: before for before, after in list(mirror.items())}
    for before in Standing:
        for now in Standing:
            assert moved_from(now, before) == mirror[moved_from(before, now)]
    assert moved_from(Standing.BEATEN, Standing.OPEN) is Move.MAY_JOIN


def test_an_open_place_is_told_with_its_chance() -> None:
    found = list(
        panels(
            [
                case("fast", 0.010, 75.0), case("plain", 0.020, 80.0), case("heavy", 0.040, 80.5),
                case("fast", 0.010, 75.0, runtime="compile"), case("heavy", 0.0398, 80.5, runtime="compile"),
                record("plain", [0.030, 0.0401, 0.052], top1=80.0, runtime="compile"),
            ]
        )
    )  # fmt: skip
    base = base_of(found)
    (change,) = changes(found, base)
    assert [one.move for one in change.moved] == [Move.MAY_LEAVE]
    told = markdown([change], base, found)
    assert "| runtime compile | – | (plain " in told
    assert "%)" in told
    assert heading(base, found) == "Against runtime eager, whose front is fast, plain, heavy"


def test_rows_for_programs_say_the_move() -> None:
    found = two_runtimes()
    told = rows(found, (), documents(changes(found, base_of(found))))
    assert {(row["network"], row["runtime"]): row["move"] for row in told if row["move"]} == {
        ("heavy", "compile"): "joins",
        ("plain", "compile"): "leaves",
    }
