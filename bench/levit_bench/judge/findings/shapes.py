"""Shapes of a series of numbers, a slope, two groups or a step: pure functions on numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import fmean, median
from typing import NamedTuple


class Line(NamedTuple):
    """A straight line through points, and how far they lie from it."""

    change: float
    """What the line gains from the first point to the last."""
    error: float
    """Standard error of the change, from the points' scatter about the line; 0 for points that lie on it."""
    left: float
    """Sum of squares about the line."""
    per: float
    """The error for a scatter of one."""


class LevelShift(NamedTuple):
    """Two levels, one after the other."""

    rise: float
    """From the median of the first to that of the second."""
    left: float
    """Sum of squares about the two means."""
    place: int
    """Values on the first level."""
    error: float
    """Standard error of the rise, from the scatter about both levels."""


class Groups(NamedTuple):
    """Values cut in two where the halves scatter least."""

    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def distance(self) -> float:
        """From the middle of one to the middle of the other."""
        return median(self.high) - median(self.low)

    @property
    def scatter(self) -> float:
        """Standard deviation within the groups."""
        return math.sqrt((squares(self.low) + squares(self.high)) / max(1, len(self.low) + len(self.high) - 2))


def line(times: Sequence[float], values: Sequence[float]) -> Line | None:
    """Theil and Sen's line: the median of the slopes of all pairs. None for fewer than three times.

    Source: Sen, *Estimates of the regression coefficient based on Kendall's tau*, JASA 1968. A wild point or two move
    it little. The error is that of least squares with the scatter about this line.
    """
    if len(set(times)) < 3:
        return None
    slopes = [(b - a) / (t - s) for (s, a), (t, b) in combinations(zip(times, values, strict=True), 2) if t != s]
    slope = median(slopes)
    residual = squares([value - slope * time for time, value in zip(times, values, strict=True)])
    length = max(times) - min(times)
    per = length / math.sqrt(squares(times))
    return Line(slope * length, math.sqrt(residual / (len(values) - 2)) * per, residual, per)


def groups(values: Sequence[float]) -> Groups | None:
    """Cut values in two where the squares within are least; None when fewer than two differ."""
    ordered, n = sorted(values), len(values)
    if n < 2 or ordered[0] == ordered[-1]:
        return None
    # Sums about the middle: logs of durations differ in the third digit, and squares of the whole would cancel.
    centred = [value - ordered[n // 2] for value in ordered]
    total, below, best, cut = sum(centred), 0.0, -math.inf, 1
    for size in range(1, n):
        below += centred[size - 1]
        between = below**2 / size + (total - below) ** 2 / (n - size)
        if between > best and ordered[size] > ordered[size - 1]:
            best, cut = between, size
    return Groups(tuple(ordered[:cut]), tuple(ordered[cut:]))


def step(values: Sequence[float], fewest: int) -> LevelShift | None:
    """The one step, up or down, that leaves least scatter about two levels, with `fewest` values on either side."""
    places = range(fewest, len(values) - fewest + 1)
    return min((_step(values, place) for place in places), key=lambda shift: shift.left, default=None)


def _step(values: Sequence[float], place: int) -> LevelShift:
    before, after, n = values[:place], values[place:], len(values)
    residual = squares(before) + squares(after)
    error = math.sqrt(residual / max(1, n - 2) * (1 / place + 1 / (n - place)))
    return LevelShift(median(after) - median(before), residual, place, error)


def squares(values: Sequence[float]) -> float:
    """Sum of the squared distances from the mean."""
    middle = fmean(values)
    return math.fsum((value - middle) ** 2 for value in values)


def root_mean_square(deviations: Sequence[float]) -> float:
    """Root mean square of standard deviations; 0 for none."""
    return math.sqrt(fmean(d * d for d in deviations)) if deviations else 0.0


def scatter(values: Sequence[float]) -> float:
    """Standard deviation; 0 for fewer than two values."""
    return math.sqrt(squares(values) / (len(values) - 1)) if len(values) > 1 else 0.0
