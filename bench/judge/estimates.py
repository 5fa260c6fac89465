"""From stored turns to numbers with intervals: how long a case takes, and how sure we are.

Knows how replicates are combined; refuses to know how they were taken, which cases compete, and how a number is shown.

The estimand is the mean over fresh runs of the log of the run's median pass, carried back with exp. A run is the unit
of replication, so every interval is Student's t over runs on the log scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from statistics import median
from typing import NamedTuple

from bench.budget import MIN_RUNS, level_at_a_look, looks_paid_for
from bench.errors import UsageError
from bench.records import Estimate, Finding, Record, Run, TurnLine
from bench.stats import t_interval, variance_components
from bench.units import ordinal

LEVEL = 0.95
"""Nominal coverage of every interval: what the literature prints."""
MIN_TURNS_OF_A_BROKEN_RUN = 2
"""Turns a broken-off run must hold to count: one turn alone may be the one that was disturbed."""
MOVED = 1.1
"""Factor between the yardsticks of two sessions from which on it is worth a finding: drift alone reaches it."""
METHOD = "t over runs"
METHOD_POOLED = "t over runs, ratio to the yardstick"
DISAGREEMENT = 0.01
"""Standard deviation between sessions, in log units, below which it is not worth a finding (1 %)."""


class RunLog(NamedTuple):
    """One counted run of a case."""

    session: str
    run: int
    case: float
    """Log of the median timed pass in seconds."""


def log_median(turns: Iterable[TurnLine]) -> float | None:
    """Log of the median timed pass in seconds over all turns; absent when there is no pass."""
    return _log_median([duration for turn in turns for duration in turn.duration_s])


def _log_median(passes: Sequence[float]) -> float | None:
    """Plain: the medians of numpy and statistics cost more than all else here when ten thousand cases are read."""
    ordered, n = sorted(passes), len(passes)
    if not n:
        return None
    return math.log(ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2)


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
    stick = _stick_logs(_Same(run.yardsticks))
    return {number: value - stick[number] for number, value in by_round(run.turns).items() if number in stick}


class _Same:
    """Hashes turns by which they are, not by what they hold: hashing a run of turns costs more than their medians."""

    __slots__ = ("turns",)

    def __init__(self, turns: tuple[tuple[TurnLine, ...], ...]) -> None:
        self.turns = turns

    def __hash__(self) -> int:
        return id(self.turns)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.turns is other.turns


@lru_cache(maxsize=4096)
def _stick_logs(same: _Same) -> dict[int, float]:
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
    found = ((run.run, run_ratio(run)) for run in record.runs if counts(run))
    return {number: ratio for number, ratio in found if ratio is not None}


def counts(run: Run) -> bool:
    """Whether a run is whole, or was broken off late enough to be worth something."""
    return run.complete or len(run.turns) >= MIN_TURNS_OF_A_BROKEN_RUN


def by_round(turns: Iterable[TurnLine]) -> dict[int, float]:
    """Log of the median timed pass by round; rounds without a pass are left out."""
    return {turn.round: value for turn in turns if (value := _log_median(turn.duration_s)) is not None}


def _yardstick(run: Run) -> float | None:
    logs = [log_median(turns) for turns in run.yardsticks]
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
    """For how many looks intervals of these records pay, by the session that pays most: see `looks_paid_for`."""
    return max((_paid(record) for record in records), default=1)


def _paid(record: Record) -> int:
    return looks_paid_for(len(record.protocol.looks), record.resumes)


def _looked(records: Sequence[Record]) -> str:
    """What the name of an interval's construction says of the looks that it pays for; empty where there are none."""
    dearest = max(records, key=_paid, default=None)
    if dearest is None or _paid(dearest) == 1:
        return ""
    declared = len(dearest.protocol.looks)
    return f", {declared} looks" if declared else f", {ordinal(dearest.resumes + 1)} look"


def latency(record: Record) -> Estimate | Finding:
    """Seconds a batch, or the finding that says why there is no such number."""
    return no_speed(record) or _interval(
        [run.case for run in counted_runs(record)], METHOD, record.info.id, records=[record]
    )


def throughput(record: Record) -> Estimate | Finding:
    """Images a second at the record's batch, all streams together, or the finding that says why there is none."""
    estimate = latency(record)
    return estimate if isinstance(estimate, Finding) else inverted(estimate, record.case.images)


def relative_to_yardstick(record: Record) -> Estimate | Finding:
    """Latency as a multiple of the yardstick's, paired by run, or the finding that says why there is no such number.

    Each run gives the median over its rounds of log(the case's turn) - log(the yardsticks' turns of that round);
    whatever slowed the round cancels. Runs in which a yardstick was not timed do not count.
    """
    return no_speed(record) or _paired([record])


def pooled(records: Sequence[Record], yardstick: Estimate) -> Estimate | Finding:
    """Seconds a batch of one case measured in several sessions on one machine with one torch version.

    Absolute latencies drift by 10-20 % from session to session, for all networks alike; a mean of absolute latencies
    would rank networks by the day they were measured. So: the mean over all runs of all sessions of the log ratio to
    the yardstick of the same run, times the one yardstick latency of the panel (`yardstick_latency`). The drift
    cancels, and cases of different sessions stand on one scale. The price: the yardstick's latency counts
    as exact, so the interval says how sure the place *within the panel* is, not tomorrow's wall-clock time.

    Args:
        records: the same case, one record a session.
        yardstick: latency in seconds of the yardstick that stands for the whole panel; its findings go with the result.
    """
    usable = [record for record in records if no_speed(record) is None]
    if not usable:
        return no_speed(records[0]) or Finding(kind="no-turns", message="no record was given")
    if len({record.info.id for record in usable}) > 1:
        raise UsageError("cannot pool: the records are of different cases. Pool the records of one case.")
    ratio = _paired(usable)
    if isinstance(ratio, Finding):
        return ratio
    return Estimate(
        value=ratio.value * yardstick.value,
        low=ratio.low * yardstick.value,
        high=ratio.high * yardstick.value,
        level=ratio.level,
        n=ratio.n,
        method=METHOD_POOLED,
        findings=(*ratio.findings, *(f for f in yardstick.findings if f.kind == "yardstick-moved")),
    )


def yardstick_latency(records: Iterable[Record]) -> Estimate | Finding:
    """Seconds a batch of the yardstick in the median one of the sessions that any of the records took part in.

    The records must share machine, torch version and yardstick version, and the environment of one yardstick:
    device, threads, allocator.
    """
    sessions: dict[str, dict[int, float]] = {}
    records = list(records)
    for record in records:
        logs = sessions.setdefault(record.session, {})
        for run in record.runs:
            if run.run not in logs and counts(run):
                value = _yardstick(run)
                if value is not None:
                    logs[run.run] = value
    means = {name: math.fsum(logs.values()) / len(logs) for name, logs in sessions.items() if logs}
    if not means:
        return Finding(kind="no-yardstick", message="no run holds turns of the yardstick")
    # The median session: one taken on a busy machine must not rescale everybody else's networks.
    nearest = sorted(means, key=lambda name: (means[name], name))[(len(means) - 1) // 2]
    chosen = sessions[nearest]
    return _interval([chosen[run] for run in sorted(chosen)], METHOD, None, _moved(means), records)


def _moved(means: Mapping[str, float]) -> tuple[Finding, ...]:
    """Sessions whose yardstick was much slower or faster than another's: the scale is that of the median one."""
    slowest, fastest = max(means, key=lambda n: means[n]), min(means, key=lambda n: means[n])
    factor = math.exp(means[slowest] - means[fastest])
    if factor < MOVED:
        return ()
    message = (
        f"the yardstick took {factor:.2f} times as long in session {slowest} as in {fastest}. Latencies are on the "
        "scale of the median session, and their intervals leave this out; look at one session with --session."
    )
    return (Finding(kind="yardstick-moved", message=message),)


def inverted(latency_s: Estimate, batch: int) -> Estimate:
    """Images a second from seconds a batch, or a batch for every stream: the limits change places."""
    bounded = math.isfinite(latency_s.high)
    return Estimate(
        value=batch / latency_s.value,
        low=batch / latency_s.high if bounded else -math.inf,
        high=batch / latency_s.low if bounded and latency_s.low > 0 else math.inf,
        level=latency_s.level,
        n=latency_s.n,
        method=latency_s.method,
        findings=latency_s.findings,
    )


def _paired(records: Sequence[Record]) -> Estimate | Finding:
    case = records[0].info.id
    sessions: dict[str, list[float]] = {}
    counted = 0
    for record in records:
        for run in record.runs:
            if counts(run) and run.turns:
                counted += 1
                ratio = run_ratio(run)
                if ratio is not None:
                    sessions.setdefault(record.session, []).append(ratio)
    ratios = [value for group in sessions.values() for value in group]
    if counted and not ratios:
        message = (
            "no run holds turns of the yardstick, so the case cannot be put on one scale with other sessions. "
            "Show its session alone, with --where session=" + records[0].session
        )
        return Finding(kind="no-yardstick", message=message, case=case)
    return _interval(ratios, METHOD_POOLED, case, _disagreement(list(sessions.values()), case), records)


def _disagreement(groups: Sequence[Sequence[float]], case: str) -> tuple[Finding, ...]:
    """Sessions that differ by more than their runs do: the interval over runs does not cover that."""
    if len(groups) < 2:
        return ()
    between, within = variance_components(groups)
    if not (between > within and math.sqrt(between) > DISAGREEMENT):
        return ()
    message = (
        f"the ratio to the yardstick moves by {math.sqrt(between):.1%} between sessions and {math.sqrt(within):.1%} "
        "between runs of one session; the interval covers runs only. Measure the rivals in one session."
    )
    return (Finding(kind="sessions-disagree", message=message, case=case),)


def over_runs(seconds: Iterable[float], case: str | None) -> Estimate | Finding:
    """What one figure a run says of all runs: geometric mean, and Student's t over runs as everywhere."""
    return _interval([math.log(one) for one in seconds if one > 0], METHOD, case)


def no_turns(case: str | None) -> Finding:
    """Nothing was left to count."""
    message = "no run holds enough turns to count. Measure it again, with a larger --budget."
    return Finding(kind="no-turns", message=message, case=case)


def too_few_runs(n: int, case: str | None) -> Finding:
    """One or two runs: an interval that bounds nothing, or hardly anything."""
    effect = "gives no interval" if n == 1 else "give an interval of 12.7 standard errors"
    message = (
        f"{n} run{'s' if n > 1 else ''} {effect}: at least {MIN_RUNS} are needed, {MIN_RUNS - n} more. "
        "Measure again with a larger --budget, or add runs with --resume."
    )
    return Finding(kind="too-few-runs", message=message, case=case)


def _interval(
    logs: Sequence[float],
    method: str,
    case: str | None,
    findings: tuple[Finding, ...] = (),
    records: Sequence[Record] = (),
) -> Estimate | Finding:
    """The mean with limits that hold at `LEVEL`, whichever of the records' looks the measuring stopped at."""
    n = len(logs)
    if not n:
        return no_turns(case)
    if n < MIN_RUNS:
        findings = (*findings, too_few_runs(n, case))
    mean, low, high = t_interval(logs, level_at_a_look(looks_of(records), LEVEL))
    # exp(-inf) is 0, which would read as a limit; an unbounded interval stays unbounded on both sides.
    return Estimate(
        value=math.exp(mean),
        low=math.exp(low) if n > 1 else -math.inf,
        high=_exp(high),
        level=LEVEL,
        n=n,
        method=method + _looked(records),
        findings=findings,
    )


def _exp(value: float) -> float:
    """Exponential that overflows to infinity: two wild runs can give limits of thousands of log units."""
    return math.exp(value) if value < 700 else math.inf
