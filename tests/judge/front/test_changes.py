"""Who joins and who leaves the front, from panels whose places are known."""

from __future__ import annotations

import re

import msgspec
import pytest
from levit_bench.errors import UsageError
from levit_bench.judge.front.changes import Move, base_of, changes, moved_from
from levit_bench.judge.front.panels import Panel, panels
from levit_bench.judge.front.places import Standing
from levit_bench.judge.front.points import Point
from levit_bench.report.front.changes import documents, heading, markdown, table
from levit_bench.report.front.table import rows
from levit_bench.report.words.panel_names import PanelNames
from rich.text import Text

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
    assert base.setting.case.runtime == "eager"
    (change,) = changes(found, base)
    assert {one.point.label: one.move for one in change.moved} == {"heavy": Move.JOINS, "plain": Move.LEAVES}
    assert (change.only_here, change.only_base) == (("odd",), ())


def test_networks_of_one_panel_alone_stand_on_a_line_of_their_own() -> None:
    found = two_runtimes()
    drawn = table(changes(found, base_of(found, {"runtime": "compile"})), found, PanelNames(found))
    assert list(drawn.columns[2].cells) == [Text("heavy\n1 not measured here")]
    again = table(changes(found, base_of(found)), found, PanelNames(found))
    assert list(again.columns[2].cells) == [Text("plain\n1 only here")]


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


def place(chance: float | None, *, on_front: bool | None = None) -> Point:
    """A point with that chance, on the front where that is likely or said."""
    (panel,) = panels([case("net", 0.01, 80.0)])
    on = (chance or 0) >= 0.5 if on_front is None else on_front
    sure = chance is None or not 0.05 < chance < 0.95
    standing = (Standing.MEMBER if on else Standing.BEATEN) if sure else Standing.OPEN
    return msgspec.structs.replace(panel.points[0], chance=chance, on_front=on, standing=standing)


def told(before: Point, now: Point) -> tuple[Move, float | None] | None:
    moved = moved_from(before, now)
    return moved and (moved.move, moved.chance)


CHANCES = (0.0, 0.04, 0.06, 0.3, 0.5, 0.7, 0.94, 0.96, 1.0)


def test_every_pair_of_places_has_one_answer_and_its_mirror() -> None:
    mirror = {Move.JOINS: Move.LEAVES, Move.MAY_JOIN: Move.MAY_LEAVE}
    mirror |= {after: before for before, after in list(mirror.items())}
    for before in map(place, CHANCES):
        for now in map(place, CHANCES):
            one, other = told(before, now), told(now, before)
            assert (one is None) == (other is None)
            if one and other:
                assert one == (mirror[other[0]], other[1])


@pytest.mark.parametrize(
    ("before", "now", "move"),
    [
        (0.0, 1.0, (Move.JOINS, 1.0)),
        (1.0, 0.0, (Move.LEAVES, 1.0)),
        (0.0, 0.3, (Move.MAY_JOIN, 0.3)),
        (1.0, 0.3, (Move.MAY_LEAVE, 0.7)),
        (0.3, 1.0, (Move.MAY_JOIN, 0.7)),
        (0.1, 0.9, (Move.MAY_JOIN, 0.81)),
        (0.4, 0.6, None),
        (0.0, 0.04, None),
        (0.96, 1.0, None),
    ],
)
def test_the_chance_of_a_move_is_that_of_both_places(
    before: float, now: float, move: tuple[Move, float] | None
) -> None:
    found = told(place(before), place(now))
    assert found == (move and (move[0], pytest.approx(move[1])))


def test_where_a_chance_is_not_known_no_move_is_sure() -> None:
    thin = place(None, on_front=True)
    assert told(place(0.0), thin) == (Move.MAY_JOIN, None)
    assert told(thin, place(0.0)) == (Move.MAY_LEAVE, None)
    assert told(place(0.7), thin) is None


def test_a_network_is_the_same_where_its_label_names_a_resolution() -> None:
    both = [case("net", 0.010, 75.0), case("net", 0.020, 80.0, resolution=288), case("fast", 0.001, 70.0)]
    alone = [case("net", 0.010, 75.0, threads=2), case("fast", 0.001, 76.0, threads=2)]
    found = panels([*both, *alone])
    (change,) = changes(found, base_of(found))
    assert [(one.move, one.point.label) for one in change.moved] == [(Move.LEAVES, "net")]
    assert (change.only_here, change.only_base) == ((), ("net@288",))


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
    assert change.moved[0].chance == pytest.approx(1 - (change.moved[0].point.chance or 0), abs=0.01)
    told = markdown([change], base, found, PanelNames(found))
    assert re.search(r"\| runtime compile \| – \| \(plain [0-9]+%\) \|", told)
    assert heading(base, PanelNames(found)) == "Against runtime eager, whose front is fast, plain, heavy"


def test_rows_for_programs_say_the_move() -> None:
    found = two_runtimes()
    told = rows(found, (), documents(changes(found, base_of(found))))
    assert {(row["network"], row["runtime"]): row["move"] for row in told if row["move"]} == {
        ("heavy", "compile"): "joins",
        ("plain", "compile"): "leaves",
    }
    assert {row["move_chance"] for row in told if row["move"]} == {1.0}
