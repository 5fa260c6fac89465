"""Which cases of two sides are one, and what their pair is called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from levit_bench.axes import AXES
from levit_bench.catalog.side_pairs import axes_that_differ, pair_key, pair_name, paired
from levit_bench.records import Case, SideName

VALUES: dict[str, tuple[Any, Any]] = {
    "resolution": (64, 96),
    "batch": (1, 8),
    "threads": (1, 2),
    "streams": (1, 2),
    "allocator": ("pinned", "shipped"),
    "form": ("shipped", "inference"),
    "precision": ("fp32", "bf16"),
    "runtime": ("eager", "onnxruntime"),
    "device": ("cpu", "cuda"),
}
"""Of each axis that a side may name, two values; the first is the usual one, or none is."""


def made(side: SideName, network: str = "nets.py:build#94d38b", **fields: Any) -> Case:
    return Case(network=network, side=side, **{"resolution": 224, **fields})


def sides() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name, (first, second) in VALUES.items():
        yield name, {name: first}, {name: second}
        yield name, {name: second}, {name: first}
    yield "resolution", {"resolution": 64}, {"resolution": 64, "width": 96}
    yield "resolution", {"resolution": 48, "width": 64}, {"resolution": 64, "width": 48}


def test_every_axis_that_a_side_may_name_is_tried() -> None:
    assert set(VALUES) == {axis.name for axis in AXES if axis.asked}


@pytest.mark.parametrize(("axis", "first", "second"), list(sides()), ids=str)
def test_cases_that_differ_in_the_axis_of_their_sides_are_one_pair(
    axis: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    one, other = made("a", **first), made("b", "nets.py:build#56f303", **second)
    assert axes_that_differ([one, other]) == (axis,)
    assert paired([(one, 1), (other, 2)], (axis,)) == {pair_key(one, (axis,)): (1, 2)}
    assert paired([(one, 1), (other, 2)], ()) == {pair_key(one): (1, None), pair_key(other): (None, 2)}
    name = pair_name(pair_key(one, (axis,)), (axis,))
    assert name == pair_name(one, (axis,)) == pair_name(other, (axis,)), "either case has the name of the pair"
    words = {"resolution": "64px", "batch": "b1", "threads": "t1", "allocator": "pinned"}
    everything = ["nets.py:build", "224px", "b1", "t1", "pinned"]
    hidden = "224px" if axis == "resolution" else words.get(axis)
    assert name.split() == " ".join(word for word in everything if word != hidden).split()


def test_an_image_that_is_not_square_has_its_size_in_the_name_where_the_sides_agree_on_it() -> None:
    assert pair_name(made("a", resolution=64, width=96)) == "nets.py:build 64x96px b1 t1 pinned"
