"""Verdicts on the ratio of two cases: slower, faster, the same, or inconclusive.

*slower*: the family-wise lower limit of the ratio is above 1, and the estimate is at least `min_effect` above 1.
*faster*: the mirror image. *same*: the interval at 1 - 2 * 0.05 / family lies inside the margin (two one-sided tests at
5 % for the whole family: Schuirmann, *A comparison of the two one-sided tests procedure*, 1987; with one case it is the
90 % interval). Otherwise *inconclusive*. Slower and faster win over same.
Everything is symmetric in logs: a margin of 5 % is from 1/1.05 to 1.05.

The family is all comparisons of one report that have limits; its limits are Bonferroni's, at 1 - 0.05 / family (Dunn,
*Multiple comparisons among means*, JASA 56, 1961). So at most one report in twenty, of a machine on which nothing has
changed, names any network slower or faster, and at most one in twenty calls a network the same that differs by the
margin or more, however the comparisons of a report depend on each other: they share a yardstick.
Holm's procedure would reject a little more, but has no intervals to show beside each verdict (Strassburger & Bretz,
2008), and a limit on the other side of 1 from its verdict would teach readers to ignore both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from levit_bench.command_lines import command_line
from levit_bench.errors import UsageError
from levit_bench.numbers.quantiles import gamma, gammas, normal_shares, student_t
from levit_bench.numbers.units import counted, significant
from levit_bench.planning.budget import MIN_RUNS
from levit_bench.records import Estimate, Finding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALPHA = 0.05
"""Chance that a report of a machine on which nothing has changed names any difference; and that a report calls any case
the same that differs by the margin."""
POWER = 0.8
"""Statistical power: how often a difference of the detectable size is found, the usual four times in five."""
METHOD_PAIRS = "t over runs, paired by round"
NO_SCATTER = 1e-12
"""Of logs: below it, runs agree to the last digit but for rounding."""
PRIOR_FREEDOM = 4
"""Degrees of freedom that other cases of a report, or its rounds, have in the scatter of one, for its detectable
difference: as many as the runs of a session of five have themselves."""
_PARTS = 200  # Equally likely standard errors that a power is averaged over.
_MOST_FREEDOM = 1e4  # Student's t is normal long before; the noncentral t is not computed beyond.
_HALVINGS = 40
_LARGEST_LOG = 700.0  # exp of more overflows.


def same_level(family: int) -> float:
    """Level of the interval that must lie inside the margin: one-sided 5 % for the whole family at either end."""
    return 1 - 2 * ALPHA / family


class Verdict(StrEnum):
    """How the second case compares with the first."""

    SLOWER = "slower"
    FASTER = "faster"
    SAME = "same"
    INCONCLUSIVE = "inconclusive"
    NOT_COMPARABLE = "not comparable"


class Rules(NamedTuple):
    """What counts as a difference, and what as equal; both as shares of the time. `rules_of` makes and checks them."""

    min_effect: float = 0.03
    """Differences below it are of no interest, however sure they are: another link order moves times as much."""
    margin: float = 0.03
    """Differences within it count as equal. Never above `min_effect`, or what is to be found could be called the same;
    but for a gate, which asks whether a slowdown of the margin would have been found, and fails on smaller ones."""


def rules_of(min_effect: float | None = None, margin: float | None = None) -> Rules:
    """Rules of these shares; the margin is the least effect by default.

    Raises:
        UsageError: one is not a share from 0 to 1, or the margin is above the least effect.
    """
    least = Rules().min_effect if min_effect is None else min_effect
    rules = _checked(Rules(least, least if margin is None else margin))
    if rules.margin > rules.min_effect:
        raise UsageError(
            f"--margin {_percent(rules.margin)} is above --min-effect {_percent(rules.min_effect)}: a difference "
            "between the two would be one to find and as good as none at once, and could be called the same. Give a "
            f"--margin of at most {_percent(rules.min_effect)}, or leave it out: it is --min-effect then."
        )
    return rules


def gate_rules(min_effect: float | None = None, margin: float | None = None) -> Rules:
    """Rules of a gate: 2 % and 5 % unless given. The margin may be larger than the least effect: *slower* wins.

    Raises:
        UsageError: one is not a share from 0 to 1.
    """
    return _checked(
        Rules(GATE.min_effect if min_effect is None else min_effect, GATE.margin if margin is None else margin)
    )


GATE = Rules(0.02, 0.05)
"""What a gate counts as a difference, and what as equal, unless asked otherwise: a sure slowdown of two percent is
worth a look, and five percent are what two minutes on a shared machine with two cores find."""


class Effect(NamedTuple):
    """Log ratio of the second's time to the first's, with its standard error and degrees of freedom."""

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
    foretold: float | None = None
    """Variance of a run's log ratio as `paired_ratio.foretold` predicts it from rounds; of pairs alone."""

    def limits(self, level: float) -> tuple[float, float]:
        """Two-sided limits of the log ratio."""
        half = student_t(min(self.freedom, _MOST_FREEDOM), (1 + level) / 2) * self.error
        return self.log - half, self.log + half


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on the second against the first, with the ratio and its limits."""

    ratio: Estimate | None
    """How many times as long the second takes, with family-wise limits; absent when the data give none."""
    verdict: Verdict
    """In one word."""
    reason: str
    """In a sentence, with the numbers that decided."""
    detectable: float | None
    """The least true ratio above 1 that would be found slower four times in five, given this scatter and these runs;
    its inverse would be found faster as often. As often too large as too small. Absent when there is no scatter to
    judge by."""
    min_effect: float
    """As `Rules` had it."""
    margin: float
    """As `Rules` had it."""
    family: int
    """Comparisons that share the level, times the looks that are allowed for; 0 when this one has no limits."""
    findings: tuple[Finding, ...] = ()
    """Why there are no limits, where there are none."""


def of_pairs(logs: Sequence[float], foretold: float | None = None, *, of_gate: bool = False) -> Effect | Finding:
    """The effect from one log ratio a run, or the finding that says why there is none.

    Args:
        logs: of one run each.
        foretold: their variance as `levit_bench.judge.paired_ratio.foretold` predicts it; steadies the detectable
            difference, and not the interval.
        of_gate: whether they are of a gate, for what is to be done about too few.
    """
    if len(logs) < MIN_RUNS:
        return too_few(f"both are in {counted(len(logs))}", of_gate=of_gate)
    import numpy as np  # here and below: most that is read needs no verdict, and it loads slowly

    deviation = float(np.std(logs, ddof=1))
    if deviation <= NO_SCATTER:
        return no_scatter()
    n = len(logs)
    return Effect(float(np.mean(logs)), deviation / math.sqrt(n), n - 1, n, METHOD_PAIRS, foretold)


def judge(effects: Sequence[Effect | Finding], rules: Rules = Rules(), looks: int = 1) -> tuple[Comparison, ...]:  # noqa: B008 - immutable
    """A comparison for each, in order; those with limits are one family, as often as the data could be looked at.

    Raises:
        UsageError: the rules are no shares of a time.
    """
    _checked(rules)
    family = max(1, looks) * sum(isinstance(effect, Effect) for effect in effects)
    errors = iter(steadied([effect for effect in effects if isinstance(effect, Effect)]))
    return tuple(
        _judged(effect, next(errors), family, rules) if isinstance(effect, Effect) else _unknown(effect, rules)
        for effect in effects
    )


def steadied(effects: Sequence[Effect]) -> list[float]:
    """The standard error of each effect of a report, moderated, for its detectable difference.

    An estimated standard error of few runs is too small more often than too large, and scatters by a factor of seven
    between sessions of three runs. So it is made median-unbiased, by the median of its chi-square distribution. That of
    pairs is moderated as well (Smyth, *Linear models and empirical Bayes methods for assessing differential expression
    in microarray experiments*, Statistical Applications in Genetics and Molecular Biology 3, 2004):
    (d0 s0^2 + d s^2) / (d0 + d) in place of s^2, where d0 is `PRIOR_FREEDOM` and s0^2 the median of the variances of
    the report's other pairs, each median-unbiased; without other pairs, the variance that its rounds predict.
    """
    import numpy as np

    pairs = {number: effect for number, effect in enumerate(effects) if effect.method == METHOD_PAIRS}
    variances = {number: effect.error**2 * effect.runs for number, effect in pairs.items()}
    out = []
    for number, effect in enumerate(effects):
        other_variances = [variances[index] / _middle(pairs[index].freedom) for index in pairs if index != number]
        if number not in pairs or not (other_variances or effect.foretold):
            out.append(effect.error / math.sqrt(_middle(effect.freedom)))
            continue
        freedom = effect.freedom
        # The median of few variances is as skewed as it needs to be; a foretold variance is not.
        prior, whole = (
            (float(np.median(other_variances)), PRIOR_FREEDOM + freedom)
            if other_variances
            else (effect.foretold or 0.0, PRIOR_FREEDOM + freedom * _middle(freedom))
        )
        out.append(math.sqrt((PRIOR_FREEDOM * prior + freedom * variances[number]) / whole / effect.runs))
    return out


def power(log: float, effect: Effect, family: int, rules: Rules) -> float:
    """How often a true log ratio above 0 is found slower by such an effect, were its standard error the true one.

    Found means both: the estimate is beyond its family-wise limit, which is an estimated standard error times a
    quantile of Student's t away from 0, and at least `min_effect`. The estimate is normal and its estimated variance a
    multiple of chi-square, so that the power is the mean over the latter's distribution, taken at `_PARTS` equally
    likely values, of a normal probability. Source of the noncentral t without a least effect: Lehmann & Romano,
    *Testing Statistical Hypotheses* (2005), section 5.3.

    Without scatter (`NO_SCATTER`) every difference of at least `min_effect` is found, and no smaller one. Where the
    limits are not known, because the error or its freedom is not finite and positive, nothing is found.
    """
    least_log = math.log1p(rules.min_effect)
    if effect.error <= NO_SCATTER:
        return float(log >= least_log)
    freedom = min(effect.freedom, _MOST_FREEDOM)
    limit = student_t(freedom, 1 - ALPHA / family / 2) if freedom > 0 else math.inf
    if not (math.isfinite(effect.error) and math.isfinite(limit)):
        return 0.0
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):  # a limit beyond all numbers is infinite, and never passed
        limits = limit * effect.error * _errors(freedom)
    least = np.maximum(np.where(np.isnan(limits), math.inf, limits), least_log)
    return float(np.mean(normal_shares((log - least) / effect.error)))


def refused(reason: str, rules: Rules, findings: tuple[Finding, ...] = ()) -> Comparison:
    """The comparison of two cases that may not be compared."""
    return _without(Verdict.NOT_COMPARABLE, reason, rules, findings)


def detectable(effect: Effect, family: int, rules: Rules) -> float | None:
    """The least true ratio above 1 that is found slower with a power of 80 %, were the standard error the true one.

    Absent where it is beyond all bounds, or the standard error is not known; without scatter it is the least effect.
    See `power` for what found means, and `steadied` for the standard error.
    """
    if effect.error <= NO_SCATTER:
        return 1 + rules.min_effect
    low, high = 0.0, effect.error
    while high < _LARGEST_LOG and not power(high, effect, family, rules) >= POWER:
        low, high = high, 2 * high
    if not high < _LARGEST_LOG:  # also when it is NaN
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle, effect, family, rules) >= POWER else (middle, high)
    return math.exp(high)


def percent_above(ratio: float) -> str:
    """How far a ratio lies above 1: `3.4 %`."""
    return f"{significant(100 * (ratio - 1), 2)} %"


def _checked(rules: Rules) -> Rules:
    for option, share in (("--min-effect", rules.min_effect), ("--margin", rules.margin)):
        if not 0 <= share <= 1:
            raise UsageError(f"{option}: invalid share {share!r} of a time. Give 0 to 1, which is 0% to 100%.")
    return rules


def percent_of(level: float) -> str:
    """A level of confidence in four digits at most: `90 %`, `98.33 %`."""
    return f"{100 * level:.4g} %"


def _judged(effect: Effect, error: float, family: int, rules: Rules) -> Comparison:
    level = 1 - ALPHA / family
    low, high = effect.limits(level)
    least = detectable(effect._replace(error=error), family, rules)
    verdict, reason = _verdict(effect, (low, high), family, rules)
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


def _verdict(effect: Effect, limits: tuple[float, float], family: int, rules: Rules) -> tuple[Verdict, str]:
    least_log, margin = math.log1p(rules.min_effect), math.log1p(rules.margin)
    low, high = limits
    value = f"takes {_times(effect.log)} times as long"
    if low > 0 and effect.log >= least_log:
        return Verdict.SLOWER, f"{value}, at least {_times(low)}"
    if high < 0 and effect.log <= -least_log:
        return Verdict.FASTER, f"{value}, at most {_times(high)}"
    inner = effect.limits(same_level(family))
    narrow = f"the {percent_of(same_level(family))} interval, {_times(inner[0])} to {_times(inner[1])},"
    if -margin < inner[0] and inner[1] < margin:
        return Verdict.SAME, f"{narrow} lies within ±{_percent(rules.margin)}"
    if low > 0 or high < 0:
        return Verdict.INCONCLUSIVE, (
            f"{value}, surely not the same, which is less than --min-effect {_percent(rules.min_effect)} and not "
            f"within ±{_percent(rules.margin)}"
        )
    return Verdict.INCONCLUSIVE, (
        f"the limits, {_times(low)} to {_times(high)}, hold 1, and {narrow} is not within ±{_percent(rules.margin)}"
    )


def _middle(freedom: float) -> float:
    """Median of a variance with so many degrees of freedom, as a share of the true one."""
    return 2 * gamma(min(freedom, _MOST_FREEDOM) / 2, 0.5) / min(freedom, _MOST_FREEDOM)


@lru_cache(maxsize=256)
def _errors(freedom: float) -> NDArray[np.float64]:
    """Equally likely estimates of a standard error of 1 with so many degrees of freedom."""
    import numpy as np

    shares = (np.arange(_PARTS) + 0.5) / _PARTS
    errors: NDArray[np.float64] = np.sqrt(2 * gammas(freedom / 2, shares) / freedom)
    return errors


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


def too_few(what: str, *, of_gate: bool = False) -> Finding:
    """Finding of a side with too few runs to estimate their scatter; a gate is not resumed."""
    message = f"too few runs: {what}, and a comparison needs {MIN_RUNS}. Measure again with a larger --budget"
    more = f", or add runs to the newest session: {command_line('run', '--resume', 'last', '--budget', '2m')}"
    return Finding(kind="too-few-runs", message=message + ("." if of_gate else more))


def no_scatter() -> Finding:
    """Finding of runs that agree in every digit."""
    message = (
        "all runs agree to the last digit, so there is no scatter to judge by: no clock is that steady. Measure again, "
        "or look for runs that were copied."
    )
    return Finding(kind="no-scatter", message=message)


def _times(log: float) -> str:
    """A ratio with as many digits as show on which side of 1 it lies."""
    value, text = _exp(log), significant(_exp(log))
    for digits in range(4, 10):
        if log == 0 or (float(text) - 1) * log > 0:
            break
        text = significant(value, digits)
    return text


def _percent(share: float) -> str:
    return f"{100 * share:.10g} %"


def _exp(log: float) -> float:
    return math.exp(min(max(log, -_LARGEST_LOG), _LARGEST_LOG))
