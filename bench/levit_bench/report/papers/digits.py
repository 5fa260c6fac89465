"""Numbers in as many digits as their interval supports."""

from __future__ import annotations

import math
from typing import NamedTuple

from levit_bench.numbers.units import significant
from levit_bench.records import Estimate

_UNBOUNDED = 2
"""Significant digits of a value whose interval the data cannot bound."""


class Figures(NamedTuple):
    """A value and both limits as text, all to the same decimal."""

    value: str
    low: str
    """Empty where the data cannot bound it."""
    high: str


def figures(estimate: Estimate, scale: float = 1.0) -> Figures:
    """An estimate to the decimal at which its interval begins to matter.

    The half-width keeps two digits where the first is 1 or 2, and else one, much as the Particle Data Group rounds.

    Args:
        estimate: the value with its limits.
        scale: the unit to write it in, such as 1e-3 for milliseconds.
    """
    value, low, high = (part / scale for part in (estimate.value, estimate.low, estimate.high))
    half = (high - low) / 2
    if not (math.isfinite(half) and half > 0):
        return Figures(significant(value, _UNBOUNDED), "", "")
    power = math.floor(math.log10(half))
    decimals = -power + (1 if half / 10.0**power < 3 else 0)
    shown = max(0, decimals)
    low_text, high_text = (f"{round(part, decimals):.{shown}f}" for part in (low, high))
    return Figures(f"{round(value, decimals):.{shown}f}", low_text, high_text)
