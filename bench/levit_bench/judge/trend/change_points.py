"""Where a segment of a series changes for good, found night after night, with a declared rate of false alerts.

Each night the last k sessions, k from 2 to `LATEST`, are held against up to `REFERENCE` sessions before them, since the
last change. They have changed where all of this holds:

- their order: the permutation p of the rank sum (`rank_sums`) is at most the share that a look may spend. It needs no
  assumption on how sessions scatter, so that heavy tails and a machine of two states cost no false alert;
- or, where so few sessions have no such p (2 and 60 reach 0.001), they lie all on one side of the reference, and the
  moderated t of their clipped means is beyond the quantile of the share; with a reference of `MANY` sessions or more
  they lie beyond it by half its range, too, so that two wild nights do not raise an alert;
- their medians differ by at least `min_effect`.

What a look may spend: `ALERTS_A_YEAR` false alerts in a year of nights, which are `NIGHTS` sessions, divided by these
and by the cases that the session measured; the k of one night are so alike that they count as `ALIKE`. That this holds
is simulated: `python -m tools.trend.measure_rules`.

Offline segmentations (E-divisive: Matteson & James, JASA 109, 2014; PELT: Killick et al., JASA 107, 2012) look at a
whole series at once; run every night they raise and withdraw alerts as they please. A rule that is walked from the
beginning gives the same alerts whenever it is asked.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from typing import NamedTuple

from levit_bench.judge.trend.rank_sums import tail
from levit_bench.numbers.quantiles import student_t

ALERTS_A_YEAR = 1.0
"""False alerts in a year of nights, over all cases of a machine."""
NIGHTS = 365
"""Sessions in a year: whoever takes several a night has as many more looks, and false alerts."""
LATEST = 20
"""Most sessions that are held against those before."""
REFERENCE = 60
"""Most sessions of a reference: a machine of half a year ago is another one."""
FEWEST = 5
"""Fewest sessions of a reference."""
SHORTEST = FEWEST + 2
"""Sessions of a segment before which nothing can be found in it."""
PRIOR = 0.012
"""Standard deviation between sessions by the prior, in log units: what the committed store holds within one company."""
PRIOR_FREEDOM = 4.0
CLIP = 4.0
"""Deviations from the reference at which a session is clipped where the moderated t decides."""
MANY = 15
"""Sessions of a reference from which on its range counts."""
ALIKE = 7.0
MIN_EFFECT = 0.02
"""Changes below it raise no alert: sessions of unchanged code wander as far."""
SETTLED = 10
"""Sessions after that of an alert which still move its place."""
_AROUND = FEWEST - 1
"""Sessions on either side of where a change was found among which it is placed: fewer than are between two changes."""
_APART = 3.0
"""Log-likelihood by which another place may be worse and still be possible: a support interval of 1 to 20."""
_NO_OUTLIER = 3.0
"""Deviations at which a session is clipped where a change is placed."""


class Walked(NamedTuple):
    """A change as it was found, before it is placed."""

    at: int
    """Index of the first point after it, as far as could be said when it was found."""
    found_at: int
    """Index of the point with which it was found."""


class Change(NamedTuple):
    """A lasting change in a segment."""

    first_after: int
    """Index of the first point after it, by the likelihood of each place."""
    earliest: int
    """First index that may as well be the first after it."""
    latest: int
    """Last such index."""
    found_at: int
    """Index of the point with which it was found."""
    log: float
    """Log of the ratio after over before, from the points up to the neighbouring changes."""
    low: float
    """95 % limits of it."""
    high: float


def alert_share(cases: int, alerts_a_year: float = ALERTS_A_YEAR) -> float:
    """Chance that a look at one case of a night may spend, both sides together.

    Args:
        cases: that are looked at that night.
        alerts_a_year: false alerts in a year of nights of all of them.
    """
    return alerts_a_year / (NIGHTS * max(1, cases))


def changes(logs: Sequence[float], shares: Sequence[float], min_effect: float = MIN_EFFECT) -> tuple[Change, ...]:
    """The lasting changes of a segment, in order; a point that is added later takes none of them away.

    Args:
        logs: of the points, in time order.
        shares: `alert_share` of each point's night.
        min_effect: least change, as a share of the time.
    """
    return known_by(logs, walked(logs, shares, min_effect), len(logs) - 1)


def walked(logs: Sequence[float], shares: Sequence[float], min_effect: float = MIN_EFFECT) -> tuple[Walked, ...]:
    """The changes as they are found night after night; arguments as of `changes`."""
    least = math.log1p(min_effect)
    found: list[Walked] = []
    start = 0
    for newest in range(SHORTEST - 1, len(logs)):
        at = _change_at(logs, start, newest, shares[newest] / ALIKE, least)
        if at is not None:
            found.append(Walked(at, newest))
            start = at
    return tuple(found)


def known_by(logs: Sequence[float], found: Sequence[Walked], newest: int) -> tuple[Change, ...]:
    """The changes with their places and sizes as they were known on a night.

    Args:
        logs: of the points, in time order.
        found: what was found among them, on that night or later.
        newest: index of the point of that night.
    """
    return _placed(logs[: newest + 1], [one for one in found if one.found_at <= newest])


def _change_at(logs: Sequence[float], start: int, newest: int, share: float, least: float) -> int | None:
    """Index of the first point after a change that the newest point reveals; None where it reveals none."""
    first = newest + 1 - 2
    begin = max(start, first - REFERENCE)
    if first - begin < FEWEST:
        return None
    latest, reference = sorted(logs[first : newest + 1]), sorted(logs[begin:first])
    best: tuple[float, int] | None = None
    while True:
        moved = _median(latest) - _median(reference)
        if abs(moved) >= least:
            p = _p_of_change(latest, reference, share, is_up=moved > 0)
            if p is not None and (best is None or p < best[0]):
                best = p, first
        if len(latest) == LATEST:
            break
        first -= 1
        insort(latest, logs[first])
        del reference[bisect_left(reference, logs[first])]
        if begin > start and begin > first - REFERENCE:
            begin -= 1
            insort(reference, logs[begin])
        if len(reference) < FEWEST:
            break
    return None if best is None else best[1]


def _p_of_change(latest: Sequence[float], reference: Sequence[float], share: float, *, is_up: bool) -> float | None:
    """The permutation p where the latest sessions have changed from the reference; None where they have not.

    Args:
        latest: logs in ascending order.
        reference: logs in ascending order.
        share: what the look may spend.
        is_up: whether the latest are higher as a whole.
    """
    k, m = len(latest), len(reference)
    if is_up:
        against = sum(m - bisect_left(reference, log) for log in latest)
    else:
        against = sum(bisect_right(reference, log) for log in latest)
    p = tail(k, m, against)
    if p <= share:
        return p
    if against or tail(k, m, 0) <= share:
        return None
    gap = latest[0] - reference[-1] if is_up else reference[0] - latest[-1]
    if m >= MANY and gap < 0.5 * (reference[-1] - reference[0]):
        return None
    return p if _is_beyond(latest, reference, share) else None


def _is_beyond(latest: Sequence[float], reference: Sequence[float], share: float) -> bool:
    """Whether the moderated t of the means is beyond the quantile of a share."""
    k, m = len(latest), len(reference)
    middle = math.fsum(reference) / m
    squares = math.fsum((log - middle) ** 2 for log in reference)
    variance, freedom = moderated(squares, m - 1)
    deviation = math.sqrt(variance)
    reach = CLIP * deviation
    moved = math.fsum(min(max(log - middle, -reach), reach) for log in latest) / k
    return abs(moved) > student_t(freedom, 1 - share / 2) * deviation * math.sqrt(1 / k + 1 / m)


def _placed(logs: Sequence[float], found: Sequence[Walked]) -> tuple[Change, ...]:
    """The changes with their places and sizes, each from the points between its neighbours."""
    edges = [*(one.at for one in found), len(logs)]
    out: list[Change] = []
    for number, (at, newest) in enumerate(found):
        begin = max(out[-1].first_after if out else 0, at - REFERENCE)
        end = min(edges[number + 1], at + REFERENCE)
        until = min(end, newest + 1 + SETTLED)
        place, earliest, latest = _place(logs[begin:until], at - begin)
        log, low, high = difference(logs[begin : begin + place], logs[begin + place : end])
        out.append(Change(begin + place, begin + earliest, begin + latest, newest, log, low, high))
    return tuple(out)


def _place(logs: Sequence[float], found: int) -> tuple[int, int, int]:
    """The most likely first point after a change, and the first and the last that may as well be it."""
    before, after = _median(sorted(logs[:found])), _median(sorted(logs[found:]))
    residuals = [log - (before if at < found else after) for at, log in enumerate(logs)]
    squares = math.fsum(residual**2 for residual in residuals)
    deviation = math.sqrt(moderated(squares, len(logs) - 2)[0])
    places = range(max(1, found - _AROUND), min(len(logs) - 1, found + _AROUND) + 1)

    def misfit(log: float, level: float) -> float:
        return min(abs(log - level) / deviation, _NO_OUTLIER) ** 2 / 2

    losses = {
        place: math.fsum(misfit(log, before if at < place else after) for at, log in enumerate(logs))
        for place in places
    }
    best = min(places, key=lambda place: (losses[place], abs(place - found)))
    possible = [place for place in places if losses[place] <= losses[best] + _APART]
    return best, possible[0], possible[-1]


def difference(before: Sequence[float], after: Sequence[float]) -> tuple[float, float, float]:
    """Difference of two means with 95 % limits, from the pooled and moderated variance of both sides."""
    first, second = math.fsum(before) / len(before), math.fsum(after) / len(after)
    squares = math.fsum((log - first) ** 2 for log in before) + math.fsum((log - second) ** 2 for log in after)
    variance, freedom = moderated(squares, len(before) + len(after) - 2)
    half = student_t(freedom, 0.975) * math.sqrt(variance * (1 / len(before) + 1 / len(after)))
    return second - first, second - first - half, second - first + half


def moderated(squares: float, freedom: int) -> tuple[float, float]:
    """Variance of a session by the prior and by sessions of its own, and its degrees of freedom (Smyth 2004).

    Args:
        squares: sum of the squared distances of the sessions from their means.
        freedom: of that sum.
    """
    together = PRIOR_FREEDOM + freedom
    return (PRIOR_FREEDOM * PRIOR**2 + squares) / together, together


def _median(ordered: Sequence[float]) -> float:
    n = len(ordered)
    return ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2
