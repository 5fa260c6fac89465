"""Statistics of the passes of a case, as formats want them that describe single passes and not runs.

They say how passes scatter, not how sure a latency is: passes of one process share its state, and the intervals of this
suite are over fresh runs (`levit_bench.judge.estimates`).
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

_FENCE = 1.5
"""Interquartile ranges from the quartiles to Tukey's fences."""


class PassStatistics(NamedTuple):
    """What pytest-benchmark 5.3 says of the rounds of a benchmark, in its names; times in seconds."""

    min: float
    max: float
    mean: float
    stddev: float
    """Standard deviation over passes; 0 of a single one."""
    rounds: int
    """Number of passes."""
    median: float
    iqr: float
    """`q3 - q1`."""
    q1: float
    q3: float
    iqr_outliers: int
    """Passes beyond 1.5 interquartile ranges from the quartiles."""
    stddev_outliers: int
    """Passes beyond one standard deviation from the mean."""
    outliers: str
    """Both numbers of outliers, as `stddev_outliers;iqr_outliers`."""
    ld15iqr: float
    """The shortest pass within the fences."""
    hd15iqr: float
    """The longest pass within the fences."""
    total: float


def pass_statistics(duration_s: Sequence[float]) -> PassStatistics:
    """The statistics of at least one pass, in seconds, defined as pytest-benchmark 5.3 defines them.

    Raises:
        ValueError: there is no pass.
    """
    if not duration_s:
        raise ValueError("no passes")
    ordered = sorted(duration_s)
    mean = statistics.fmean(ordered)
    stddev = statistics.stdev(ordered) if len(ordered) > 1 else 0.0
    q1, q3 = quartiles(ordered)
    low, high = q1 - _FENCE * (q3 - q1), q3 + _FENCE * (q3 - q1)
    beyond_fences, beyond_deviation = beyond(ordered, low, high), beyond(ordered, mean - stddev, mean + stddev)
    return PassStatistics(
        min=ordered[0], max=ordered[-1], mean=mean, stddev=stddev, rounds=len(ordered),
        median=statistics.median(ordered), iqr=q3 - q1, q1=q1, q3=q3, iqr_outliers=beyond_fences,
        stddev_outliers=beyond_deviation, outliers=f"{beyond_deviation};{beyond_fences}",
        ld15iqr=ordered[bisect_left(ordered, low)], hd15iqr=ordered[bisect_right(ordered, high) - 1],
        total=math.fsum(ordered),
    )  # fmt: skip


def quartiles(ordered: Sequence[float]) -> tuple[float, float]:
    """The first and the third quartile of ascending values: the medians of the two halves.

    Of an odd number the middle value belongs to both halves by a quarter and three quarters: *method 4* of Langford,
    *Quartiles in Elementary Statistics*, Journal of Statistics Education 14 (2006).
    """
    n = len(ordered)
    if n == 1:
        return ordered[0], ordered[0]
    if n % 2 == 0:
        return statistics.median(ordered[: n // 2]), statistics.median(ordered[n // 2 :])
    k = n // 4
    if n % 4 == 1:
        return 0.25 * ordered[k - 1] + 0.75 * ordered[k], 0.75 * ordered[3 * k] + 0.25 * ordered[3 * k + 1]
    return 0.75 * ordered[k] + 0.25 * ordered[k + 1], 0.25 * ordered[3 * k + 1] + 0.75 * ordered[3 * k + 2]


def beyond(values: Sequence[float], low: float, high: float) -> int:
    """How many values are below one limit or above the other."""
    return sum(value < low or value > high for value in values)
