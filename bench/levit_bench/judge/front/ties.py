"""Ties: networks that differ in neither top-1 nor speed as far as the data show, so that either may be on the front."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from levit_bench.judge.front.places import Standing

DIGITS = 1
"""Decimals of top-1 that are published, shown and compared: half a unit is 25 of 50 000 images."""
ALMOST = 1
"""Units of the last of them by which two accuracies may differ that count as almost the same: 50 of 50 000 images, less
than one standard error (0.14 %) of the difference of two networks that disagree on every tenth image."""


class Contender(NamedTuple):
    """A network that may tie with others."""

    label: str
    accuracy: float
    """Percent."""
    standing: Standing
    """The decision on its place on the front."""


def ties(contenders: Iterable[Contender], is_open: Callable[[str, str], bool]) -> dict[str, tuple[str, ...]]:
    """For each label those that it ties with, the most accurate first, then by name; absent where there are none.

    Two tie when all of this holds: their accuracies, to `DIGITS` decimals, differ by at most `ALMOST` units; the data
    leave open which of them is faster; and the place of at least one of them is open, and neither is surely beaten.
    So a network that is beaten by a third has no ties, and where all places are sure there are none.

    Symmetric, and not transitive: the first may be faster than the third for sure, and the second tie with both. The
    order of the contenders does not matter. Speeds matter only through `is_open`.

    Args:
        contenders: of one panel, labels unique.
        is_open: whether the interval of the ratio of the times of two labels holds 1; called where needed.
    """
    units = 10**DIGITS
    unbeaten = sorted(
        (c for c in contenders if c.standing is not Standing.BEATEN), key=lambda c: (-c.accuracy, c.label)
    )
    accuracies = [round(units * round(c.accuracy, DIGITS)) for c in unbeaten]
    ties_of: dict[str, list[str]] = {}
    for at, first in enumerate(unbeaten):
        for second, second_accuracy in zip(unbeaten[at + 1 :], accuracies[at + 1 :], strict=True):
            if accuracies[at] - second_accuracy > ALMOST:
                break
            if Standing.OPEN in (first.standing, second.standing) and is_open(first.label, second.label):
                ties_of.setdefault(first.label, []).append(second.label)
                ties_of.setdefault(second.label, []).append(first.label)
    place = {c.label: number for number, c in enumerate(unbeaten)}
    return {label: tuple(sorted(labels, key=place.__getitem__)) for label, labels in ties_of.items()}
