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
from levit_bench.records import Case, Record


class PickRatios:
    """Ratios of the times of candidates, each computed once."""

    def __init__(self, metric: Metric, groups: Mapping[Case, Sequence[Record]], *, are_paired: bool = True) -> None:
        """Take the records of each candidate, one a session.

        Args:
            metric: which speed.
            groups: the records by case.
            are_paired: whether runs that hold both may decide; of percentiles there are no pairs.
        """
        self.metric = metric
        """Which speed is meant."""
        self._groups, self._are_paired = groups, are_paired
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
        return ratio or unpaired(numerator.seconds(self.metric), denominator.seconds(self.metric))

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
        if point.seconds(self.metric).low > best.seconds(self.metric).high:
            return False
        return self.ratio(point, best).high < 1
