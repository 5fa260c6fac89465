"""How the cases of one panel compare with each other, in one session or across several.

In one session two cases are paired by round and run, and the variance of a pair's runs is moderated towards that of the
panel's other pairs. Across sessions each session gives one paired difference, and what sessions disagree in is part of
the variance; two cases that share no session are compared by their ratios to the yardstick.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from statistics import fmean, median

from levit_bench.judge.estimates import LEVEL, looks_of
from levit_bench.judge.front.candidate import Candidate
from levit_bench.judge.metrics import SPEEDS, Speed, Turns
from levit_bench.judge.paired_ratio import Ratio
from levit_bench.judge.variance.case_sessions import Company, ratios
from levit_bench.judge.variance.session_scatter import (
    SHARED,
    CaseSession,
    Mean,
    Scatter,
    company_shares,
    company_variance,
    drift_variance,
    mean,
    scatter,
    setting_scale,
)
from levit_bench.judge.verdicts import Effect
from levit_bench.numbers.statistics import sample_variance
from levit_bench.planning.budget import MIN_RUNS, level_at_a_look
from levit_bench.records import Record

PRIOR_FREEDOM = 4
"""Degrees of freedom that the panel's other pairs have in the variance of a pair's runs."""
_PAIRS = 60  # Neighbours in speed that say how far pairs of this panel scatter.
_FAR = 3.0  # Times the limit of a test, from which on two cases need not be paired by round to be told apart.
METHOD_PAIRED = "t over runs, paired by round"
METHOD_SESSIONS = "t over sessions"

_Turns = dict[str, Turns]
"""Turns of a case by session."""


class Rivalry:
    """The cases of one panel by label; every comparison is computed once."""

    def __init__(
        self,
        groups: Mapping[str, Sequence[Record]],
        company: Company,
        *,
        across: bool,
        speed: Speed = SPEEDS["latency"],
    ) -> None:
        """Take the records of each case, one a session; `across` sessions, or within the only one."""
        self.speed = speed
        """The metric that is compared."""
        self._groups = groups
        self.across = across
        """Whether sessions are joined."""
        self.company = company
        """The cases that each session holds."""
        self._turns: dict[str, _Turns] = {}
        self._means: dict[str, Mean | None] = {}
        self._effects: dict[tuple[str, str], Effect | None] = {}
        self.looks = looks_of(record for group in groups.values() for record in group)
        """Number of looks that its places allow for: the most of any session."""

    @cached_property
    def sessions(self) -> dict[str, list[CaseSession]]:
        """Ratios to the yardstick by label, one a session."""
        sticks: dict[str, float | None] = {}
        return {label: ratios(group, self.company, self.speed.ratios, sticks) for label, group in self._groups.items()}

    @cached_property
    def scale(self) -> float:
        """Variance between sessions of this setting, runs excluded."""
        return setting_scale([[group] for group in self.sessions.values()])

    @cached_property
    def _scatters(self) -> dict[str, Scatter]:
        return {label: scatter([group], self.scale) for label, group in self.sessions.items()}

    def scatter(self, label: str) -> Scatter:
        """How far sessions of a case disagree."""
        return self._scatters[label]

    def effect(self, first: str, second: str) -> Effect | None:
        """Log of the time of the first over that of the second; None with too few runs."""
        if (first, second) not in self._effects:
            effect = self._compare(first, second)
            self._effects[first, second] = effect
            self._effects[second, first] = None if effect is None else effect._replace(log=-effect.log)
        return self._effects[first, second]

    def ratio(self, first: str, second: str) -> Ratio | None:
        """The same with 95 % limits."""
        effect = self.effect(first, second)
        if effect is None:
            return None
        looks = looks_of((*self._groups[first], *self._groups[second]))
        low, high = effect.limits(level_at_a_look(looks, LEVEL))
        return Ratio(math.exp(effect.log), math.exp(max(low, -700.0)), math.exp(min(high, 700.0)), effect.runs)

    def candidate(self, label: str, accuracy: float) -> Candidate:
        """The case as a candidate for the front, with its own error; infinite where it has too few runs."""
        if self.across:
            middle = self.mean(label)
            if middle is None or middle.runs < MIN_RUNS:
                return Candidate(label, accuracy, 0.0, math.inf, 0.0)
            # A limit must hold where sessions scatter most; a chance must be right on average over that scatter.
            usual = middle.variance * (middle.freedom - 2) / middle.freedom
            sessions, own = self.sessions[label], (1 - SHARED) * usual
            error = math.sqrt(SHARED * usual / len(sessions))
            return Candidate(
                label, accuracy, middle.log, own, middle.freedom, tuple((session.name, error) for session in sessions)
            )
        own_squares = self._own.get(label)
        if own_squares is None:
            return Candidate(label, accuracy, 0.0, math.inf, 0.0)
        logs, (squares, freedom), (prior, weight) = self._logs[label], own_squares, self._own_prior
        moderated = (weight * prior + squares) / (weight + freedom)
        return Candidate(label, accuracy, fmean(logs.values()), moderated / len(logs), weight + freedom)

    def _compare(self, first: str, second: str) -> Effect | None:
        return self._across_sessions(first, second) if self.across else self._within(first, second)

    def _within(self, first: str, second: str) -> Effect | None:
        far_apart = self._far_apart(first, second)
        if far_apart is not None:
            return far_apart
        logs = [log for run_logs in self._pairs(first, second).values() for log in run_logs]
        if len(logs) < MIN_RUNS:
            return None
        prior, weight = self._pair_prior
        n = len(logs)
        moderated = (weight * prior + (n - 1) * sample_variance(logs)) / (weight + n - 1)
        return Effect(fmean(logs), math.sqrt(moderated / n), weight + n - 1, n, METHOD_PAIRED)

    def _far_apart(self, first: str, second: str) -> Effect | None:
        """The unpaired effect of two cases that are clearly apart, whose error is an upper bound; None for others."""
        first_own, second_own = self._own.get(first), self._own.get(second)
        if first_own is None or second_own is None or len(self._groups) <= _PAIRS:
            return None
        if self._yardsticks(first) != self._yardsticks(second):
            return None  # their ratios have no common unit
        first_logs, second_logs = self._logs[first], self._logs[second]
        n = min(len(first_logs), len(second_logs))
        error = math.sqrt(sum(max(s / f, self._own_prior[0]) for s, f in (first_own, second_own)) / n)
        gap = fmean(first_logs.values()) - fmean(second_logs.values())
        freedom = n - 1
        effect = Effect(gap, error, freedom, n, METHOD_PAIRED)
        return effect if _clearly_apart(effect) else None

    def _yardsticks(self, label: str) -> tuple[tuple[str, int, str], ...]:
        """What decides by which yardstick each session divides the times of a case."""
        return tuple((record.case.device, record.case.threads, record.yardstick) for record in self._groups[label])

    def _across_sessions(self, first: str, second: str) -> Effect | None:
        first_mean, second_mean = self.mean(first), self.mean(second)
        if first_mean is None or second_mean is None or min(first_mean.runs, second_mean.runs) < MIN_RUNS:
            return None
        by_yardstick = self._by_yardstick(first, second, first_mean, second_mean)
        if len(self._groups) > _PAIRS and _clearly_apart(by_yardstick):
            return by_yardstick
        pairs = [
            CaseSession(name, fmean(logs), len(logs), sample_variance(logs) if len(logs) > 1 else math.nan)
            for name, logs in self._pairs(first, second).items()
        ]
        if pairs and self._pairs_tell_more(pairs, first, second):
            pair_scatter = scatter([pairs], 2 * (1 - SHARED) * self.scale)
            middle = mean(pairs, pair_scatter)
            return _effect(middle.log, middle.variance, middle.freedom, middle.runs)
        return by_yardstick

    def _by_yardstick(self, first: str, second: str, first_mean: Mean, second_mean: Mean) -> Effect:
        """Two cases by their ratios to the yardstick, whichever sessions they were in."""
        first_sessions, second_sessions = self.sessions[first], self.sessions[second]
        first_scatter, second_scatter = self._scatters[first], self._scatters[second]
        steeper = max(first_scatter, second_scatter, key=lambda case_scatter: case_scatter.slope)
        companies = company_variance(
            company_shares(first_sessions, first_scatter), company_shares(second_sessions, second_scatter)
        )
        more = companies + drift_variance(first_sessions, second_sessions, steeper)
        spread = first_mean.variance + second_mean.variance
        freedom = _satterthwaite(
            [
                (first_mean.variance, first_mean.freedom),
                (second_mean.variance, second_mean.freedom),
                (more, min(first_scatter.freedom, second_scatter.freedom)),
            ]
        )
        return _effect(first_mean.log - second_mean.log, spread + more, freedom, min(first_mean.runs, second_mean.runs))

    def _pairs_tell_more(self, pairs: Sequence[CaseSession], first: str, second: str) -> bool:
        """Whether pairs of common sessions have a smaller usual variance than the yardstick ratios of all sessions."""
        run = self._scatters[first].run_variance + self._scatters[second].run_variance
        common = sum(1 / (2 * (1 - SHARED) * self.scale + run / session.runs) for session in pairs)
        by_yardstick = 0.0
        for label in (first, second):
            case_scatter = self._scatters[label]
            by_yardstick += 1 / sum(
                1 / (self.scale + case_scatter.run_variance / session.runs) for session in self.sessions[label]
            )
        return 1 / common <= by_yardstick

    def mean(self, label: str) -> Mean | None:
        """Mean over sessions of the log ratio to the yardstick; None where no session gives one."""
        if label not in self._means:
            group = self.sessions[label]
            self._means[label] = mean(group, self._scatters[label]) if group else None
        return self._means[label]

    def _pairs(self, first: str, second: str) -> dict[str, list[float]]:
        """Log ratio of every run that holds both, by session."""
        first_turns, second_turns = self._turns_of(first), self._turns_of(second)
        by_session: dict[str, list[float]] = {}
        for name in first_turns.keys() & second_turns.keys():
            runs = sorted(first_turns[name].keys() & second_turns[name].keys())
            ratios_of_runs = (self.speed.pair(first_turns[name][run], second_turns[name][run]) for run in runs)
            if logs := [log for log in ratios_of_runs if log is not None]:
                by_session[name] = logs
        return dict(sorted(by_session.items()))

    def _turns_of(self, label: str) -> _Turns:
        if label not in self._turns:
            self._turns[label] = {record.session: self.speed.turns(record) for record in self._groups[label]}
        return self._turns[label]

    @cached_property
    def _logs(self) -> dict[str, dict[tuple[str, int], float]]:
        """Log ratio to the yardstick by run, of each case."""
        return {
            label: {(r.session, run): log for r in group for run, log in self.speed.ratios(r).items()}
            for label, group in self._groups.items()
        }

    @cached_property
    def _own(self) -> dict[str, tuple[float, int]]:
        """Sum of squares of what each run adds to this case alone, about its mean, and its degrees of freedom."""
        middles = {label: fmean(logs.values()) for label, logs in self._logs.items() if len(logs) >= MIN_RUNS}
        moved: dict[tuple[str, int], list[float]] = {}
        for label, middle in middles.items():
            for run, log in self._logs[label].items():
                moved.setdefault(run, []).append(log - middle)
        common = {run: fmean(shifts) for run, shifts in moved.items()}
        squares_of = {}
        for label, middle in middles.items():
            logs = self._logs[label]
            cases = min(len(moved[run]) for run in logs)
            # The common part holds a share of this case's own.
            whole = cases / (cases - 1) if cases > 1 else 1.0
            residuals = [log - middle - common[run] if cases > 1 else log - middle for run, log in logs.items()]
            squares_of[label] = whole * math.fsum(residual**2 for residual in residuals), len(logs) - 1
        return squares_of

    @cached_property
    def _own_prior(self) -> tuple[float, int]:
        return _middle(
            [squares / freedom for squares, freedom in self._own.values()], [f for _, f in self._own.values()]
        )

    @cached_property
    def _pair_prior(self) -> tuple[float, int]:
        """Variance of a run's log ratio that is usual among neighbours in speed, and its degrees of freedom."""
        ordered = sorted((label for label in self._own), key=lambda label: (fmean(self._logs[label].values()), label))
        step = max(1, len(ordered) // _PAIRS)
        variances = []
        for first, second in list(pairwise(ordered))[::step]:
            logs = [log for run_logs in self._pairs(first, second).values() for log in run_logs]
            if len(logs) >= MIN_RUNS:
                variances.append((sample_variance(logs), len(logs) - 1))
        return _middle([variance for variance, _ in variances], [freedom for _, freedom in variances])


def _middle(variances: Sequence[float], freedoms: Sequence[int]) -> tuple[float, int]:
    """The median of variances without its bias, and the weight it has: none below three of them.

    The median of a chi-square over its degrees of freedom f is about (1 - 2 / 9f)³ (Wilson & Hilferty, PNAS 17, 1931).
    """
    if len(variances) < 3:
        return 0.0, 0
    return median(variances) / (1 - 2 / (9 * median(freedoms))) ** 3, PRIOR_FREEDOM


def _clearly_apart(effect: Effect) -> bool:
    """Whether two cases are so far apart that they differ at any level in use, without pairing."""
    return abs(effect.log) > _FAR * (effect.limits(1 - 1e-4)[1] - effect.log)


def _effect(log: float, spread: float, freedom: float, runs: int) -> Effect:
    return Effect(log, math.sqrt(spread), freedom, runs, METHOD_SESSIONS)


def _satterthwaite(parts: Iterable[tuple[float, float]]) -> float:
    """Degrees of freedom of a sum of variances."""
    positive = [(spread, freedom) for spread, freedom in parts if spread > 0]
    if not positive:
        return 1.0
    return sum(spread for spread, _ in positive) ** 2 / sum(spread**2 / freedom for spread, freedom in positive)
