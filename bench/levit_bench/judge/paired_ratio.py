"""Ratio of the times of two networks, paired by run and round, with its confidence interval."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import median, pvariance
from typing import NamedTuple

import msgspec

from levit_bench.judge.estimates import LEVEL, by_round, counts, interval, looks_of, no_speed
from levit_bench.judge.verdicts import METHOD_PAIRS
from levit_bench.numbers.statistics import t_interval
from levit_bench.planning.budget import BETWEEN_RUNS, MIN_RUNS, WITHIN_RUN, level_at_a_look
from levit_bench.records import Estimate, Finding, Record, Run

_NO_SCATTER = 1e-20  # Of squared logs: below it, rounds agree to the last digit but for rounding.


class Ratio(NamedTuple):
    """How many times as long one network takes as another, with the limits of its interval."""

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


def paired(numerator: Iterable[Record], denominator: Iterable[Record]) -> Ratio | None:
    """Time of `numerator` over that of `denominator`, from the runs that hold both; absent below `MIN_RUNS` of them.

    The interval is Student's t over runs, as everywhere.
    """
    numerator, denominator = list(numerator), list(denominator)
    return over_runs(paired_logs(numerator, denominator), looks_of([*numerator, *denominator]))


def ratio(numerator: Record, denominator: Record) -> Estimate | Finding:
    """Time of one case of a session over that of another, paired by round, or the finding that says why there is none.

    The interval is Student's t over the runs that hold both, and allows for the looks of their session.
    """
    for record in (numerator, denominator):
        if (finding := no_speed(record)) is not None:
            return msgspec.structs.replace(finding, message=f"{record.case.label} {finding.message}")
    logs = paired_logs([numerator], [denominator])
    if not logs:
        message = "no run holds both cases in one round. Measure again, with a larger --budget."
        return Finding(kind="no-turns", message=message, case=numerator.info.id)
    return interval(logs, METHOD_PAIRS, numerator.info.id, records=[numerator, denominator])


def over_runs(logs: Sequence[float], looks: int) -> Ratio | None:
    """The ratio from its log in each run, with Student's t over runs at a declared number of looks; absent below
    `MIN_RUNS` runs.
    """
    if len(logs) < MIN_RUNS:
        return None
    mean, low, high = t_interval(logs, level_at_a_look(looks, LEVEL))
    return Ratio(math.exp(mean), math.exp(max(low, -700.0)), math.exp(min(high, 700.0)), len(logs))


def paired_logs(numerator: Iterable[Record], denominator: Iterable[Record]) -> list[float]:
    """Log of the time of `numerator` over that of `denominator`, for each run that holds both, in order.

    Each run gives the median over its rounds of log(numerator's turn) - log(denominator's turn of that round):
    whatever slowed the round cancels. A run without a common round gives nothing.
    """
    numerator_runs, denominator_runs = _runs(numerator), _runs(denominator)
    both = sorted(numerator_runs.keys() & denominator_runs.keys())
    ratios = (paired_run(by_round(numerator_runs[key].turns), by_round(denominator_runs[key].turns)) for key in both)
    return [value for value in ratios if value is not None]


def foretold(first_case: Iterable[Record], second_case: Iterable[Record]) -> float | None:
    """Variance of a run's log ratio of two cases, predicted from the scatter of their rounds; absent without rounds.

    The variance of the log ratio between the rounds of a run, pooled over runs, times what the pilot found for the
    default protocol: 1 / rounds, and as much between runs as `BETWEEN_RUNS` is to `WITHIN_RUN`. A machine whose rounds
    are quieter is taken to have quieter runs in proportion; with the pilot's rounds it is the pilot's planning
    variance, twice that of a ratio to the yardstick. Rounds are many where runs are few. Over 1,349 stored pairs of
    networks the deviation of the runs was 0.8 to 1.1 times this in the median, by number of runs; it was 0.3 to 0.7
    times the planning variance itself, which is of the pilot's machine.
    """
    first_runs, second_runs = _runs(first_case), _runs(second_case)
    squares = rounds = freedom = runs = 0.0
    for key in first_runs.keys() & second_runs.keys():
        first, second = by_round(first_runs[key].turns), by_round(second_runs[key].turns)
        logs = [value - second[number] for number, value in first.items() if number in second]
        if logs:
            squares += len(logs) * pvariance(logs)
            freedom, rounds, runs = freedom + len(logs) - 1, rounds + len(logs), runs + 1
    if not freedom or squares <= _NO_SCATTER:
        return None
    return squares / freedom * (BETWEEN_RUNS / WITHIN_RUN + runs / rounds)


def paired_run(numerator: Mapping[int, float], denominator: Mapping[int, float]) -> float | None:
    """Median over the common rounds of the log ratio of two cases in a run, from their logs by round."""
    pairs = [value - denominator[number] for number, value in numerator.items() if number in denominator]
    return median(pairs) if pairs else None


def unpaired(numerator: Estimate, denominator: Estimate) -> Ratio:
    """The same from two intervals: its limits enclose 1 exactly when the two overlap.

    Wider than an interval of the ratio need be, so that it rather names a tie too many. Fewer than `MIN_RUNS` runs of
    either bound nothing, as everywhere.
    """
    few = min(numerator.n, denominator.n) < MIN_RUNS
    if few or not (math.isfinite(numerator.high) and math.isfinite(denominator.high)):
        return Ratio(numerator.value / denominator.value, 0.0, math.inf, 0)
    return Ratio(
        numerator.value / denominator.value, numerator.low / denominator.high, numerator.high / denominator.low, 0
    )


def _runs(records: Iterable[Record]) -> dict[tuple[str, int], Run]:
    return {(record.session, run.run): run for record in records for run in record.runs if counts(run)}
