"""Verdicts: whether one of two takes longer, less long, the same, or whether the data cannot tell.

Knows log ratios, their scatter and the limits that follow; refuses to know whose they are and how they were paired.

*slower*: the family-wise lower limit of the ratio is above 1, and the estimate is at least `min_effect` above 1.
*faster*: the mirror image. *same*: the 90 % interval lies inside the margin (two one-sided tests at 5 %: Schuirmann,
*A comparison of the two one-sided tests procedure*, 1987). Otherwise *inconclusive*. Slower and faster win over same.
Everything is symmetric in logs: a margin of 5 % is from 1/1.05 to 1.05.

The family is all comparisons of one report that have limits; its limits are Bonferroni's, at 1 - 0.05 / family (Dunn,
*Multiple comparisons among means*, JASA 56, 1961). So at most one report in twenty, of a machine on which nothing has
changed, names any network slower or faster, however its comparisons depend on each other: they share a yardstick.
Holm's procedure would reject a little more, but has no intervals to show beside each verdict (Strassburger & Bretz,
2008), and a limit on the other side of 1 from its verdict would teach readers to ignore both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec
import numpy as np
from scipy.special import nctdtrinc, stdtrit

from bench.budget import MIN_RUNS
from bench.records import Estimate, Finding
from bench.units import significant

ALPHA = 0.05
"""Chance that a report of a machine on which nothing has changed names any difference."""
SAME_LEVEL = 0.90
"""Level of the interval that must lie inside the margin: one-sided 5 % at either end."""
POWER = 0.8
"""How often a difference of the detectable size is found: the usual four times in five."""
METHOD_PAIRS = "t over runs, paired by round"
METHOD_SESSIONS = "t over runs and sessions, ratio to the yardstick"
_NO_SCATTER = 1e-12  # Of logs: below it, runs agree to the last digit but for rounding.
_MOST_FREEDOM = 1e4  # Student's t is normal long before; its noncentral kin is not computed beyond.
_LARGEST_LOG = 700.0  # exp of more overflows.


class Verdict(StrEnum):
    """What the data say of the second against the first."""

    SLOWER = "slower"
    FASTER = "faster"
    SAME = "same"
    INCONCLUSIVE = "inconclusive"
    NOT_COMPARABLE = "not comparable"


class Rules(NamedTuple):
    """What counts as a difference, and what as none; both as shares of the time."""

    min_effect: float = 0.01
    """Differences below it are of no interest, however sure they are: another link order moves times as much."""
    margin: float = 0.05
    """Differences within it are as good as none."""


class Between(NamedTuple):
    """How far sessions of one case disagree beyond the scatter of their runs."""

    variance: float
    """Of a session's log ratio."""
    freedom: float
    """Degrees of freedom of the variance; infinity when it is assumed and not estimated."""
    sessions: int
    """Sessions behind it; 0 when it is assumed."""


class Effect(NamedTuple):
    """How the second compares with the first: a log ratio, and what its limits need."""

    log: float
    """Log of the second's time over the first's."""
    error: float
    """Standard error of it, above zero."""
    freedom: float
    """Degrees of freedom of the standard error."""
    runs: int
    """Runs behind it: pairs, or those of the side that has fewer."""
    method: str
    """Name of the construction of its interval."""

    def limits(self, level: float) -> tuple[float, float]:
        """Two-sided limits of the log ratio."""
        half = float(stdtrit(min(self.freedom, _MOST_FREEDOM), (1 + level) / 2)) * self.error
        return self.log - half, self.log + half


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of the second against the first, and how sure it is."""

    ratio: Estimate | None
    """How many times as long the second takes, with family-wise limits; absent when the data give none."""
    verdict: Verdict
    """In one word."""
    reason: str
    """In a sentence, with the numbers that decided."""
    detectable: float | None
    """The least true ratio above 1 that would be found slower four times in five, given this scatter and these runs;
    its inverse would be found faster as often. Absent when there is no scatter to judge by."""
    min_effect: float
    """As `Rules` had it."""
    margin: float
    """As `Rules` had it."""
    family: int
    """Comparisons that share the level, times the looks that are paid for; 0 when this one has no limits."""
    findings: tuple[Finding, ...] = ()
    """Why there are no limits, where there are none."""


def of_pairs(logs: Sequence[float]) -> Effect | Finding:
    """The effect from one log ratio a run, or the finding that says why there is none."""
    if len(logs) < MIN_RUNS:
        return _too_few(f"both are in {_runs(len(logs))}")
    deviation = float(np.std(logs, ddof=1))
    if deviation <= _NO_SCATTER:
        return _no_scatter()
    n = len(logs)
    return Effect(float(np.mean(logs)), deviation / math.sqrt(n), n - 1, n, METHOD_PAIRS)


def of_sessions(
    first: Sequence[Sequence[float]], second: Sequence[Sequence[float]], between: Between
) -> Effect | Finding:
    """The effect from log ratios to the yardstick, a group a session, or the finding that says why there is none.

    Each side is the mean of its sessions' means. Its variance is that of its runs, pooled over its sessions, and
    `between` divided by its sessions; degrees of freedom are Welch's and Satterthwaite's. Sessions of fewer than
    `MIN_RUNS` runs do not count.
    """
    sides = [[group for group in side if len(group) >= MIN_RUNS] for side in (first, second)]
    for name, given, kept in zip(("first", "second"), (first, second), sides, strict=True):
        if not kept:
            return _too_few(f"the {name} has {_runs(max(map(len, given), default=0))}")
    parts = [(_pooled(side), sum(1 / len(group) for group in side) / len(side) ** 2) for side in sides]
    weights = [(share * variance, freedom) for (variance, freedom), share in parts]
    weights.append((between.variance * sum(1 / len(side) for side in sides), between.freedom))
    whole = math.fsum(variance for variance, _ in weights)
    if math.sqrt(whole) <= _NO_SCATTER:
        return _no_scatter()
    lost = math.fsum(variance**2 / freedom for variance, freedom in weights)
    means = [math.fsum(float(np.mean(group)) for group in side) / len(side) for side in sides]
    return Effect(
        log=means[1] - means[0],
        error=math.sqrt(whole),
        freedom=whole**2 / lost if lost > 0 else math.inf,
        runs=min(sum(map(len, side)) for side in sides),
        method=METHOD_SESSIONS,
    )


def judge(effects: Sequence[Effect | Finding], rules: Rules = Rules(), looks: int = 1) -> tuple[Comparison, ...]:  # noqa: B008 - immutable
    """A comparison for each, in order; those with limits are one family, as often as the data could be looked at."""
    family = max(1, looks) * sum(isinstance(effect, Effect) for effect in effects)
    return tuple(
        _judged(effect, family, rules) if isinstance(effect, Effect) else _unknown(effect, rules) for effect in effects
    )


def refused(reason: str, rules: Rules, findings: tuple[Finding, ...] = ()) -> Comparison:
    """The comparison of what may not be compared."""
    return _without(Verdict.NOT_COMPARABLE, reason, rules, findings)


def detectable(effect: Effect, family: int, rules: Rules) -> float | None:
    """The least true ratio above 1 that is found slower with a power of 80 %; absent where it is beyond all bounds.

    Found means: Student's statistic is beyond its family-wise limit, which follows the noncentral t distribution with
    the true log ratio over the standard error as its noncentrality; and the estimate is at least `min_effect`, which
    four estimates in five are when the truth lies one quantile above it. The larger of the two counts.
    Source: Lehmann & Romano, *Testing Statistical Hypotheses* (2005), section 5.3.
    """
    freedom = min(effect.freedom, _MOST_FREEDOM)
    limit = float(stdtrit(freedom, 1 - ALPHA / family / 2))
    shift = float(nctdtrinc(freedom, 1 - POWER, limit))
    visible = math.log1p(rules.min_effect) + float(stdtrit(freedom, POWER)) * effect.error
    log = max(shift * effect.error, visible)
    return math.exp(log) if log < _LARGEST_LOG else None  # also when it is no number


def percent_above(ratio: float) -> str:
    """How far a ratio lies above 1: `3.4 %`."""
    return f"{significant(100 * (ratio - 1), 2)} %"


def _judged(effect: Effect, family: int, rules: Rules) -> Comparison:
    level = 1 - ALPHA / family
    low, high = effect.limits(level)
    least = detectable(effect, family, rules)
    verdict, reason = _verdict(effect, (low, high), rules)
    ratio = Estimate(
        value=_exp(effect.log),
        low=_exp(low),
        high=_exp(high),
        level=level,
        n=effect.runs,
        method=effect.method,
    )
    return Comparison(
        ratio=ratio,
        verdict=verdict,
        reason=reason,
        detectable=least,
        min_effect=rules.min_effect,
        margin=rules.margin,
        family=family,
    )


def _verdict(effect: Effect, limits: tuple[float, float], rules: Rules) -> tuple[Verdict, str]:
    least_log, margin = math.log1p(rules.min_effect), math.log1p(rules.margin)
    low, high = limits
    value = f"takes {_times(effect.log)} times as long"
    if low > 0 and effect.log >= least_log:
        return Verdict.SLOWER, f"{value}, at least {_times(low)}"
    if high < 0 and effect.log <= -least_log:
        return Verdict.FASTER, f"{value}, at most {_times(high)}"
    inner = effect.limits(SAME_LEVEL)
    narrow = f"{_times(inner[0])} to {_times(inner[1])}"
    if -margin < inner[0] and inner[1] < margin:
        return Verdict.SAME, f"the 90 % interval, {narrow}, lies within ±{_percent(rules.margin)}"
    if low > 0 or high < 0:
        return Verdict.INCONCLUSIVE, (
            f"{value}, surely not the same, which is less than --min-effect {_percent(rules.min_effect)} and not "
            f"within ±{_percent(rules.margin)}"
        )
    return Verdict.INCONCLUSIVE, (
        f"the limits, {_times(low)} to {_times(high)}, hold 1, and the 90 % interval, {narrow}, is not within "
        f"±{_percent(rules.margin)}"
    )


def _unknown(finding: Finding, rules: Rules) -> Comparison:
    return _without(Verdict.INCONCLUSIVE, finding.message, rules, (finding,))


def _without(verdict: Verdict, reason: str, rules: Rules, findings: tuple[Finding, ...]) -> Comparison:
    return Comparison(
        ratio=None,
        verdict=verdict,
        reason=reason,
        detectable=None,
        min_effect=rules.min_effect,
        margin=rules.margin,
        family=0,
        findings=findings,
    )


def _pooled(groups: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Variance of the runs within sessions, and its degrees of freedom."""
    freedom = sum(len(group) - 1 for group in groups)
    squares = math.fsum(float(np.var(group)) * len(group) for group in groups)
    return squares / freedom, freedom


def _too_few(what: str) -> Finding:
    message = (
        f"too few runs: {what}, and a comparison needs {MIN_RUNS}. Measure again with a larger --budget, or add runs "
        "with levit-bench run --resume."
    )
    return Finding(kind="too-few-runs", message=message)


def _no_scatter() -> Finding:
    message = (
        "all runs agree to the last digit, so there is no scatter to judge by: no clock is that steady. Measure again, "
        "or look for runs that were copied."
    )
    return Finding(kind="no-scatter", message=message)


def _runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"


def _times(log: float) -> str:
    """A ratio with as many digits as show on which side of 1 it lies."""
    value, shown = _exp(log), significant(_exp(log))
    for digits in range(4, 10):
        if log == 0 or (float(shown) - 1) * log > 0:
            break
        shown = significant(value, digits)
    return shown


def _percent(share: float) -> str:
    return f"{100 * share:.10g} %"


def _exp(log: float) -> float:
    return math.exp(min(max(log, -_LARGEST_LOG), _LARGEST_LOG))
