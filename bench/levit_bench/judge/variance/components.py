"""Variance components of a case: between sessions, between runs, between rounds and between passes.

The default protocol was chosen from these numbers (docs/decisions/0001).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from levit_bench.judge.estimates import counted_runs, log_median, ratios_by_run, round_ratios
from levit_bench.numbers.statistics import variance_components
from levit_bench.records import Case, Record, Run

Quantity = Literal["latency", "ratio"]


class Components(NamedTuple):
    """Standard deviations of one case's log latency, or log ratio to the yardstick, level by level.

    A deviation of 0.01 is about 1 %. Levels that the data cannot show are NaN.
    """

    case: Case
    isolation: str
    """Whether cases shared a worker process."""
    quantity: Quantity
    sessions: int
    runs: int
    of_sessions: float
    """Of the sessions' own estimates, their runs' scatter included: how far two sessions disagree."""
    between_sessions: float
    """Added by sessions beyond their runs."""
    between_runs: float
    """Added by runs of one session beyond their rounds."""
    between_rounds: float
    """Between turns of one run, medians of passes; for the ratio, both turns are of the same round."""
    between_passes: float
    """Between passes of one turn."""


def components(records: Iterable[Record]) -> list[Components]:
    """Latency and ratio of every case, its sessions on one machine taken together, in the order of first appearance."""
    groups: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        if record.outcome == "done" and record.runs:
            where = record.machine.hardware.id, record.gpu, record.allowance, record.shell.text
            groups.setdefault((*where, record.isolation, record.affinity, record.info.id), []).append(record)
    quantities: tuple[Quantity, ...] = ("latency", "ratio")
    return [_of(group, quantity) for group in groups.values() for quantity in quantities]


def _of(records: Sequence[Record], quantity: Quantity) -> Components:
    medians = [_run_logs(record, quantity) for record in records]
    rounds = [[_round_logs(run, quantity) for run in record.runs] for record in records]
    turns = [turn for record in records for run in record.runs for turn in run.turns]
    between_sessions, _ = variance_components(medians)
    pairs = [variance_components(runs) for runs in rounds]
    return Components(
        case=records[0].case,
        isolation=records[0].isolation,
        quantity=quantity,
        sessions=len(records),
        runs=sum(len(logs) for logs in medians),
        of_sessions=math.sqrt(_variance(np.array([np.mean(logs) for logs in medians if logs]))),
        between_sessions=math.sqrt(between_sessions) if between_sessions >= 0 else math.nan,
        between_runs=_root_mean([between for between, _ in pairs]),
        between_rounds=_root_mean([within for _, within in pairs]),
        between_passes=_root_mean([_variance(np.log(turn.duration_s)) for turn in turns]),
    )


def _run_logs(record: Record, quantity: Quantity) -> list[float]:
    if quantity == "latency":
        return [run.case for run in counted_runs(record)]
    return [*ratios_by_run(record).values()]


def _round_logs(run: Run, quantity: Quantity) -> list[float]:
    if quantity == "ratio":
        return list(round_ratios(run).values())
    return [value for turn in run.turns if (value := log_median((turn,))) is not None]


def _variance(values: np.ndarray) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else math.nan


def _root_mean(variances: Sequence[float]) -> float:
    finite = [value for value in variances if not math.isnan(value)]
    return math.sqrt(sum(finite) / len(finite)) if finite else math.nan
