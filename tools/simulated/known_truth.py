"""Coverage, width and false alarms of intervals over simulated sessions with known truth.

Covers the intervals of `levit_bench.judge` and the alternatives that they were chosen from.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, median, pstdev
from typing import NamedTuple

from levit_bench.judge.estimates import by_round, latency, relative_to_yardstick, round_ratios
from levit_bench.judge.paired_ratio import paired
from levit_bench.numbers.statistics import Interval, t_interval, variance_components
from levit_bench.records import Estimate, Record
from scipy.special import stdtrit
from scipy.stats import binom

from tools.simulated.machine import Scenario
from tools.simulated.sessions import LADDER, YARDSTICK_S, take

Z = 1.959963984540054
"""Normal quantile of a two-sided 95 %: the factor of an oracle that knows the standard error."""
LATENCY, ANOTHER_DAY, RELATIVE, EQUAL = "latency", "latency on another day", "ratio to the yardstick", "ratio of equals"
DIFFERENCES = {"plus1": 0.01, "plus2": 0.02, "plus5": 0.05, "plus10": 0.10}
"""Networks of the ladder by how much slower they are than its base."""
Design = tuple[int, int]
"""Runs and rounds."""
Layout = Sequence[Sequence[float]]
"""Logs by run and round."""


class Trial(NamedTuple):
    """One quantity of one session: its true log, this suite's interval of the log, and the data behind it."""

    truth: float
    interval: Interval
    layout: Layout


def trials(scenario: Scenario, seeds: Iterable[int], design: Design) -> dict[str, list[Trial]]:
    """Each quantity once a session, so that sessions are independent trials.

    The truth of a latency is that of its session: drift between days cannot be seen in one session's data. The same
    interval, compared with the truth over all days, is `ANOTHER_DAY`.
    """
    out: dict[str, list[Trial]] = {}
    for seed in seeds:
        session = take(scenario, seed, networks=LADDER, runs=design[0], rounds=design[1])
        base = session.record("base")
        latency_interval, turns = _logs(latency(base)), _turns(base)
        ladder, stick = math.log(LADDER["base"]), math.log(YARDSTICK_S)
        by_quantity = {
            LATENCY: Trial(math.log(session.truth_s("base")), latency_interval, turns),
            ANOTHER_DAY: Trial(ladder, latency_interval, turns),
            RELATIVE: Trial(ladder - stick, _logs(relative_to_yardstick(base)), _to_yardstick(base)),
            EQUAL: Trial(0.0, ratio(session.record("twin"), base), _pairs(session.record("twin"), base)),
        }
        for network, more in DIFFERENCES.items():
            slower = session.record(network)
            by_quantity[network] = Trial(math.log1p(more), ratio(slower, base), _pairs(slower, base))
        for quantity, trial in by_quantity.items():
            out.setdefault(quantity, []).append(trial)
    return out


def ratio(numerator: Record, denominator: Record) -> Interval:
    """The paired ratio of two cases, in logs."""
    result = paired([numerator], [denominator])
    assert result is not None
    return Interval(math.log(result.value), math.log(result.low), math.log(result.high))


def _logs(estimate: object) -> Interval:
    assert isinstance(estimate, Estimate)
    return Interval(math.log(estimate.value), math.log(estimate.low), math.log(estimate.high))


def _turns(record: Record) -> Layout:
    return [list(by_round(run.turns).values()) for run in record.runs]


def _to_yardstick(record: Record) -> Layout:
    return [list(round_ratios(run).values()) for run in record.runs]


def _pairs(numerator: Record, denominator: Record) -> Layout:
    out = []
    for run, base_run in zip(numerator.runs, denominator.runs, strict=True):
        a, b = by_round(run.turns), by_round(base_run.turns)
        out.append([a[number] - b[number] for number in a])
    return out


class Score(NamedTuple):
    """Coverage, width and bias of an interval over many sessions."""

    sessions: int
    hits: int
    """Sessions whose interval held the truth."""
    width: float
    """Mean half width over the oracle's: the normal quantile times the true standard error of this estimate."""
    error: float
    """True standard error of the estimate, in logs: the standard deviation over the sessions."""
    bias: float
    """Mean error in logs."""

    @property
    def coverage(self) -> float:
        """Share of the sessions whose interval held the truth."""
        return self.hits / self.sessions


def score(sample: Sequence[Trial], offset: float = 0.0, method: Callable[[Layout], Interval] | None = None) -> Score:
    """Coverage and width of this suite's intervals, or of those that a method gives for the same data.

    Args:
        sample: independent trials of one quantity.
        offset: how far the estimand lies from the truth without noise, in logs; see `offset_of`.
        method: one of the candidates.
    """
    intervals = [trial.interval if method is None else method(trial.layout) for trial in sample]
    errors = [interval.value - trial.truth - offset for trial, interval in zip(sample, intervals, strict=True)]
    hits = sum(
        interval.low <= trial.truth + offset <= interval.high for trial, interval in zip(sample, intervals, strict=True)
    )
    error = pstdev(errors)
    return Score(len(errors), hits, fmean((i.high - i.low) / 2 for i in intervals) / (Z * error), error, fmean(errors))


def offset_of(sample: Sequence[Trial], method: Callable[[Layout], Interval] | None = None) -> float:
    """How far the expected estimate lies from the truth without noise, in logs: one-sided noise shifts a median.

    To be taken from other sessions than those whose coverage is counted.
    """
    return fmean((t.interval if method is None else method(t.layout)).value - t.truth for t in sample)


def oracle(scenario: Scenario, quantity: str, design: Design) -> float:
    """Half-width, in logs, of an oracle that knows the variance components and takes the mean of all rounds.

    For turns of two passes and normal noise; `t_interval` estimates the variance, and is wider.
    """
    runs, rounds = design
    noise, own_round = scenario, scenario.turn**2 + scenario.one_pass**2 / 2
    if quantity == LATENCY:
        variance = noise.run**2 + noise.case_run**2 + (noise.round**2 + own_round) / rounds
    else:
        variance = (1.5 if quantity == RELATIVE else 2.0) * (noise.case_run**2 + own_round / rounds)
    return Z * math.sqrt(variance / runs)


def found_different(sample: Sequence[Trial]) -> int:
    """Sessions whose interval of a ratio leaves 1 out."""
    return sum(not trial.interval.low <= 0 <= trial.interval.high for trial in sample)


def fewest_hits(sessions: int, coverage: float, sure: float = 0.9995) -> int:
    """The hits that a method of that coverage reaches or exceeds with that probability."""
    return int(binom.ppf(1 - sure, sessions, coverage))


def most_alarms(sessions: int, rate: float, sure: float = 0.9995) -> int:
    """The alarms that a method of that rate does not exceed with that probability."""
    return int(binom.ppf(sure, sessions, rate))


def midmean(values: Sequence[float]) -> float:
    """Mean of the middle half."""
    ordered, quarter = sorted(values), len(values) // 4
    return fmean(ordered[quarter : len(ordered) - quarter])


def hodges_lehmann(values: Sequence[float]) -> float:
    """Median of all means of two."""
    return median((a + b) / 2 for at, a in enumerate(values) for b in values[at:])


def _t_of(location: Callable[[Sequence[float]], float]) -> Callable[[Layout], Interval]:
    return lambda layout: t_interval([location(run) for run in layout])


def _order(layout: Layout) -> Interval:
    """Limits are order statistics of the runs' medians: the innermost pair whose level is at least 95 %."""
    ordered = sorted(median(run) for run in layout)
    n = len(ordered)
    outside = next((at for at in range(n // 2, 0, -1) if 2 * binom.cdf(at - 1, n, 0.5) <= 0.05), 0)
    if not outside:
        return Interval(median(ordered), -math.inf, math.inf)
    return Interval(median(ordered), ordered[outside - 1], ordered[n - outside])


def _bootstrap(layout: Layout) -> Interval:
    """Percentiles of the mean of medians when runs are drawn anew, and rounds within each (Kalibera & Jones 2012)."""
    rng = random.Random(math.fsum(layout[0]))
    draws = sorted(
        fmean(median(rng.choices(run, k=len(run))) for run in rng.choices(layout, k=len(layout))) for _ in range(1000)
    )
    return Interval(fmean(median(run) for run in layout), draws[25], draws[974])


def _satterthwaite(layout: Layout) -> Interval:
    """Components by moments; where runs add nothing beyond rounds, the rounds of all runs count as one group."""
    n, rounds = len(layout), len(layout[0])
    between, within = variance_components(layout)
    error = math.sqrt((between + within / rounds) / n)
    freedom = n - 1 if between else n * (rounds - 1)
    middle = fmean(fmean(run) for run in layout)
    half = float(stdtrit(freedom, 0.975)) * error
    return Interval(middle, middle - half, middle + half)


def _trimmed(layout: Layout) -> Interval:
    """Yuen's interval: the run at each end is left out, the variance is that of the winsorised runs."""
    ordered = sorted(median(run) for run in layout)
    inner = ordered[1:-1]
    winsorised = [inner[0], *inner, inner[-1]]
    h, middle = len(inner), fmean(inner)
    if h < 2:
        return Interval(middle, -math.inf, math.inf)
    spread = math.fsum((value - fmean(winsorised)) ** 2 for value in winsorised)
    half = float(stdtrit(h - 1, 0.975)) * math.sqrt(spread / (h * (h - 1)))
    return Interval(middle, middle - half, middle + half)


CANDIDATES: Mapping[str, Callable[[Layout], Interval]] = {
    "t over runs, medians of rounds": _t_of(median),
    "t over runs, means of rounds": _t_of(fmean),
    "t over runs, midmeans of rounds": _t_of(midmean),
    "t over runs, Hodges-Lehmann of rounds": _t_of(hodges_lehmann),
    "Satterthwaite, means": _satterthwaite,
    "trimmed runs (Yuen), medians": _trimmed,
    "order statistics of runs, medians": _order,
    "hierarchical bootstrap, medians": _bootstrap,
}
"""Methods for an interval from the logs of rounds in runs; the first is the one that this suite uses for ratios."""
