"""The front as a staircase: the best top-1 that can be had at each speed, member by member.

Knows pairs of speed and top-1; refuses to know ink, and how sure a member is of its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from levit_bench.judge.metrics import Metric

Corner = tuple[float, float]
"""Speed in the unit of the axis, and top-1 in percent."""


def flights(front: Sequence[Corner], metric: Metric) -> list[list[Corner]]:
    """What each member adds, the fastest first: up to its top-1, then level until the next member lifts the line.

    For latencies the line runs level to the right, for throughput to the left. So it never passes above what was
    measured.
    """
    ordered = sorted(front, reverse=metric == "throughput")
    out = [[corner] for corner in ordered]
    for at, ((_, y), (x, _)) in enumerate(pairwise(ordered)):
        out[at].append((x, y))
        out[at + 1].insert(0, (x, y))
    return out


def staircase(front: Sequence[Corner], metric: Metric) -> list[Corner]:
    """Corners of the whole line, from the fastest member to the most accurate."""
    return list(dict.fromkeys(corner for flight in flights(front, metric) for corner in flight))


def tails(front: Sequence[Corner], metric: Metric, x: tuple[float, float], y: float) -> list[list[Corner]]:
    """How the line goes on to the axes: nothing is faster than its start, nothing more accurate than its end.

    Args:
        front: its members, at least one.
        metric: which speed is meant.
        x: limits of the axis of speed.
        y: lower limit of the axis of top-1.
    """
    corners = staircase(front, metric)
    (start, low), (end, high) = corners[0], corners[-1]
    return [[(start, y), (start, low)], [(end, high), (x[1] if metric == "latency" else x[0], high)]]
