"""Places on the front: member, beaten or open, decided by tests against named rivals.

A place is *surely beaten* when one rival that is at least as accurate is surely faster: a named one, at the level
divided by the number of such rivals. That no single rival is decided while all together leave little
chance is not evidence against a place: among close competitors the truth is often that it is on the front. A place is
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
"""Rivals that are tested: the fastest by the best guess. More would cost confidence and seldom decide."""


class Standing(StrEnum):
    """The decision on a network's place."""

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
    """The decision on one network's place, and its rival."""

    standing: Standing
    rival: str | None = None
    """The rival that surely beats it; of a sure member the nearest that is surely slower; else one that may beat it."""


def places(racers: Sequence[Racer], compare: Compare, share: float = 1.0) -> dict[str, Place]:
    """The places by label; the order of the racers does not matter.

    Args:
        racers: of one panel, labels unique.
        compare: called for two labels where the place depends on them.
        share: of `BEATEN` and `MEMBER` that may be spent.
    """
    ordered = sorted(racers, key=lambda racer: (-racer.accuracy, racer.log, racer.label))
    groups = [list(group) for _, group in groupby(ordered, key=lambda racer: racer.accuracy)]
    place_of: dict[str, Place] = {}
    fastest: list[Racer] = []
    count = 0
    for group in groups:
        count += len(group)
        fastest = nsmallest(FASTEST + 1, (*fastest, *group), key=lambda rival: (rival.log, rival.label))
        for racer in group:
            rivals = [rival for rival in fastest if rival is not racer][:FASTEST]
            if not racer.on_front and (by := _beats(racer, rivals, count - 1, compare, share)):
                place_of[racer.label] = Place(Standing.BEATEN, by)
    unbeaten: list[Racer] = []
    for group in groups:
        undecided = [racer for racer in group if racer.label not in place_of]
        unbeaten = sorted((*unbeaten, *undecided), key=lambda rival: (rival.log, rival.label))
        for racer in undecided:
            place_of[racer.label] = _member(racer, unbeaten, compare, share)
    return place_of


def _beats(racer: Racer, rivals: Sequence[Racer], count: int, compare: Compare, share: float) -> str | None:
    """The rival that is surely faster, the fastest first; None when none is. The level allows for all `count`."""
    level = 1 - 2 * share * BEATEN / max(1, count)
    for rival in rivals:
        if rival.log >= racer.log:
            return None
        effect = compare(racer.label, rival.label)
        if effect is not None and effect.limits(level)[0] > 0:
            return rival.label
    return None


def _member(racer: Racer, rivals: Sequence[Racer], compare: Compare, share: float) -> Place:
    """A sure member when all rivals are surely slower; else open, with the rival that is nearest to beating it."""
    nearest: tuple[float, str] | None = None
    for rival in rivals:
        if rival is racer:
            continue
        effect = compare(racer.label, rival.label)
        high = None if effect is None else effect.limits(1 - 2 * share * MEMBER)[1]
        if high is None or high >= 0 or not racer.on_front:
            return Place(Standing.OPEN, rival.label)
        if nearest is None or high > nearest[0]:
            nearest = high, rival.label
    return Place(Standing.MEMBER, nearest[1] if nearest else None)
