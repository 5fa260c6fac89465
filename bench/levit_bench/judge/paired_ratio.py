"""Two networks against each other: how many times as long one takes as the other, paired by run and round.

Knows pairs of turns; refuses to know which of the two anybody wants.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import median, pvariance
from typing import NamedTuple

from levit_bench.judge.estimates import LEVEL, by_round, counts, looks_of
from levit_bench.numbers.statistics import t_interval
from levit_bench.planning.budget import BETWEEN_RUNS, MIN_RUNS, WITHIN_RUN, level_at_a_look
from levit_bench.records import Estimate, Record, Run

_NO_SCATTER = 1e-20  # Of squared logs: below it, rounds agree to the last digit but for rounding.


class Ratio(NamedTuple):
    """How many times as long one takes as the other."""

    value: float
    low: float
    """Lower limit of the interval."""
    high: float
    """Upper limit."""
    runs: int
    """Runs that hold both; 0 when the two were not measured side by side often enough for a paired interval."""

    @property
    def may_be_one(self) -> bool:
        """Whether the data leave it open which of the two is faster."""
        return self.low <= 1 <= self.high


def paired(one: Iterable[Record], other: Iterable[Record]) -> Ratio | None:
    """Time of `one` over that of `other`, from the runs that hold both; absent below `MIN_RUNS` of them.

    The interval is Student's t over runs, as everywhere.
    """
    one, other = list(one), list(other)
    return over_runs(paired_logs(one, other), looks_of([*one, *other]))


def over_runs(logs: Sequence[float], looks: int) -> Ratio | None:
    """The ratio whose logs each run gives, with Student's t over runs at a declared number of looks; absent below
    `MIN_RUNS` runs.
    """
    if len(logs) < MIN_RUNS:
        return None
    mean, low, high = t_interval(logs, level_at_a_look(looks, LEVEL))
    return Ratio(math.exp(mean), math.exp(max(low, -700.0)), math.exp(min(high, 700.0)), len(logs))


def paired_logs(one: Iterable[Record], other: Iterable[Record]) -> list[float]:
    """Log of the time of `one` over that of `other`, for each run that holds both, in order.

    Each run gives the median over its rounds of log(one's turn) - log(the other's turn of that round): whatever slowed
    the round cancels. A run without a common round gives nothing.
    """
    ones, others = _runs(one), _runs(other)
    both = sorted(ones.keys() & others.keys())
    found = (paired_run(by_round(ones[key].turns), by_round(others[key].turns)) for key in both)
    return [value for value in found if value is not None]


def foretold(one: Iterable[Record], other: Iterable[Record]) -> float | None:
    """Variance of a run's log ratio of two cases as the scatter of their rounds foretells it; absent without rounds.

    The variance of the log ratio between the rounds of a run, pooled over runs, times what the pilot found for the
    default protocol: 1 / rounds, and as much between runs as `BETWEEN_RUNS` is to `WITHIN_RUN`. A machine whose rounds
    are quieter is taken to have quieter runs in proportion; with the pilot's rounds it is the pilot's planning
    variance, twice that of a ratio to the yardstick. Rounds are many where runs are few. Over 1,349 stored pairs of
    networks the deviation of the runs was 0.8 to 1.1 times this in the median, by number of runs; it was 0.3 to 0.7
    times the planning variance itself, which knows no machine but the pilot's.
    """
    ones, others = _runs(one), _runs(other)
    squares = rounds = freedom = runs = 0.0
    for key in ones.keys() & others.keys():
        first, second = by_round(ones[key].turns), by_round(others[key].turns)
        logs = [value - second[number] for number, value in first.items() if number in second]
        if logs:
            squares += len(logs) * pvariance(logs)
            freedom, rounds, runs = freedom + len(logs) - 1, rounds + len(logs), runs + 1
    if not freedom or squares <= _NO_SCATTER:
        return None
    return squares / freedom * (BETWEEN_RUNS / WITHIN_RUN + runs / rounds)


def paired_run(one: Mapping[int, float], other: Mapping[int, float]) -> float | None:
    """Median over the common rounds of the log ratio of two cases in a run, from their logs by round."""
    pairs = [value - other[number] for number, value in one.items() if number in other]
    return median(pairs) if pairs else None


def unpaired(one: Estimate, other: Estimate) -> Ratio:
    """The same from two intervals: its limits enclose 1 exactly when the two overlap.

    Wider than an interval of the ratio need be, so that it rather names a tie too many.
    """
    if not (math.isfinite(one.high) and math.isfinite(other.high)):
        return Ratio(one.value / other.value, 0.0, math.inf, 0)
    return Ratio(one.value / other.value, one.low / other.high, one.high / other.low, 0)


def _runs(records: Iterable[Record]) -> dict[tuple[str, int], Run]:
    return {(record.session, run.run): run for record in records for run in record.runs if counts(run)}
