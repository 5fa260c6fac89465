"""Agreement of this suite's timing with a second timer's of the same turns, and of two accounts of processor time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, median
from typing import NamedTuple

from levit_bench.judge.estimates import LEVEL, counts, looks_of, no_speed
from levit_bench.numbers.statistics import t_interval
from levit_bench.planning.budget import MIN_RUNS, level_at_a_look
from levit_bench.records import Finding, Record, Run

AGREEMENT = 0.02
"""Relative difference of two timers that still counts as agreement."""


class Agreement(NamedTuple):
    """Mean pass by this suite's timer over that by the second timer, of the same turns."""

    record: Record
    value: float
    low: float
    high: float
    runs: int

    @property
    def agrees(self) -> bool | None:
        """Whether the interval lies within `AGREEMENT`; None when it reaches across that bound."""
        if self.low >= 1 - AGREEMENT and self.high <= 1 + AGREEMENT:
            return True
        return False if self.low > 1 + AGREEMENT or self.high < 1 - AGREEMENT else None


class Account(NamedTuple):
    """Processor seconds of the worker processes: by their own clocks, and by the system after they ended."""

    told_s: float
    system_s: float
    runs: int

    @property
    def ratio(self) -> float:
        """Seconds by the worker processes' own clocks over those of the system."""
        return self.told_s / self.system_s


def agreement(record: Record) -> Agreement | Finding | None:
    """Ratio of our passes to the second timer's; None without a second timer.

    Each turn gives log(mean of our passes) - log(the second timer's mean), each run the median over its turns; the
    interval is Student's t over runs. Which timer is first in a turn changes from round to round, so that a heap or
    clock that is still settling favours neither.
    """
    if not any(turn.witness_s for run in record.runs for turn in run.turns):
        return None
    if (refusal := no_speed(record)) is not None:
        return refusal
    logs = [log for run in record.runs if counts(run) and (log := _of_run(run)) is not None]
    if len(logs) < MIN_RUNS:
        message = (
            f"{len(logs)} runs were timed by a second timer, and an interval needs {MIN_RUNS}. Measure with a larger "
            "--budget."
        )
        return Finding(kind="too-few-runs", message=message, case=record.info.id)
    mean, low, high = t_interval(logs, level_at_a_look(looks_of([record]), LEVEL))
    return Agreement(record, math.exp(mean), math.exp(low), math.exp(high), len(logs))


def account(records: Iterable[Record]) -> Account | None:
    """The processor time of all runs that hold both accounts; None where there is none."""
    runs = {(record.session, run.run): run for record in records for run in record.runs}
    pairs = [
        (run.told_cpu_s, run.system_cpu_s)
        for run in runs.values()
        if run.told_cpu_s is not None and run.system_cpu_s is not None
    ]
    if not pairs:
        return None
    return Account(math.fsum(own_s for own_s, _ in pairs), math.fsum(system_s for _, system_s in pairs), len(pairs))


def agreements(records: Sequence[Record]) -> list[Agreement | Finding]:
    """Of all subjects that a second timer timed, in order: the null network is over before a second clock is read."""
    results = (agreement(record) for record in records if record.info.role != "null")
    return [result for result in results if result is not None]


def _of_run(run: Run) -> float | None:
    logs = [math.log(fmean(turn.duration_s) / turn.witness_s) for turn in run.turns if turn.witness_s]
    return median(logs) if logs else None
