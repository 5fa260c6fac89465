"""Series of made-up nights with known changes, in the shapes that stored ones have."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Logs = NDArray[np.float64]


class Noise(NamedTuple):
    """How nights of unchanged code scatter."""

    name: str
    deviation: float
    """Standard deviation between nights, in log units."""
    tails: float = 0.0
    """Degrees of freedom of Student's t; 0 for a normal one."""
    states: float = 0.0
    """Share of nights that are slow by `SLOW`."""
    wander: float = 0.0
    """Standard deviation of what each night adds to the level, for good."""
    missing: float = 0.0
    """Share of nights without a session."""


SLOW = 0.05
"""What a slow state costs, in log units."""
NOISES = (
    Noise("quiet", 0.005),
    Noise("usual", 0.012),
    Noise("noisy", 0.025),
    Noise("heavy tails", 0.012, tails=3.0),
    Noise("two states", 0.008, states=0.2),
    Noise("drift", 0.010, wander=0.001),
    Noise("missing nights", 0.012, missing=0.3),
)


class Planted(NamedTuple):
    """A series with its truth."""

    logs: Logs
    """Of the nights that have a session."""
    level: Logs
    """The true level on each of them."""
    changes: tuple[int, ...]
    """Index of the first such night after each change."""
    dates: NDArray[np.int64]
    """Number of the night of each, with those without a session counted."""


def nights(noise: Noise, count: int, rng: np.random.Generator) -> Planted:
    """Nights of unchanged code."""
    return planted(noise, count, 0.0, 0, rng)


def planted(noise: Noise, count: int, size: float, changes: int, rng: np.random.Generator) -> Planted:
    """Nights with so many changes of a size, up or down, about evenly spread.

    Args:
        noise: of the nights.
        count: nights, with those without a session.
        size: as a share of the time.
        changes: how many.
        rng: draws everything.
    """
    level, step = np.cumsum(noise.wander * rng.standard_normal(count)), float(np.log1p(size))
    spacing, at_nights, above = count // (changes + 1), [], 0.0
    for number in range(changes):
        at = spacing * (number + 1) + int(rng.integers(-spacing // 5, spacing // 5 + 1))
        # Back where the level was, or further away: regressions are mended, and others follow.
        sign = -np.sign(above) if above and rng.random() < 0.5 else rng.choice((-1.0, 1.0))
        level[at:] += sign * step
        above += sign * step
        at_nights.append(at)
    logs = level + _scatter(noise, count, rng)
    dates = np.flatnonzero(rng.random(count) >= noise.missing)
    firsts = tuple(int(np.searchsorted(dates, at)) for at in at_nights)
    return Planted(logs[dates], level[dates], firsts, dates)


def _scatter(noise: Noise, count: int, rng: np.random.Generator) -> Logs:
    if noise.tails:
        scale = noise.deviation / np.sqrt(noise.tails / (noise.tails - 2))
        logs = scale * rng.standard_t(noise.tails, count)
    else:
        logs = noise.deviation * rng.standard_normal(count)
    return np.asarray(logs + SLOW * (rng.random(count) < noise.states))
