"""Pareto dominance in cost and accuracy: pure functions on numbers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple


class Competitor(NamedTuple):
    """Cost and accuracy of one network."""

    cost: float
    """Smaller is better."""
    accuracy: float
    """Larger is better."""
    label: str


def dominators(competitors: Sequence[Competitor]) -> dict[str, str | None]:
    """For each label the label of its dominator, None on the front. O(n log n); labels are unique.

    Going from the smallest cost up, the front is wherever accuracy exceeds everything before it. Equals in both stay
    side by side. The dominator is the front member with the highest accuracy among those that dominate, then the
    lowest cost, then the first name; by construction the last front member at or below the point's cost.
    """
    dominator_of: dict[str, str | None] = {}
    costs: list[float] = []
    leaders: list[str] = []
    best = float("-inf")
    ordered = sorted(competitors, key=lambda c: (c.cost, -c.accuracy, c.label))
    for cost, equals in groupby(ordered, key=lambda c: c.cost):
        group = list(equals)
        top = group[0].accuracy
        if top > best:
            best = top
            costs.append(cost)
            leaders.append(group[0].label)
            dominator_of.update({c.label: None for c in group if c.accuracy == top})
    for c in ordered:
        if c.label not in dominator_of:
            dominator_of[c.label] = leaders[bisect_right(costs, c.cost) - 1]
    return dominator_of
