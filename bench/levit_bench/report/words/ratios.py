"""Ratios of times, their limits and detectable slowdowns as text."""

from __future__ import annotations

from levit_bench.judge.verdicts import Comparison, percent_above
from levit_bench.numbers.units import significant
from levit_bench.records import Estimate

UNKNOWN = "–"
"""In place of a figure that the data do not give."""


def limits_words(ratio: Estimate) -> str:
    """Both limits of a ratio: `1.07 to 1.17`."""
    return f"{beside_one(ratio.low)} to {beside_one(ratio.high)}"


def ratio_figures(comparison: Comparison | None) -> tuple[str, str, str]:
    """Ratio, limits and detectable slowdown for the columns of a table."""
    if comparison is None or comparison.ratio is None:
        return UNKNOWN, UNKNOWN, UNKNOWN
    least = comparison.detectable
    detectable = UNKNOWN if least is None else percent_above(least)
    return significant(comparison.ratio.value), limits_words(comparison.ratio), detectable


def beside_one(value: float) -> str:
    """Three digits, or as many as show on which side of 1 the value lies."""
    shown = significant(value)
    for digits in range(4, 10):
        if value == 1 or (float(shown) - 1) * (value - 1) > 0:
            break
        shown = significant(value, digits)
    return shown
