"""Rules that find changes in a series, ours and others', each by its published definition.

Each answers for a series as a whole: indices of the first point after each change. How soon a rule finds a change, and
how often it cries wolf, is asked by giving it the series as it was on each night.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from levit_bench.judge.trend.change_points import alert_share, changes, walked
from levit_bench.judge.trend.drift import drift

CASES = 50


class Rule(NamedTuple):
    """A rule by its name."""

    name: str
    find: Callable[[Sequence[float]], list[int]]
    delay: int | None = None
    """Nights from a change to the alert where that is fixed; None: it is asked night by night."""


def ours(logs: Sequence[float]) -> list[int]:
    """The changes of `levit_bench.judge.trend`, for a store of `CASES` cases."""
    return [change.first_after for change in changes(list(logs), [alert_share(CASES)] * len(logs))]


def ours_when_found(logs: Sequence[float]) -> list[tuple[int, int]]:
    """The same, each with the night with which it was found."""
    return [(one.first_after, one.found_at) for one in changes(list(logs), [alert_share(CASES)] * len(logs))]


def drift_when_found(logs: Sequence[float]) -> int | None:
    """The night with which slow drift is found; None where it is not."""
    shares = [alert_share(CASES)] * len(logs)
    found = drift(list(logs), walked(list(logs), shares), shares)
    return None if found is None or found.alert is None else found.alert.found_at


def threshold(logs: Sequence[float], share: float = 0.05, window: int = 10) -> list[int]:
    """Nights that differ by more than a share from the mean of the nights before: what most scripts do."""
    found, start = [], 0
    for at in range(1, len(logs)):
        before = logs[max(start, at - window) : at]
        if len(before) >= 3 and abs(logs[at] - math.fsum(before) / len(before)) > math.log1p(share):
            found.append(at)
            start = at
    return found


def perfherder(logs: Sequence[float], window: int = 12, limit: float = 7.0) -> list[int]:
    """Mozilla's: Student's t of the 12 points from one on against the 12 before above 7, at its local maximum.

    mozilla/treeherder, `treeherder/perfalert`: points nearer to the change weigh more in the means, linearly.
    """
    values = np.exp(np.asarray(logs))
    scores = np.zeros(len(values))
    for at in range(window, len(values) - window + 1):
        scores[at] = abs(_weighted_t(values[at - window : at][::-1], values[at : at + window]))
    return _peaks(scores, limit, window)


def _weighted_t(before: np.ndarray, after: np.ndarray) -> float:
    means, errors = [], 0.0
    for values in (before, after):
        mean = float(np.average(values, weights=np.linspace(1.0, 1.0 / len(values), len(values))))
        means.append(mean)
        errors += float(np.sum((values - mean) ** 2)) / (len(values) - 1) / len(values)
    return 0.0 if errors == 0 else (means[1] - means[0]) / math.sqrt(errors)


def _peaks(scores: np.ndarray, limit: float, apart: int) -> list[int]:
    """Local maxima above a limit, the highest first, none within `apart` of a higher one."""
    found: list[int] = []
    for at in np.argsort(-scores):
        if scores[at] <= limit:
            break
        if all(abs(int(at) - other) > apart for other in found):
            found.append(int(at))
    return sorted(found)


def fence(logs: Sequence[float], window: int = 100, times: float = 3.0) -> list[int]:
    """rustc-perf's: a step from one point to the next beyond the third quartile of earlier steps, the significant ones
    left out, plus three of their interquartile ranges; and at least 0.2 %.

    rust-lang/rustc-perf, `site/src/comparison.rs`: the significance threshold of a test case.
    """
    steps = np.abs(np.expm1(np.diff(np.asarray(logs))))
    found: list[int] = []
    usual: list[float] = list(steps[:10])
    for at in range(10, len(steps)):
        low, high = np.quantile(usual[-window:], (0.25, 0.75))
        if steps[at] > max(high + times * (high - low), 0.002):
            found.append(at + 1)
        else:
            usual.append(float(steps[at]))
    return found


def asv(logs: Sequence[float]) -> list[int]:
    """Step detection of airspeed velocity: piecewise constant in L1, with the number of steps by an information
    criterion; the package itself.
    """
    from asv.step_detect import detect_steps  # type: ignore[import-not-found]

    return [int(left) for left, *_ in detect_steps(list(np.exp(np.asarray(logs))))[1:]]


def otava(logs: Sequence[float]) -> list[int]:
    """Apache Otava's: E-divisive with Student's t, window 50 and p 0.001; the package itself."""
    from otava.analysis import compute_change_points  # type: ignore[import-not-found]

    series = [float(value) for value in np.exp(np.asarray(logs))]  # Of an array it reports one point twice, and raises.
    points = compute_change_points(series, window_len=50, max_pvalue=0.001, min_magnitude=0.0)
    chosen = points[0] if isinstance(points, tuple) else points
    return sorted(int(point.index) for point in chosen)


RULES = (
    Rule("levit-bench trend", ours),
    Rule("5 % beyond the mean of 10", threshold, delay=1),
    Rule("Perfherder, t > 7", perfherder, delay=12),
    Rule("rustc-perf, fence of 3 IQR", fence, delay=1),
    Rule("asv, step detection", asv),
    Rule("Otava, p < 0.001", otava),
)
