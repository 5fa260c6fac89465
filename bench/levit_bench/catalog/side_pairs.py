"""Which cases of two sides of a gate are the same one: what differs between sides on purpose is left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

import msgspec

from levit_bench.axes import AXES, usual
from levit_bench.catalog.network_calls import without_digest
from levit_bench.records import Case, SideDifference, SideName

_Item = TypeVar("_Item")
WORKING_TREE = "the working tree in this environment"
"""What is stored as a side's name where nobody named side b."""
MERGE_BASE = "merge base with"
"""How the name begins that is stored for side a where nobody named a side; the branch follows."""


def is_named(asked: str) -> bool:
    """Whether a side's stored name is what its user wrote, and would mean the same side again."""
    return asked != WORKING_TREE and not asked.startswith(f"{MERGE_BASE} ")


def axes_of(differences: Iterable[SideDifference]) -> tuple[str, ...]:
    """The axes in which the sides of a gate differ."""
    return tuple(difference.name for difference in differences if difference.kind == "axis")


def pair_key(case: Case, axes: Collection[str] = ()) -> Case:
    """Equal for a case and its counterpart on the other side.

    Args:
        case: of either side.
        axes: those that differ between the sides on purpose.
    """
    blank = {axis.name: usual(axis.name) for axis in AXES if axis.name in axes or axis.part_of in axes}
    return msgspec.structs.replace(case, network=without_digest(case.network), side="", **blank)


def pair_name(case: Case, axes: Collection[str] = ()) -> str:
    """The name of a case and its counterpart in a few words, equal from gate to gate: without digests and sides, and
    without the axes that differ, of which the two have different values.
    """
    return " ".join([without_digest(case.network), *case.words(leave_out=("side", *axes))])


def axes_that_differ(cases: Iterable[Case]) -> tuple[str, ...]:
    """The axes of which side a has one value in all its cases, and side b another one in all of its."""
    values: dict[str, dict[str, set[object]]] = {axis.name: {"a": set(), "b": set()} for axis in AXES if axis.asked}
    for case in cases:
        if case.side in ("a", "b"):
            for name, by_side in values.items():
                by_side[case.side].add(case.value(name))
    return tuple(
        name
        for name, by_side in values.items()
        if len(by_side["a"]) == len(by_side["b"]) == 1 and by_side["a"] != by_side["b"]
    )


def paired(
    cases: Iterable[tuple[Case, _Item]], axes: Sequence[str], second: SideName = "b"
) -> dict[Case, tuple[_Item | None, _Item | None]]:
    """What belongs to each case of side a and its counterpart, in the order in which either first appears.

    Args:
        cases: cases of any side, each with what belongs to it.
        axes: those that differ between the sides on purpose.
        second: the side that is held against side a: `b`, or its `control`.
    """
    firsts: dict[Case, _Item] = {}
    seconds: dict[Case, _Item] = {}
    keys: dict[Case, None] = {}
    for case, item in cases:
        if case.side not in ("a", second):
            continue
        key = pair_key(case, axes)
        keys[key] = None
        (firsts if case.side == "a" else seconds).setdefault(key, item)
    return {key: (firsts.get(key), seconds.get(key)) for key in keys}
