"""How likely a network is on the front: the chance that nothing at least as accurate is faster, given the scatter.

A draw moves every network by its own error, Student's t. Where networks lie as close together as their errors, that
alone dominates nearly all of them: of many rivals that are as fast, some draw is always faster. So log times have a
prior, learned from the panel itself: more accurate networks take longer, in order of their accuracy, and scatter about
that line with a deviation that the data decide. Where networks are far apart, as most are, the deviation is large and
the prior does nothing; among close competitors it shrinks each towards the time that its accuracy costs elsewhere. Only
the order of accuracies matters, and published accuracies are not moved: this is the chance by speed alone.

    log time ~ line through the ranks of accuracy + N(0, deviation²),   estimate ~ log time + error
    deviation from its posterior under a flat prior, the line under a flat prior, then the log times given both

Source: Lindley & Smith, *Bayes estimates for the linear model*, JRSS B 34 (1972); Gelman, *Prior distributions for
variance parameters in hierarchical models*, Bayesian Analysis 1 (2006), for the flat prior on the deviation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from levit_bench.judge.front.candidate import Candidate
from levit_bench.numbers.quantiles import chi_squares

DRAWS = 4000
"""A chance is known to 0.8 % (one standard error, at its worst)."""
FEWEST = 4
"""Networks from which on a line through their accuracies and a scatter about it can be learned."""
_SEED = 20_200_301  # Any number: the same data give the same chances.
_DEVIATIONS = np.geomspace(0.1, 30, 25)  # In root mean squares of the errors.
_LARGEST = 1e6

_Array = npt.NDArray[np.float64]


def chances(candidates: Sequence[Candidate]) -> dict[str, float]:
    """Chance of being on the front by label; the order of the candidates does not matter.

    Returns:
        Empty when there is no candidate, or the error of one is not known: where the speed of one network is
        unknown, so is the place of every other.
    """
    if not candidates or any(
        not (candidate.freedom > 0 and math.isfinite(candidate.variance)) for candidate in candidates
    ):
        return {}
    ordered = sorted(candidates, key=lambda candidate: (-candidate.accuracy, candidate.label))
    times = _draws(ordered)
    chance_of: dict[str, float] = {}
    best_before = np.full(DRAWS, math.inf)  # The least time of all that are more accurate.
    at = 0
    while at < len(ordered):
        end = at + 1
        while end < len(ordered) and ordered[end].accuracy == ordered[at].accuracy:
            end += 1
        best = times[at:end].min(axis=0)
        for place in range(at, end):
            chance_of[ordered[place].label] = float(np.mean((times[place] < best_before) & (times[place] <= best)))
        best_before = np.minimum(best_before, best)
        at = end
    return chance_of


def _draws(ordered: Sequence[Candidate]) -> _Array:
    """Draws of the log times given the data, shape (candidates, draws)."""
    rng = np.random.default_rng(_SEED)
    logs = np.array([candidate.log for candidate in ordered])
    logs -= logs[0]  # The unit of time must not matter, in the last digit either.
    freedom = [min(candidate.freedom, _LARGEST) for candidate in ordered]
    errors = np.sqrt([candidate.variance for candidate in ordered])[:, None] * np.array(
        [_widths(degrees) for degrees in freedom]
    )
    normal = rng.standard_normal(errors.shape)
    moved = logs[:, None] + _shared(ordered, rng)
    if len(ordered) < FEWEST or not errors.any():
        return np.asarray(moved + errors * normal)
    return _towards_the_line(moved, errors, normal, _design([candidate.accuracy for candidate in ordered]), rng)


def _shared(ordered: Sequence[Candidate], rng: np.random.Generator) -> _Array:
    """Sum of the shared errors of each candidate in each draw, shape (candidates, draws)."""
    moves = np.zeros((len(ordered), DRAWS))
    draws = {
        name: rng.standard_normal(DRAWS)
        for name in sorted({name for candidate in ordered for name, _ in candidate.shared})
    }
    for row, candidate in enumerate(ordered):
        for name, error in candidate.shared:
            moves[row] += error * draws[name]
    return moves


def _towards_the_line(logs: _Array, errors: _Array, normal: _Array, design: _Array, rng: np.random.Generator) -> _Array:
    """Draws of the log times given the panel: a deviation about the line, a line, and each time between both."""
    variances = np.mean(errors**2, axis=1)
    deviations = _DEVIATIONS * math.sqrt(float(np.mean(variances)))
    middle = logs.mean(axis=1)
    fits = [_fit(middle, variances + deviation**2, design) for deviation in deviations]
    # The grid is even in the logarithm of the deviation, in which a flat prior is proportional to the deviation.
    weights = np.array([fit.log_likelihood for fit in fits]) + np.log(deviations)
    chosen = rng.choice(len(fits), DRAWS, p=_shares(weights))
    lines = rng.standard_normal((design.shape[1], DRAWS))
    log_times = np.empty_like(errors)
    for number in np.unique(chosen):
        draws = chosen == number
        line = design @ (fits[number].line[:, None] + fits[number].root @ lines[:, draws])
        spread, own = deviations[number] ** 2, errors[:, draws] ** 2
        trust = spread / (spread + own)
        log_times[:, draws] = line + trust * (logs[:, draws] - line) + np.sqrt(trust * own) * normal[:, draws]
    return log_times


class _Fit(NamedTuple):
    """A line by weighted least squares."""

    line: _Array
    root: _Array
    """Square root of the covariance of the line."""
    log_likelihood: float
    """Of the variances, the line integrated out."""


def _fit(logs: _Array, variances: _Array, design: _Array) -> _Fit:
    weighted = design / variances[:, None]
    information = design.T @ weighted
    line = np.linalg.solve(information, weighted.T @ logs)
    residuals = logs - design @ line
    _, size = np.linalg.slogdet(information)
    likelihood = -0.5 * (np.log(variances).sum() + size + (residuals**2 / variances).sum())
    return _Fit(np.asarray(line), np.asarray(np.linalg.cholesky(np.linalg.inv(information))), float(likelihood))


def _design(accuracies: Sequence[float]) -> _Array:
    """A constant, and the ranks of the accuracies where they differ."""
    values = np.array(accuracies)
    # Equals share the mean of their ranks.
    ranks = np.array([(values < accuracy).sum() + (values == accuracy).sum() / 2 for accuracy in accuracies])
    columns = [np.ones(len(ranks))]
    if ranks.min() < ranks.max():
        columns.append((ranks - ranks.mean()) / np.ptp(ranks))
    return np.column_stack(columns)


def _shares(logs: _Array) -> _Array:
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


@cache
def _widths(freedom: float) -> _Array:
    """Student's t over a normal draw: the error of an estimated deviation. One array for all of the same freedom."""
    tail = np.random.default_rng(_SEED + 1).random(DRAWS)
    return np.asarray(np.sqrt(freedom / chi_squares(freedom, tail)))
