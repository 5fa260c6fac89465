"""Which of several candidates of a pick is the fastest, by the ratios of those that took turns with each other.

Best estimates of latency hold the drift of whole runs, which cancels in a pair: two candidates that intervals of
latency leave undecided are often decided by their runs. Where a pair decides against the order of the best estimates,
the pair is right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from levit_bench.judge.front.points import Point
from levit_bench.judge.metrics import Metric
from levit_bench.judge.paired_ratio import Ratio, paired, unpaired
from levit_bench.judge.throughput import paired_images
from levit_bench.records import Case, Estimate, Record


class PickRatios:
    """Ratios of the times of candidates, each computed once."""

    def __init__(
        self,
        metric: Metric,
        groups: Mapping[Case, Sequence[Record]],
        on_scale: Mapping[Case, Point],
        *,
        are_paired: bool = True,
    ) -> None:
        """Take the records of each candidate, one a session.

        Args:
            metric: which speed.
            groups: the records by case.
            on_scale: candidates with the intervals of their panel's scale, by case: drift between the sessions that a
                panel joins is common to its points, and no part of their ratios. One that is missing has its own.
            are_paired: whether runs that hold both may decide; of percentiles there are no pairs.
        """
        self.metric = metric
        """Which speed is meant."""
        self._groups, self._on_scale, self._are_paired = groups, on_scale, are_paired
        self._ratios: dict[tuple[Case, Case], Ratio] = {}

    def ratio(self, numerator: Point, denominator: Point) -> Ratio:
        """How many times as long the first takes as the second; by their intervals where too few runs hold both."""
        key = numerator.case, denominator.case
        if key not in self._ratios:
            self._ratios[key] = self._ratio(numerator, denominator)
        return self._ratios[key]

    def _ratio(self, numerator: Point, denominator: Point) -> Ratio:
        by_runs = paired if self.metric == "latency" else paired_images
        groups = self._groups.get(numerator.case, ()), self._groups.get(denominator.case, ())
        ratio = by_runs(*groups) if self._are_paired else None
        return ratio or unpaired(self._seconds(numerator), self._seconds(denominator))

    def _seconds(self, point: Point) -> Estimate:
        return self._on_scale.get(point.case, point).seconds(self.metric)

    def fastest(self, candidates: Sequence[Point]) -> Point:
        """The candidate that no other is surely faster than.

        Begins with the first, and goes on to the first that is surely faster, until there is none. A candidate that
        was passed is not returned to: pairs of different runs need not agree among each other.

        Args:
            candidates: at least one, the fastest by the best estimates first; pairs alone change that order.
        """
        best, passed = candidates[0], set[Case]()
        while True:
            faster = (
                point
                for point in candidates
                if point.case != best.case and point.case not in passed and self._is_surely_faster(point, best)
            )
            rival = next(faster, None)
            if rival is None:
                return best
            passed.add(best.case)
            best = rival

    def _is_surely_faster(self, point: Point, best: Point) -> bool:
        # Of two whose intervals are apart the order is known, and a whole store has too many pairs to try.
        if self._seconds(point).low > self._seconds(best).high:
            return False
        return self.ratio(point, best).high < 1
