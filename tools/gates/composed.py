"""Gates composed of the runs of a longer one, and the same runs judged as other tools would.

Runs are the units of replication: any of them, in random order, are a gate that could have been measured. Other tools
measure the base first and the head afterwards, so for them the runs of side a are drawn from the first half of the
pool, and those of side b from the second half.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean, median, stdev
from typing import NamedTuple

import msgspec
from levit_bench.catalog.side_pairs import axes_of, paired
from levit_bench.judge.gate.gate_report import CaseVerdict, GateOutcome, GateReport, GateRules
from levit_bench.judge.gate.pairs import is_decided
from levit_bench.judge.gate.side_by_side import side_by_side
from levit_bench.numbers.quantiles import student_t
from levit_bench.records import Record

RULES = GateRules(min_effect=0.02, margin=0.05)
SEED = 20261130


class Rates(NamedTuple):
    """Outcomes of composed gates."""

    gates: int
    alarms: int
    """Gates that called a case slower."""
    faster: int
    """Gates that called a case faster."""
    inconclusive: int
    """Gates that ended inconclusive."""
    called: int
    """Cases that were called slower."""
    cases: int


def composed(records: Sequence[Record], runs: int, gates: int, seed: int = SEED) -> Iterator[GateReport]:
    """So many gates, each of so many runs of a session, drawn without replacement within a gate.

    As in a gate that is measured, cases whose verdict is certain after half of the runs have no others.
    """
    numbers = sorted({run.run for record in records for run in record.runs if run.complete})
    draw = random.Random(seed)
    for _ in range(gates):
        chosen = draw.sample(numbers, runs)
        looks = (max(1, runs // 2), runs)
        half, whole = frozenset(chosen[: looks[0]]), frozenset(chosen)
        at_the_look = side_by_side([_with_runs(record, half, looks) for record in records], RULES)
        decided = {
            record.info.id
            for case in at_the_look.cases
            if case.comparison and is_decided(case.comparison)
            for record in (case.first, case.second)
            if record
        }
        yield side_by_side(
            [_with_runs(record, half if record.info.id in decided else whole, looks) for record in records], RULES
        )


def rates(reports: Iterable[GateReport]) -> Rates:
    """What these gates found."""
    made = list(reports)
    verdicts = [[case.verdict for case in report.cases] for report in made]
    return Rates(
        gates=len(made),
        alarms=sum(CaseVerdict.SLOWER in of_one for of_one in verdicts),
        faster=sum(CaseVerdict.FASTER in of_one for of_one in verdicts),
        inconclusive=sum(report.outcome is GateOutcome.INCONCLUSIVE for report in made),
        called=sum(of_one.count(CaseVerdict.SLOWER) for of_one in verdicts),
        cases=sum(map(len, verdicts)),
    )


class Sides(NamedTuple):
    """Passes of a case on both sides, in seconds, as another tool would have them."""

    first: list[float]
    second: list[float]


def one_after_the_other(records: Sequence[Record], runs: int, draw: random.Random) -> list[Sides]:
    """The passes of each case: of side a in runs of the first half of the session, of side b in runs of the second."""
    numbers = sorted({run.run for record in records for run in record.runs if run.complete})
    half = len(numbers) // 2
    first_runs, second_runs = set(draw.sample(numbers[:half], runs)), set(draw.sample(numbers[half:], runs))
    head = records[0]
    pairs = paired(
        ((record.case, record) for record in records if record.info.role == "subject"), axes_of(head.differences)
    )
    return [
        Sides(_passes(first, first_runs), _passes(second, second_runs))
        for first, second in pairs.values()
        if first is not None and second is not None
    ]


def fails_by_median(sides: Sides, share: float = 0.05) -> bool:
    """pytest-benchmark's `--benchmark-compare-fail=median:5%`: the median is more than that above the stored one."""
    return median(sides.second) > (1 + share) * median(sides.first)


def alerts_by_ratio(sides: Sides, threshold: float) -> bool:
    """github-action-benchmark: the mean of the new file over that of the stored one exceeds `alert-threshold`."""
    return fmean(sides.second) > threshold * fmean(sides.first)


def alerts_by_t_test(history: Sequence[float], new: float, boundary: float = 0.95) -> bool:
    """Bencher's t-test threshold: the new mean lies above the upper limit of a t interval about the history's mean.

    Args:
        history: means of earlier reports, in seconds.
        new: that of the judged one.
        boundary: upper quantile; its documentation's example is 0.98, its default sample needs two reports.
    """
    if len(history) < 2:
        return False
    spread = stdev(history)
    return new > fmean(history) + student_t(len(history) - 1, boundary) * spread


def _passes(record: Record, numbers: set[int]) -> list[float]:
    return [duration for run in record.runs if run.run in numbers for turn in run.turns for duration in turn.duration_s]


def _with_runs(record: Record, numbers: frozenset[int], looks: tuple[int, ...]) -> Record:
    runs = tuple(run for run in record.runs if run.run in numbers)
    protocol = msgspec.structs.replace(record.protocol, looks=looks)
    return msgspec.structs.replace(record, runs=runs, protocol=protocol, looks=())


def upper_limit(alarms: int, trials: int) -> float:
    """One-sided 95 % upper limit of a rate: Clopper and Pearson's."""
    if alarms == trials:
        return 1.0
    low, high = alarms / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        tail = sum(math.comb(trials, k) * middle**k * (1 - middle) ** (trials - k) for k in range(alarms + 1))
        low, high = (middle, high) if tail > 0.05 else (low, middle)
    return high
