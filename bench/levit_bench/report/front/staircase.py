"""The front as a staircase: the best top-1 at each speed, member by member."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from levit_bench.judge.metrics import Metric

Corner = tuple[float, float]
"""Speed in the unit of the axis, and top-1 in percent."""


def flights(front: Sequence[Corner], metric: Metric) -> list[list[Corner]]:
    """The corners of each member's step, the fastest first: up to its top-1, then level to the next member.

    For latencies the line runs level to the right, for throughput to the left, so that it never lies above the measured
    front.
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
    """The line's continuations to the axes: down from the fastest member, level from the most accurate one.

    Args:
        front: its members, at least one.
        metric: which speed is meant.
        x: limits of the axis of speed.
        y: lower limit of the axis of top-1.
    """
    corners = staircase(front, metric)
    (start, low), (end, high) = corners[0], corners[-1]
    return [[(start, y), (start, low)], [(end, high), (x[1] if metric == "latency" else x[0], high)]]
