"""Latency of a case and its ratio to the yardstick, with confidence intervals, from stored turns.

The estimand is the mean over fresh runs of the log of the run's median pass, carried back with exp. A run is the unit
of replication, so every interval is Student's t over runs on the log scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from statistics import median
from typing import NamedTuple

from levit_bench.command_lines import command_line
from levit_bench.numbers import statistics
from levit_bench.numbers.statistics import t_factor, t_interval
from levit_bench.numbers.units import counted, ordinal
from levit_bench.planning.budget import MIN_RUNS, level_at_a_look, looks_paid_for
from levit_bench.records import Estimate, Finding, Record, Run, TurnLine
from levit_bench.store.stored_turns import StoredTurns

LEVEL = 0.95
"""Nominal coverage of every interval: what the literature prints."""
MIN_TURNS_OF_A_BROKEN_RUN = 2
"""Turns a broken-off run must hold to count: one turn alone may be the one that was disturbed."""
METHOD = "t over runs"
METHOD_RATIO = "t over runs, ratio to the yardstick"


class RunLog(NamedTuple):
    """One counted run of a case."""

    session: str
    run: int
    case: float
    """Log of the median timed pass in seconds."""


def log_median(turns: Iterable[TurnLine]) -> float | None:
    """Log of the median timed pass in seconds over all turns; absent when there is no pass."""
    if isinstance(turns, StoredTurns):
        return turns.figures.log
    return statistics.log_median([duration for turn in turns for duration in turn.duration_s])


def counted_runs(record: Record) -> tuple[RunLog, ...]:
    """The runs that count: complete ones, and broken-off ones that hold at least two turns of the case."""
    out = []
    for run in record.runs:
        if counts(run):
            value = log_median(run.turns)
            if value is not None:
                out.append(RunLog(record.session, run.run, value))
    return tuple(out)


def round_ratios(run: Run) -> dict[int, float]:
    """Log ratio of the case's turn to the yardsticks' turns of the same round, by round: both names' logs averaged.

    Rounds in which the case or a yardstick took no turn are left out.
    """
    stick = _stick_logs(SameTurns(run.yardsticks))
    return {number: value - stick[number] for number, value in by_round(run.turns).items() if number in stick}


class SameTurns:
    """Hashes turns by identity, not by value: hashing a run of turns costs more than their medians."""

    __slots__ = ("turns",)

    def __init__(self, turns: tuple[Sequence[TurnLine], ...]) -> None:
        self.turns = turns

    def __hash__(self) -> int:
        return id(self.turns)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameTurns) and self.turns is other.turns


@lru_cache(maxsize=4096)
def _stick_logs(same: SameTurns) -> dict[int, float]:
    """Logs of the yardsticks by round, both names averaged. All cases of a run share one tuple of turns."""
    sticks = [by_round(turns) for turns in same.turns]
    rounds = set(sticks[0]).intersection(*sticks[1:]) if sticks else ()
    return {number: math.fsum(stick[number] for stick in sticks) / len(sticks) for number in rounds}


def run_ratio(run: Run) -> float | None:
    """Median over rounds of the paired log ratio to the yardstick; absent when no round holds the pair.

    The median of pairs, not the ratio of medians: a slow second of the machine falls on the case in one round and on
    the yardstick in another, and costs one pair each (docs/decisions/0001: 2.5 % against 3.4 % between runs).
    """
    pairs = round_ratios(run)
    return median(pairs.values()) if pairs else None


def ratios_by_run(record: Record) -> dict[int, float]:
    """Log ratio to the yardstick by run, of the runs that count and have one."""
    ratios = ((run.run, run_ratio(run)) for run in record.runs if counts(run))
    return {number: ratio for number, ratio in ratios if ratio is not None}


def counts(run: Run) -> bool:
    """Whether a run is complete, or was broken off with at least `MIN_TURNS_OF_A_BROKEN_RUN` turns of the case."""
    return run.complete or len(run.turns) >= MIN_TURNS_OF_A_BROKEN_RUN


def has_passes(record: Record) -> bool:
    """Whether a case has a timed pass in a run that counts, and a time at all: see `no_speed`."""
    return no_speed(record) is None and any(counts(run) and log_median(run.turns) is not None for run in record.runs)


def by_round(turns: Iterable[TurnLine]) -> dict[int, float]:
    """Log of the median timed pass by round; rounds without a pass are left out."""
    if isinstance(turns, StoredTurns):
        pairs = zip(turns.figures.rounds, turns.figures.logs, strict=True)
        return {number: value for number, value in pairs if value is not None}
    return {turn.round: value for turn in turns if (value := statistics.log_median(turn.duration_s)) is not None}


def yardstick_log(run: Run) -> float | None:
    """Log of the yardstick's latency in seconds in a run, both names' logs averaged; absent where one was not timed."""
    return _stick_log(SameTurns(run.yardsticks))


@lru_cache(maxsize=4096)
def _stick_log(same: SameTurns) -> float | None:
    return mean_of_known([log_median(turns) for turns in same.turns])


def mean_of_known(logs: Sequence[float | None]) -> float | None:
    """The mean where all are known, and there is one at least."""
    known = [value for value in logs if value is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(logs) else None


def no_speed(record: Record) -> Finding | None:
    """Why a record gives no speed at all, or None when it does."""
    case = record.info.id
    if record.outcome != "done":
        message = f"{record.outcome}: {record.reason or 'no reason was stored'}"
        return Finding(kind=f"case-{record.outcome}", message=message, case=case)
    if record.conditions.emulated:
        message = "emulated: the process ran under an instruction-set emulator, its times say nothing about a machine"
        return Finding(kind="emulated", message=message, case=case)
    return None


def looks_of(records: Iterable[Record]) -> int:
    """Number of looks that intervals of these records allow for, the most of any session: see `looks_paid_for`."""
    return max((_paid(record) for record in records), default=1)


def _paid(record: Record) -> int:
    return looks_paid_for(len(record.protocol.looks), record.resumes)


def paid_words(records: Sequence[Record]) -> str:
    """The part of an interval's method name that states the looks it allows for; empty where there are none."""
    dearest = max(records, key=_paid, default=None)
    if dearest is None or _paid(dearest) == 1:
        return ""
    declared = len(dearest.protocol.looks)
    return f", {counted(declared, 'look')}" if declared else f", {ordinal(dearest.resumes + 1)} look"


def latency(record: Record) -> Estimate | Finding:
    """Seconds a batch, or the finding that says why there is no such number."""
    return no_speed(record) or interval(
        [run.case for run in counted_runs(record)], METHOD, record.info.id, records=[record]
    )


def relative_to_yardstick(record: Record) -> Estimate | Finding:
    """Latency as a multiple of the yardstick's, paired by run, or the finding that says why there is no such number.

    Each run gives the median over its rounds of log(the case's turn) - log(the yardsticks' turns of that round);
    whatever slowed the round cancels. Runs in which a yardstick was not timed do not count.
    """
    return no_speed(record) or _paired(record)


def _paired(record: Record) -> Estimate | Finding:
    case = record.info.id
    ratios = [*ratios_by_run(record).values()]
    if not ratios and any(counts(run) and run.turns for run in record.runs):
        return no_yardstick(record)
    return interval(ratios, METHOD_RATIO, case, records=[record])


def no_yardstick(record: Record) -> Finding:
    """Finding of a case without the yardstick, the common unit with other sessions."""
    message = (
        "no run holds turns of the yardstick, so the case cannot be put on one scale with other sessions. "
        f"Show its session alone, with --where session={record.session}"
    )
    return Finding(kind="no-yardstick", message=message, case=record.info.id)


def over_runs(seconds: Iterable[float], case: str | None) -> Estimate | Finding:
    """Estimate from one figure a run: geometric mean, with Student's t over runs as everywhere."""
    return interval([math.log(duration) for duration in seconds if duration > 0], METHOD, case)


def no_turns(case: str | None, records: Sequence[Record] = ()) -> Finding:
    """Finding of a case without any run that counts.

    Args:
        case: id of the case.
        records: its records, one a session, in order; they say whether the last session was broken off.
    """
    message = "no run holds enough turns to count"
    if records and (ended := _broken_off(records[-1])):
        message += (
            f": the session {ended}. Add runs: {command_line('run', '--resume', records[-1].session, '--budget', '2m')}"
        )
    else:
        message += ". Measure it again, with a larger --budget."
    return Finding(kind="no-turns", message=message, case=case)


def _broken_off(record: Record) -> str:
    """When its session ended too early for the case; empty where the last run that holds it is complete."""
    if not record.runs:
        return "ended before the case had a turn"
    last = record.runs[-1]
    return "" if last.complete else f"was broken off in run {last.run + 1}"  # Counted from 1, as while it is measured.


def too_few_runs(n: int, case: str | None) -> Finding:
    """Finding of an interval over one or two runs, which bounds nothing, or hardly anything."""
    effect = "gives no interval" if n == 1 else "give an interval of 12.7 standard errors"
    message = (
        f"{n} run{'s' if n > 1 else ''} {effect}: at least {MIN_RUNS} are needed, {MIN_RUNS - n} more. "
        "Measure again with a larger --budget, or add runs with --resume."
    )
    return Finding(kind="too-few-runs", message=message, case=case)


def interval(
    logs: Sequence[float],
    method: str,
    case: str | None,
    findings: tuple[Finding, ...] = (),
    records: Sequence[Record] = (),
) -> Estimate | Finding:
    """The mean with limits that hold at `LEVEL`, whichever of the records' looks the measuring stopped at."""
    n = len(logs)
    if not n:
        return no_turns(case, records)
    if n < MIN_RUNS:
        findings = (*findings, too_few_runs(n, case))
    mean, low, high = t_interval(logs, level_at_a_look(looks_of(records), LEVEL))
    # exp(-inf) is 0, which would read as a limit; an unbounded interval stays unbounded on both sides.
    return Estimate(
        value=math.exp(mean),
        low=math.exp(low) if n > 1 else -math.inf,
        high=bounded_exp(high),
        level=LEVEL,
        n=n,
        method=method + paid_words(records),
        freedom=n - 1 if n > 1 else None,
        findings=findings,
    )


def bounded_exp(value: float) -> float:
    """Exponential that overflows to infinity: two wild runs can give limits of thousands of log units."""
    return math.exp(value) if value < 700 else math.inf


def limits_at(estimate: Estimate, level: float) -> tuple[float, float]:
    """Limits of the same estimate at another level; those it has where it does not know its degrees of freedom."""
    if estimate.freedom is None or not (estimate.low > 0 and math.isfinite(estimate.high)):
        return estimate.low, estimate.high
    times = t_factor(estimate.freedom, level) / t_factor(estimate.freedom, estimate.level)
    log, high = math.log(estimate.value), math.log(estimate.high)
    half = times * (high - log)
    return math.exp(max(log - half, -700.0)), bounded_exp(log + half)
