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

from levit_bench.judge.trend.change_points import LATEST, SETTLED, Change, Walked, known_by, moderated
from levit_bench.judge.trend.series import WEEK
from levit_bench.numbers.quantiles import student_t

MARGIN = 0.03
"""Drift below it raises no alert."""
_BEGINNING = 3
"""Sessions of that week each of which must have come half as far."""
ALIKE = 8.0
"""Share of the rate of false alerts that drift has beside the changes: one in so many."""


class DriftAlert(NamedTuple):
    """A drift on the night on which it was found; nothing that is measured later changes it."""

    found_at: int
    """Index of the point with which it was beyond the margin, at the level that a look may spend."""
    log: float
    """Log of the ratio of that week over the reference, without the changes that had been found by then."""
    low: float
    """95 % limits."""
    high: float
    reference: tuple[int, ...]
    """Indices of the points that were the reference."""


class Drift(NamedTuple):
    """Where a case stands against its reference."""

    log: float
    """Log of the ratio now over then, without the changes that were found."""
    low: float
    """95 % limits."""
    high: float
    alert: DriftAlert | None
    """The first night on which it was too much; None: there is none."""


def drift(
    logs: Sequence[float],
    found: Sequence[Walked],
    shares: Sequence[float],
    reference: Sequence[int] = (),
    margin: float = MARGIN,
) -> Drift | None:
    """The drift of a segment; None where it has fewer than two sessions after its reference.

    Without a given reference it is the first `WEEK` points, or half of them where there are fewer than two weeks; an
    alert needs both weeks whole.

    Args:
        logs: of the points, in time order.
        found: its changes, as they were found.
        shares: `alert_share` of each point's night.
        reference: indices of the points that are the reference; empty: the first ones.
        margin: least drift, as a share of the time.
    """
    today = tuple(reference) or tuple(range(min(WEEK, len(logs) // 2)))
    if not today or len(logs) - today[-1] < 3:
        return None
    sums, squares = [0.0, *accumulate(logs)], [0.0, *accumulate(log * log for log in logs)]
    chosen = tuple(reference) or tuple(range(WEEK))
    alert, known = None, tuple[Change, ...]()
    for newest in range(chosen[-1] + WEEK, len(logs)):
        if not known or any(one.found_at <= newest <= one.found_at + SETTLED for one in found):
            known = known_by(logs, found, newest)
        moved = _moved(logs, sums, squares, known, chosen, newest)
        limit = student_t(moved.freedom, 1 - shares[newest] / ALIKE / 2) * moved.error
        if abs(moved.log) > max(limit, math.log1p(margin)) and moved.early > abs(moved.log) / 2:
            alert = DriftAlert(newest, *moved.limits, chosen)
            break
    now = _moved(logs, sums, squares, known_by(logs, found, len(logs) - 1), today, len(logs) - 1)
    return Drift(*now.limits, alert)


class _Moved(NamedTuple):
    """The drift up to one night."""

    log: float
    error: float
    freedom: float
    early: float
    """How far the least moved of the first sessions of the week has come in the same direction: what came within the
    week is a step that has not been found yet, and no drift."""

    @property
    def limits(self) -> tuple[float, float, float]:
        """The drift with its 95 % limits."""
        half = student_t(self.freedom, 0.975) * self.error
        return self.log, self.log - half, self.log + half


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
        if change.first_after <= chosen[0]:
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
