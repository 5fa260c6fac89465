"""Ties: networks that neither top-1 nor speed tells apart, so that nobody can say which of them is on the front.

Knows accuracies, and what the data say of each place; refuses to know how speeds are compared and how a tie is drawn.
"""

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
    """What the data say of its place on the front."""


def ties(contenders: Iterable[Contender], is_open: Callable[[str, str], bool]) -> dict[str, tuple[str, ...]]:
    """For each label those that it ties with, the most accurate first, then by name; absent where there are none.

    Two tie when all of this holds: their accuracies, to `DIGITS` decimals, differ by at most `ALMOST` units; the data
    leave open which of them is faster; and they leave open the place of one of them at least, and of neither say that
    it is surely beaten. So what is beaten by a third ties with nobody, and where all places are sure nobody ties.

    Symmetric, and not transitive: the first may be faster than the third for sure, and the second tie with both. The
    order of the contenders does not matter. Speeds matter only through `is_open`.

    Args:
        contenders: of one panel, labels unique.
        is_open: whether the interval of the ratio of the times of two labels holds 1; asked only where it decides.
    """
    units = 10**DIGITS
    kept = sorted((c for c in contenders if c.standing is not Standing.BEATEN), key=lambda c: (-c.accuracy, c.label))
    shown = [round(units * round(c.accuracy, DIGITS)) for c in kept]
    found: dict[str, list[str]] = {}
    for at, one in enumerate(kept):
        for other, its in zip(kept[at + 1 :], shown[at + 1 :], strict=True):
            if shown[at] - its > ALMOST:
                break
            if Standing.OPEN in (one.standing, other.standing) and is_open(one.label, other.label):
                found.setdefault(one.label, []).append(other.label)
                found.setdefault(other.label, []).append(one.label)
    place = {c.label: number for number, c in enumerate(kept)}
    return {label: tuple(sorted(others, key=place.__getitem__)) for label, others in found.items()}
