"""How sure a network's place on the front is: the chance that nothing beats it, given the scatter of the runs.

Knows accuracies and paired log ratios; refuses to know how a front is drawn and whose the numbers are.

Speeds are uncertain together: a run that was slow was slow for all. So a draw moves every network by the same runs: its
mean, plus the sum over runs of its deviation in that run times a normal number that belongs to the run, widened by one
chi-square draw. For one network this is Student's t about its mean, as its interval is; for the difference of two it is
Student's t about their paired difference. Published accuracies are exact for their set of images, and are not moved.
Source: Box & Tiao, *Bayesian Inference in Statistical Analysis* (1973), section 8.2: the posterior of the mean vector
under the noninformative prior is a multivariate t.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri

from bench.budget import MIN_RUNS

DRAWS = 4000
"""A chance is known to 0.8 % (one standard error, at its worst)."""
SURE = 0.95
"""A chance from which on a place is not called in question, and below whose complement it is no place at all."""
_SEED = 20_200_301  # Any number: the same data give the same chances.


class Standing(StrEnum):
    """What the data say of a network's place."""

    MEMBER = "member"
    """It is on the front, surely where a chance is known."""
    OPEN = "open"
    """It may be on the front, and may be beaten."""
    BEATEN = "beaten"
    """It is beaten, surely where a chance is known."""


def standing(on_front: bool, chance: float | None) -> Standing:
    """What the best guess and its chance say together: where they contradict each other, the place is open.

    Without a chance the guess is all there is.
    """
    if on_front and (chance is None or chance >= SURE):
        return Standing.MEMBER
    if not on_front and (chance is None or chance <= 1 - SURE):
        return Standing.BEATEN
    return Standing.OPEN


class Candidate(NamedTuple):
    """A network that may be on the front."""

    label: str
    accuracy: float
    """Larger is better."""
    logs: Mapping[Any, float]
    """Log ratio to the yardstick by run; runs of the same key are paired with those of others."""


def chances(candidates: Sequence[Candidate]) -> dict[str, float]:
    """Chance of being on the front by label; empty when any candidate has fewer than `MIN_RUNS` runs.

    Where one network's speed is anybody's guess, so is the place of every other.
    """
    if not candidates or any(len(one.logs) < MIN_RUNS for one in candidates):
        return {}
    ordered = sorted(candidates, key=lambda one: (-one.accuracy, one.label))
    times = _draws(ordered)
    out: dict[str, float] = {}
    beaten = np.full(DRAWS, math.inf)  # The least time of all that are more accurate.
    at = 0
    while at < len(ordered):
        end = at + 1
        while end < len(ordered) and ordered[end].accuracy == ordered[at].accuracy:
            end += 1
        best = times[at:end].min(axis=0)
        for place in range(at, end):
            out[ordered[place].label] = float(np.mean((times[place] < beaten) & (times[place] <= best)))
        beaten = np.minimum(beaten, best)
        at = end
    return out


def _draws(ordered: Sequence[Candidate]) -> npt.NDArray[np.float64]:
    """Log times that the runs leave possible, shape (candidates, draws)."""
    keys = sorted({key for one in ordered for key in one.logs}, key=repr)
    place = {key: number for number, key in enumerate(keys)}
    normal = np.random.default_rng(_SEED).standard_normal((len(keys), DRAWS))
    out = np.empty((len(ordered), DRAWS))
    for row, one in enumerate(ordered):
        values = np.array(list(one.logs.values()))
        moved = (values - values.mean()) @ normal[[place[key] for key in one.logs]]
        out[row] = values.mean() + moved * _widths(len(values))
    return out


@cache
def _widths(runs: int) -> npt.NDArray[np.float64]:
    """What one chi-square makes of the draws of networks with so many runs: the same draws in every panel."""
    tail = np.random.default_rng(_SEED + 1).random(DRAWS)
    return np.sqrt(1 / (runs * chdtri(runs - 1, tail)))
