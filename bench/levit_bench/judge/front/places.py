"""What is sure about a place on the front, decided against named rivals.

Knows accuracies, best guesses and how two networks compare; refuses to know how a ratio is made.

A place is *surely beaten* when one rival that is at least as accurate is surely faster: a named one, at the level
divided by the number of such rivals. That nothing can be said of any single rival while all together leave little
chance is no evidence against a place: among close competitors the truth is often that it is on the front. A place is
*surely on the front* when every rival that is at least as accurate, and not surely beaten itself, is surely slower; it
needs every one of these tests, so their number costs nothing (Berger, *Multiparameter hypothesis testing and
acceptance sampling*, Technometrics 24, 1982).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from heapq import nsmallest
from itertools import groupby
from typing import NamedTuple

from levit_bench.judge.verdicts import Effect

BEATEN = 0.025
"""Chance, one-sided, that a place on the front is called surely beaten: that of a 95 % interval of a ratio."""
MEMBER = 0.05
"""Chance that a beaten place is called sure: all of its tests would have to err."""
SURE = 1 - MEMBER
"""How sure a sure place is."""
ACROSS = 0.5
"""Of either, where sessions are joined: their scatter is partly assumed, and if wrong, then for all places at once."""
FASTEST = 12
"""Rivals that are looked at: the fastest by the best guess. More would be paid for and seldom decide."""


class Standing(StrEnum):
    """What the data say of a network's place."""

    MEMBER = "member"
    """On the front, at the level at which places are decided."""
    OPEN = "open"
    """It may be on the front, and may be beaten; also where too few runs say which."""
    BEATEN = "beaten"
    """Dominated by another network, at the same level."""


Compare = Callable[[str, str], Effect | None]
"""Log of the time of one label over that of another; None where the data cannot say."""


class Racer(NamedTuple):
    """A network with a place."""

    label: str
    accuracy: float
    """Larger is better."""
    log: float
    """Best guess of its log time."""
    on_front: bool
    """By the best guesses."""


class Place(NamedTuple):
    """What is sure about one network's place."""

    standing: Standing
    rival: str | None = None
    """Who surely beats it; of a sure member the nearest that is surely slower; of an open place who may beat it."""


def places(racers: Sequence[Racer], compare: Compare, share: float = 1.0) -> dict[str, Place]:
    """The places by label; the order of the racers does not matter.

    Args:
        racers: of one panel, labels unique.
        compare: asked for two labels where it matters.
        share: of `BEATEN` and `MEMBER` that may be spent.
    """
    ordered = sorted(racers, key=lambda one: (-one.accuracy, one.log, one.label))
    groups = [list(group) for _, group in groupby(ordered, key=lambda one: one.accuracy)]
    found: dict[str, Place] = {}
    fastest: list[Racer] = []
    count = 0
    for group in groups:
        count += len(group)
        fastest = nsmallest(FASTEST + 1, (*fastest, *group), key=lambda other: (other.log, other.label))
        for one in group:
            rivals = [other for other in fastest if other is not one][:FASTEST]
            if not one.on_front and (by := _beats(one, rivals, count - 1, compare, share)):
                found[one.label] = Place(Standing.BEATEN, by)
    unbeaten: list[Racer] = []
    for group in groups:
        left = [one for one in group if one.label not in found]
        unbeaten = sorted((*unbeaten, *left), key=lambda other: (other.log, other.label))
        for one in left:
            found[one.label] = _member(one, unbeaten, compare, share)
    return found


def _beats(one: Racer, rivals: Sequence[Racer], count: int, compare: Compare, share: float) -> str | None:
    """The rival that is surely faster, the fastest first; None when none is. All `count` are paid for."""
    level = 1 - 2 * share * BEATEN / max(1, count)
    for rival in rivals:
        if rival.log >= one.log:
            return None
        effect = compare(one.label, rival.label)
        if effect is not None and effect.limits(level)[0] > 0:
            return rival.label
    return None


def _member(one: Racer, rivals: Sequence[Racer], compare: Compare, share: float) -> Place:
    """A sure member when all rivals are surely slower; else open, with the rival that is nearest to beating it."""
    nearest: tuple[float, str] | None = None
    for rival in rivals:
        if rival is one:
            continue
        effect = compare(one.label, rival.label)
        high = None if effect is None else effect.limits(1 - 2 * share * MEMBER)[1]
        if high is None or high >= 0 or not one.on_front:
            return Place(Standing.OPEN, rival.label)
        if nearest is None or high > nearest[0]:
            nearest = high, rival.label
    return Place(Standing.MEMBER, nearest[1] if nearest else None)
