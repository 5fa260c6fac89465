"""Slow drift: how far a case has come from a fixed reference, beyond the changes that were found one by one.

    drift = mean of the last `WEEK` sessions - mean of the reference - sum of the changes between them

A change that is small enough to be missed every night, and comes every night, ends up here. Every night is looked at,
each with what was known by then, so that an alert is the same whenever it is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from levit_bench.judge.trend.change_points import LATEST, PRIOR_FREEDOM, Change, moderated
from levit_bench.judge.trend.series import WEEK
from levit_bench.numbers.quantiles import student_t

MARGIN = 0.03
"""Drift below it raises no alert."""
_BEGINNING = 3
"""Sessions of that week each of which must have come half as far."""
ALIKE = 8.0
"""Share of the rate of false alerts that drift has beside the changes: one in so many."""


class Drift(NamedTuple):
    """Where a case stands against its reference."""

    log: float
    """Log of the ratio now over then, without the changes that were found."""
    low: float
    """95 % limits."""
    high: float
    reference: tuple[int, ...]
    """Indices of the points that are the reference."""
    found_at: int | None
    """Index of the point with which it was beyond the margin, at the level that a look may spend; None: it is not."""


def drift(
    logs: Sequence[float],
    found: Sequence[Change],
    shares: Sequence[float],
    reference: Sequence[int] = (),
    margin: float = MARGIN,
) -> Drift | None:
    """The drift of a segment; None where it has fewer than two sessions after its reference.

    Args:
        logs: of the points, in time order.
        found: its changes.
        shares: `alert_share` of each point's night.
        reference: indices of the points that are the reference; empty: the first `WEEK`.
        margin: least drift, as a share of the time.
    """
    chosen = tuple(reference) or tuple(range(min(WEEK, len(logs) // 2)))
    if not chosen or len(logs) - chosen[-1] < 3:
        return None
    sums, squares = [0.0, *accumulate(logs)], [0.0, *accumulate(log * log for log in logs)]
    found_at = None
    moved = _Moved(0.0, 0.0, PRIOR_FREEDOM, 0.0)
    for newest in range(min(len(logs) - 1, chosen[-1] + WEEK), len(logs)):
        moved = _moved(logs, sums, squares, found, chosen, newest)
        limit = student_t(moved.freedom, 1 - shares[newest] / ALIKE / 2) * moved.error
        is_beyond = abs(moved.log) > max(limit, math.log1p(margin)) and moved.early > abs(moved.log) / 2
        if found_at is None and is_beyond:
            found_at = newest
    half = student_t(moved.freedom, 0.975) * moved.error
    return Drift(moved.log, moved.log - half, moved.log + half, chosen, found_at)


class _Moved(NamedTuple):
    """The drift up to one night."""

    log: float
    error: float
    freedom: float
    early: float
    """How far the least moved of the first sessions of the week has come in the same direction: what came within the
    week is a step that has not been found yet, and no drift."""


def _moved(
    logs: Sequence[float],
    sums: Sequence[float],
    squares: Sequence[float],
    found: Sequence[Change],
    chosen: Sequence[int],
    newest: int,
) -> _Moved:
    begin = max(chosen[-1] + 1, newest + 1 - WEEK)
    latest = range(begin, newest + 1)
    then = [logs[at] for at in chosen]
    level, variance_of_level = [0.0] * len(latest), 0.0
    for number, change in enumerate(found):
        if max(change.found_at, change.first_after) > newest or change.first_after <= chosen[0]:
            continue
        later = found[number + 1].first_after if number + 1 < len(found) else newest + 1
        earlier = found[number - 1].first_after if number else 0
        size, variance = _size_by(sums, squares, earlier, change.first_after, min(later, newest + 1))
        variance_of_level += variance
        for place, at in enumerate(latest):
            level[place] += size if at >= change.first_after else 0.0
    now = [logs[at] - step for at, step in zip(latest, level, strict=True)]
    first, second = math.fsum(then) / len(then), math.fsum(now) / len(now)
    scatter = math.fsum((log - first) ** 2 for log in then) + math.fsum((log - second) ** 2 for log in now)
    variance, freedom = moderated(scatter, len(then) + len(now) - 2)
    own = variance * (1 / len(then) + 1 / len(now))
    error = math.sqrt(own + variance_of_level)  # The sizes of the changes are estimates, too.
    direction = math.copysign(1, second - first)
    early = min(direction * (log - first) for log in now[:_BEGINNING])
    return _Moved(second - first, error, freedom, early)


def _size_by(sums: Sequence[float], squares: Sequence[float], earlier: int, at: int, later: int) -> tuple[float, float]:
    """The size of a change as it was known, from at most `LATEST` points on each side, and the variance of that."""
    before, after = (max(earlier, at - LATEST), at), (at, min(later, at + LATEST))
    counts = [end - begin for begin, end in (before, after)]
    means = [(sums[end] - sums[begin]) / (end - begin) for begin, end in (before, after)]
    scatter = sum(
        max(0.0, squares[end] - squares[begin] - count * mean * mean)
        for (begin, end), count, mean in zip((before, after), counts, means, strict=True)
    )
    variance, _ = moderated(scatter, sum(counts) - 2)
    return means[1] - means[0], variance * sum(1 / count for count in counts)
