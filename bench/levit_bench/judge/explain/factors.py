"""Factors whose product is the ratio of two cases of a session, from stored figures alone.

Work is counted, the allocator is the difference between two cases that differ in nothing else, efficiency is the rest.
Why an operator is slow takes a profile (`profile`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

import msgspec

from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.comparability import setting
from levit_bench.judge.estimates import LEVEL, by_round, counts, latency, looks_of, no_speed, too_few_runs
from levit_bench.numbers.statistics import t_interval
from levit_bench.planning.budget import MIN_RUNS, level_at_a_look
from levit_bench.records import Estimate, Finding, Record, TurnLine

WORK, ALLOCATOR, EFFICIENCY, REST = "work", "allocator", "efficiency", "rest"
PINNED, SHIPPED = "pinned", "shipped"
METHOD = "t over runs, paired by round"
COUNTED = "counted"
WEIGHT_BYTES = {"fp32": 4, "tf32": 4, "fp16": 2, "bf16": 2}
"""Bytes of a weight by precision."""


class Factor(NamedTuple):
    """One of the numbers whose product is the ratio."""

    name: str
    """`WORK`, `ALLOCATOR`, `EFFICIENCY`; or `REST`, where the work is not counted."""
    times: Estimate
    """How many times as long the second takes for this reason alone."""


class Cost(NamedTuple):
    """Cost of returning memory to the system: the case with the shipped allocator against the pinned one."""

    times: Estimate
    """How many times as long it takes as shipped."""
    seconds: float
    """A pass as shipped minus a pass pinned."""
    faults: float | None
    """Minor page faults a pass as shipped minus those pinned."""

    @property
    def share(self) -> Estimate:
        """The part of a pass as shipped that it does not take pinned; negative when pinned is slower."""
        value, low, high = (
            1 - 1 / x if x > 0 else -math.inf for x in (self.times.value, self.times.low, self.times.high)
        )
        return msgspec.structs.replace(self.times, value=value, low=low, high=high)

    @property
    def fault_s(self) -> float | None:
        """Seconds a fault, if faults were all that differs; absent where there are hardly any."""
        return self.seconds / self.faults if self.faults is not None and self.faults >= 1 else None


class Side(NamedTuple):
    """One of the two cases, by its stored figures."""

    record: Record
    latency: Estimate
    """Seconds a pass."""
    minor_faults: float | None
    """A pass; absent where the system does not say."""
    major_faults: float | None
    threads_used: float | None
    """Processor seconds a second of the passes, all threads of the worker process."""
    device_share: float | None
    """Seconds by the device's own clock a second of the passes; absent where it has none."""
    macs: int | None
    """Multiply-accumulates of a pass, the whole batch."""
    params: int | None
    weight_bytes: int | None
    """Of its parameters in its number format."""
    cost: Cost | None
    """Absent unless the session timed it with both allocators."""

    @property
    def flops(self) -> float | None:
        """Floating-point operations a second: two for each multiply-accumulate."""
        return None if self.macs is None else 2 * self.macs / self.latency.value


class Explanation(NamedTuple):
    """Two cases, their ratio, and the factors whose product it is."""

    first: Side
    second: Side
    ratio: Estimate
    """How many times as long the second takes."""
    factors: tuple[Factor, ...]
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        first, second = self.first.record.case.label, self.second.record.case.label
        return f"<Explanation: {second} takes {self.ratio.value:.3g} times as long as {first}>"


def explain(records: Iterable[Record], first: Record, second: Record) -> Explanation:
    """Factor the ratio of two cases of one session.

    Args:
        records: of their session, for the cases with the other allocator.
        first: the case to compare with.
        second: the case whose time is explained.

    Raises:
        UsageError: they are of two sessions.
        NothingToShowError: one has no speed, or they share no round.
    """
    if first.session != second.session:
        raise UsageError(
            f"the two cases are of two sessions, {first.session} and {second.session}, and pairs need one. "
            "Choose it with --session."
        )
    for record in (first, second):
        if why := no_speed(record):
            raise NothingToShowError(f"{record.case.label[:120]} has no speed to explain. {why.message[:300]}")
    within = [record for record in records if record.session == first.session]
    pinned = tuple(_sibling(within, record, PINNED) for record in (first, second))
    logs = contrast([second], [first])
    allocator = _allocator(first, second, *pinned)
    if allocator and len(logs.keys() & allocator.keys()) >= min(MIN_RUNS, len(logs)):
        logs = {run: value for run, value in logs.items() if run in allocator}
    else:
        allocator = {}
    if not logs:
        raise NothingToShowError(
            f"no round of {first.session} holds both {first.case.label[:120]} and {second.case.label[:120]}. "
            "Measure them again in one session."
        )
    first_side, second_side = _side(within, first), _side(within, second)
    return Explanation(
        first=first_side,
        second=second_side,
        ratio=_estimate(logs.values(), first),
        factors=tuple(
            _factors(first_side, second_side, logs, {run: allocator[run] for run in logs} if allocator else {})
        ),
        findings=(too_few_runs(len(logs), None),) if len(logs) < MIN_RUNS else (),
    )


def contrast(plus: Sequence[Record], minus: Sequence[Record]) -> dict[int, float]:
    """Median over rounds of the summed logs of `plus` less those of `minus`, by run.

    Of the runs that count and hold a round in which all of them took a turn. Whatever slowed the round cancels when
    there are as many on either side.
    """
    signed = [(sign, _runs(record)) for sign, group in ((1, plus), (-1, minus)) for record in group]
    common = set.intersection(*(set(runs) for _, runs in signed)) if signed else set()
    sums = {}
    for run in sorted(common):
        logs = [(sign, by_round(runs[run])) for sign, runs in signed]
        rounds = set.intersection(*(set(round_logs) for _, round_logs in logs))
        if rounds:
            sums[run] = median(
                math.fsum(sign * round_logs[number] for sign, round_logs in logs) for number in sorted(rounds)
            )
    return sums


def _runs(record: Record) -> dict[int, Sequence[TurnLine]]:
    return {run.run: run.turns for run in record.runs if counts(run)}


def _allocator(
    first: Record, second: Record, first_pinned: Record | None, second_pinned: Record | None
) -> dict[int, float]:
    """Log of the gain by pinning, the second's less the first's, by run; empty without the cases to compute it."""
    if (
        first_pinned is None
        or second_pinned is None
        or (first.info.id, second.info.id) == (first_pinned.info.id, second_pinned.info.id)
    ):
        return {}
    plus, minus = [second, first_pinned], [second_pinned, first]
    for record in (second, first_pinned):  # A case on both sides cancels.
        twin = next((candidate for candidate in minus if candidate.info.id == record.info.id), None)
        if twin is not None:
            plus.remove(record)
            minus.remove(twin)
    return contrast(plus, minus)


def _factors(first: Side, second: Side, logs: Mapping[int, float], allocator: Mapping[int, float]) -> Iterable[Factor]:
    """Work is exact; the allocator and the remainder have intervals of their own."""
    work = 0.0
    if first.macs and second.macs:
        work = math.log(second.macs / first.macs)
        times = second.macs / first.macs
        yield Factor(WORK, Estimate(value=times, low=times, high=times, level=1.0, n=0, method=COUNTED))
    if allocator:
        yield Factor(ALLOCATOR, _estimate(allocator.values(), first.record))
    remaining = [value - work - allocator.get(run, 0.0) for run, value in logs.items()]
    yield Factor(EFFICIENCY if first.macs and second.macs else REST, _estimate(remaining, first.record))


def _side(within: Sequence[Record], record: Record) -> Side:
    turns = _turns(record)
    time, case, info = latency(record), record.case, record.info
    assert isinstance(time, Estimate), "a record with a speed and a round has a latency"
    size = WEIGHT_BYTES.get(case.precision)
    seconds = math.fsum(duration for turn in turns for duration in turn.duration_s)
    device = [turn.device_s for turn in turns]
    return Side(
        record=record,
        latency=time,
        minor_faults=_a_pass(turns, lambda turn: turn.minor_faults),
        major_faults=_a_pass(turns, lambda turn: turn.major_faults),
        threads_used=_rate([turn.cpu_s for turn in turns], seconds),
        device_share=_rate([math.fsum(times) for times in device], seconds) if all(device) else None,
        macs=None if info.macs is None else info.macs * case.batch,
        params=info.params,
        weight_bytes=None if size is None or info.params is None else size * info.params,
        cost=_cost(within, record),
    )


def _cost(within: Sequence[Record], record: Record) -> Cost | None:
    shipped, pinned = (_sibling(within, record, name) for name in (SHIPPED, PINNED))
    if shipped is None or pinned is None:
        return None
    logs, times = contrast([shipped], [pinned]), latency(shipped)
    if len(logs) < MIN_RUNS or not isinstance(times, Estimate):
        return None
    factor = _estimate(logs.values(), record)
    more, less = (_a_pass(_turns(side), lambda turn: turn.minor_faults) for side in (shipped, pinned))
    faults = None if more is None or less is None else more - less
    return Cost(times=factor, seconds=times.value * (1 - 1 / factor.value), faults=faults)


def _sibling(within: Sequence[Record], record: Record, allocator: str) -> Record | None:
    """The same case with another allocator, of the same session, or itself; only where it has a speed."""
    if record.case.allocator == allocator:
        return record
    sibling_case = msgspec.structs.replace(record.case, allocator=allocator)
    siblings = [
        candidate
        for candidate in within
        if candidate.case == sibling_case and setting(candidate).torch == setting(record).torch
    ]
    return siblings[0] if siblings and no_speed(siblings[0]) is None else None


def _turns(record: Record) -> list[TurnLine]:
    return [turn for run in record.runs if counts(run) for turn in run.turns]


def _a_pass(turns: Sequence[TurnLine], of: Callable[[TurnLine], int | None]) -> float | None:
    """Mean a pass over all turns; absent when any turn lacks the count."""
    return _rate([of(turn) for turn in turns], sum(len(turn.duration_s) for turn in turns))


def _rate(parts: Sequence[float | None], whole: float) -> float | None:
    known = [part for part in parts if part is not None]
    return math.fsum(known) / whole if whole > 0 and known and len(known) == len(parts) else None


def _estimate(logs: Iterable[float], record: Record) -> Estimate:
    """The exponential of a mean over runs, with Student's limits, which allow for the looks at the record's session."""
    values = list(logs)
    mean, low, high = t_interval(values, level_at_a_look(looks_of([record]), LEVEL))
    bounded = len(values) > 1
    return Estimate(
        value=math.exp(mean),
        low=math.exp(max(low, -700.0)) if bounded else -math.inf,
        high=math.exp(min(high, 700.0)) if bounded else math.inf,
        level=LEVEL,
        n=len(values),
        method=METHOD,
    )
