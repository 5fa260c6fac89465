"""Percentiles of the pass durations: only where there are enough passes, and with limits that come from runs.

No distribution of the durations is assumed.

Two questions are put to the data:

- *Is the percentile within the observed passes?* With n passes, `needed(p)` is the smallest n at which, with a
  confidence of 99 %, at least two passes lie above the true percentile, so that it is bounded even without the greatest
  pass, which may be an accident. The number of these is binomial, whatever the distribution of durations. Fewer passes
  give a finding instead of a number.
- *How sure is it?* Passes of one run are alike, so a binomial interval of all passes is far too narrow: over simulated
  sessions a nominal 95 % held the truth in 35 to 80 % (docs/statistics.md). The shares of each run's passes below the
  percentile give the error of its level; the limits are the passes at the ends of that level's interval, which held
  the truth in 91 to 98 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

from levit_bench.judge.estimates import LEVEL, counts, looks_of, no_speed, no_turns, too_few_runs
from levit_bench.numbers.quantiles import student_t
from levit_bench.planning.budget import MIN_RUNS, level_at_a_look
from levit_bench.records import Estimate, Finding, Record

SHARES = (0.50, 0.90, 0.95, 0.99)
"""Percentiles that are shown, as shares of the passes."""
CONFIDENCE = 0.99
"""Confidence that the percentile lies below the second greatest pass."""
ABOVE = 2
"""Passes that must lie above a percentile."""
METHOD = "order statistic, t over the runs' shares"


class Percentile(NamedTuple):
    """One percentile of a case's passes."""

    share: float
    """Share of the passes that are at most as long."""
    result: Estimate | Finding
    """Seconds, or why there is no such number."""

    @property
    def name(self) -> str:
        """Such as `p99`."""
        return f"p{100 * self.share:g}"


@cache
def needed(share: float) -> int:
    """Fewest independent passes of which, with a confidence of 99 %, at least two lie above the true percentile.

    Of n passes, a binomial number lies above it, so this is the smallest n with
    P(fewer than two) = p^n + n (1 - p) p^(n - 1) <= 1 %.
    """
    if not 0 < share < 1:
        raise ValueError(f"a share lies between 0 and 1, and {share} does not")
    n = ABOVE
    while _fewer_than_two_above(n, share) > 1 - CONFIDENCE:
        n += 1
    return n


def _fewer_than_two_above(n: int, share: float) -> float:
    return share**n + n * (1 - share) * share ** (n - 1)


def percentiles(record: Record) -> tuple[Percentile, ...]:
    """The usual percentiles of a record's timed passes."""
    return tuple(Percentile(share, percentile(record, share)) for share in SHARES)


def percentile(record: Record, share: float, confidence: float = LEVEL) -> Estimate | Finding:
    """Seconds that the share of the record's timed passes does not exceed, or the finding that says why there is none.

    The value is the order statistic of rank ceil(share * n), the inverse of the empirical distribution. With s_r the
    share of run r's passes up to it, the level's interval is share ± t * sd(s_r) / sqrt(runs), with t of runs - 1
    degrees of freedom. Limits are the passes at its ends, and infinite where it reaches beyond the passes. Source of
    the inversion: Woodruff, *Confidence intervals for medians and other position measures*, JASA 47 (1952), 635-646,
    here with runs as clusters.
    """
    if (why := no_speed(record)) is not None:
        return why
    runs, case = _passes_of_runs(record), record.info.id
    if not runs:
        return no_turns(case, [record])
    passes = sorted(chain.from_iterable(runs))
    n = len(passes)
    if n < needed(share):
        message = (
            f"{n} passes are too few for p{100 * share:g}: {needed(share)} are needed, {needed(share) - n} more, to be "
            f"{CONFIDENCE:.0%} sure that it lies below the second longest. Measure with a larger --budget."
        )
        return Finding(kind="too-few-passes", message=message, case=case)
    value = passes[_rank(share, n) - 1]
    level = level_at_a_look(looks_of([record]), confidence)
    half = _half(share, [sum(duration <= value for duration in run) / len(run) for run in runs], n, level)
    below, above = math.floor((share - half) * n), math.ceil((share + half) * n) + 1
    return Estimate(
        value=value,
        low=passes[below - 1] if below >= 1 else -math.inf,
        high=passes[above - 1] if above <= n else math.inf,
        level=confidence,
        n=len(runs),
        method=METHOD,
        findings=() if len(runs) >= MIN_RUNS else (too_few_runs(len(runs), case),),
    )


def _half(share: float, shares: Sequence[float], n: int, level: float) -> float:
    """Half width of the level's interval, never less than for n independent passes: few runs may agree by chance."""
    import numpy as np  # loads slowly, and most readers ask for no percentile

    runs = len(shares)
    if runs < 2:
        return 1.0
    error = max(float(np.std(shares, ddof=1)) / math.sqrt(runs), math.sqrt(share * (1 - share) / n))
    return min(1.0, student_t(runs - 1, (1 + level) / 2) * error)


def counted_passes(record: Record) -> int:
    """Timed passes in the runs that count."""
    return sum(map(len, _passes_of_runs(record)))


def _passes_of_runs(record: Record) -> list[list[float]]:
    runs = [[duration for turn in run.turns for duration in turn.duration_s] for run in record.runs if counts(run)]
    return [run for run in runs if run]


def _rank(share: float, n: int) -> int:
    """Rank of the order statistic, from 1; a share that falls on a rank up to rounding is that rank."""
    return max(1, math.ceil(share * n - 1e-9))
