"""The metrics of speed, latency and throughput, and how each is computed from the turns of a run.

Both are counted in seconds, so that less is better: seconds a batch, and seconds an image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from levit_bench.judge import estimates, throughput
from levit_bench.judge.estimates import by_round, counts, ratios_by_run
from levit_bench.judge.paired_ratio import paired_run
from levit_bench.records import Estimate, Finding, Record, Run

Metric = Literal["latency", "throughput"]
Turns = Mapping[int, Mapping[int, float]]
"""Of a record by run: logs of seconds by round, or one log for the whole run."""


class Speed(NamedTuple):
    """The functions that compute a metric from records."""

    seconds: Callable[[Record], Estimate | Finding]
    """Of one session."""
    ratios: Callable[[Record], Mapping[int, float]]
    """Log ratio to the yardstick by run."""
    yardstick: Callable[[Run], float | None]
    """Log of the yardstick's seconds a pass in a run."""
    turns: Callable[[Record], Turns]
    """Logs of seconds that two cases are paired by."""
    pair: Callable[[Mapping[int, float], Mapping[int, float]], float | None]
    """Log ratio of two cases in a run that holds both."""


def _rounds(record: Record) -> Turns:
    return {run.run: by_round(run.turns) for run in record.runs if counts(run)}


def _whole_runs(record: Record) -> Turns:
    return {run: {0: log} for run, log in throughput.logs_by_run(record).items()}


SPEEDS: Mapping[Metric, Speed] = {
    "latency": Speed(estimates.latency, ratios_by_run, estimates.yardstick_log, _rounds, paired_run),
    # A run gives one ratio of two cases: images over time have no rounds.
    "throughput": Speed(
        throughput.seconds_an_image, throughput.image_ratios_by_run, throughput.yardstick_log, _whole_runs, paired_run
    ),
}
