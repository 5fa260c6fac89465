"""How the cases of one panel compare with each other, in one session or across several.

Knows pairs of turns and the model of the store; refuses to know accuracies, and what is decided.

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
from levit_bench.judge.front.membership import Candidate
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
"""What a case's turns say, by session."""


class Rivalry:
    """The cases of one panel by label; what is asked of it is computed once."""

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
        """What is compared."""
        self._groups = groups
        self.across = across
        """Whether sessions are joined."""
        self.company = company
        """What each session holds."""
        self._turns: dict[str, _Turns] = {}
        self._means: dict[str, Mean | None] = {}
        self._effects: dict[tuple[str, str], Effect | None] = {}
        self.looks = looks_of(record for group in groups.values() for record in group)
        """For how many looks its places pay: those of the session that pays most."""

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

    def effect(self, one: str, other: str) -> Effect | None:
        """Log of the time of one over that of the other; None where too few runs say anything."""
        if (one, other) not in self._effects:
            found = self._compare(one, other)
            self._effects[one, other] = found
            self._effects[other, one] = None if found is None else found._replace(log=-found.log)
        return self._effects[one, other]

    def ratio(self, one: str, other: str) -> Ratio | None:
        """The same with 95 % limits."""
        effect = self.effect(one, other)
        if effect is None:
            return None
        looks = looks_of((*self._groups[one], *self._groups[other]))
        low, high = effect.limits(level_at_a_look(looks, LEVEL))
        return Ratio(math.exp(effect.log), math.exp(max(low, -700.0)), math.exp(min(high, 700.0)), effect.runs)

    def candidate(self, label: str, accuracy: float) -> Candidate:
        """The case with the error that is its own; without one where it has too few runs."""
        if self.across:
            middle = self.mean(label)
            if middle is None or middle.runs < MIN_RUNS:
                return Candidate(label, accuracy, 0.0, math.inf, 0.0)
            # A limit must hold where sessions scatter most; a chance is to be right on average over how they may.
            usual = middle.variance * (middle.freedom - 2) / middle.freedom
            sessions, own = self.sessions[label], (1 - SHARED) * usual
            error = math.sqrt(SHARED * usual / len(sessions))
            return Candidate(
                label, accuracy, middle.log, own, middle.freedom, tuple((one.name, error) for one in sessions)
            )
        found = self._own.get(label)
        if found is None:
            return Candidate(label, accuracy, 0.0, math.inf, 0.0)
        logs, (squares, freedom), (prior, weight) = self._logs[label], found, self._own_prior
        moderated = (weight * prior + squares) / (weight + freedom)
        return Candidate(label, accuracy, fmean(logs.values()), moderated / len(logs), weight + freedom)

    def _compare(self, one: str, other: str) -> Effect | None:
        return self._across_sessions(one, other) if self.across else self._within(one, other)

    def _within(self, one: str, other: str) -> Effect | None:
        near = self._far_apart(one, other)
        if near is not None:
            return near
        logs = [log for each in self._pairs(one, other).values() for log in each]
        if len(logs) < MIN_RUNS:
            return None
        prior, weight = self._pair_prior
        n = len(logs)
        moderated = (weight * prior + (n - 1) * sample_variance(logs)) / (weight + n - 1)
        return Effect(fmean(logs), math.sqrt(moderated / n), weight + n - 1, n, METHOD_PAIRED)

    def _far_apart(self, one: str, other: str) -> Effect | None:
        """Unpaired, for two that nobody confuses: an error that is too large, and tells them apart all the same."""
        mine, theirs = self._own.get(one), self._own.get(other)
        if mine is None or theirs is None or len(self._groups) <= _PAIRS:
            return None
        logs, others = self._logs[one], self._logs[other]
        n = min(len(logs), len(others))
        error = math.sqrt(sum(max(s / f, self._own_prior[0]) for s, f in (mine, theirs)) / n)
        gap = fmean(logs.values()) - fmean(others.values())
        freedom = n - 1
        found = Effect(gap, error, freedom, n, METHOD_PAIRED)
        return found if _nobody_confuses(found) else None

    def _across_sessions(self, one: str, other: str) -> Effect | None:
        mine, theirs = self.mean(one), self.mean(other)
        if mine is None or theirs is None or min(mine.runs, theirs.runs) < MIN_RUNS:
            return None
        by_yardstick = self._by_yardstick(one, other, mine, theirs)
        if len(self._groups) > _PAIRS and _nobody_confuses(by_yardstick):
            return by_yardstick
        pairs = [
            CaseSession(name, fmean(logs), len(logs), sample_variance(logs) if len(logs) > 1 else math.nan)
            for name, logs in self._pairs(one, other).items()
        ]
        if pairs and self._pairs_tell_more(pairs, one, other):
            known = scatter([pairs], 2 * (1 - SHARED) * self.scale)
            middle = mean(pairs, known)
            return _effect(middle.log, middle.variance, middle.freedom, middle.runs)
        return by_yardstick

    def _by_yardstick(self, one: str, other: str, mine: Mean, theirs: Mean) -> Effect:
        """Two cases by their ratios to the yardstick, whichever sessions they were in."""
        firsts, seconds = self.sessions[one], self.sessions[other]
        ours, its = self._scatters[one], self._scatters[other]
        known = max(ours, its, key=lambda each: each.slope)
        companies = company_variance(company_shares(firsts, ours), company_shares(seconds, its))
        more = companies + drift_variance(firsts, seconds, known)
        spread = mine.variance + theirs.variance
        freedom = _satterthwaite(
            [(mine.variance, mine.freedom), (theirs.variance, theirs.freedom), (more, min(ours.freedom, its.freedom))]
        )
        return _effect(mine.log - theirs.log, spread + more, freedom, min(mine.runs, theirs.runs))

    def _pairs_tell_more(self, pairs: Sequence[CaseSession], one: str, other: str) -> bool:
        """Whether the common sessions tell more than all sessions by way of the yardstick, in what is usual here."""
        run = self._scatters[one].run_variance + self._scatters[other].run_variance
        common = sum(1 / (2 * (1 - SHARED) * self.scale + run / each.runs) for each in pairs)
        every = 0.0
        for label in (one, other):
            known = self._scatters[label]
            every += 1 / sum(1 / (self.scale + known.run_variance / each.runs) for each in self.sessions[label])
        return 1 / common <= every

    def mean(self, label: str) -> Mean | None:
        """Mean over sessions of the log ratio to the yardstick; None where no session gives one."""
        if label not in self._means:
            group = self.sessions[label]
            self._means[label] = mean(group, self._scatters[label]) if group else None
        return self._means[label]

    def _pairs(self, one: str, other: str) -> dict[str, list[float]]:
        """Log ratio of every run that holds both, by session."""
        mine, theirs = self._turns_of(one), self._turns_of(other)
        out: dict[str, list[float]] = {}
        for name in mine.keys() & theirs.keys():
            runs = sorted(mine[name].keys() & theirs[name].keys())
            found = (self.speed.pair(mine[name][run], theirs[name][run]) for run in runs)
            if logs := [log for log in found if log is not None]:
                out[name] = logs
        return dict(sorted(out.items()))

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
        """Squares about its mean of what each run does to this case and not to all, and their degrees of freedom."""
        middles = {label: fmean(logs.values()) for label, logs in self._logs.items() if len(logs) >= MIN_RUNS}
        moved: dict[tuple[str, int], list[float]] = {}
        for label, middle in middles.items():
            for run, log in self._logs[label].items():
                moved.setdefault(run, []).append(log - middle)
        common = {run: fmean(each) for run, each in moved.items()}
        out = {}
        for label, middle in middles.items():
            logs = self._logs[label]
            cases = min(len(moved[run]) for run in logs)
            # The common part holds a share of this case's own.
            whole = cases / (cases - 1) if cases > 1 else 1.0
            left = [log - middle - common[run] if cases > 1 else log - middle for run, log in logs.items()]
            out[label] = whole * math.fsum(each**2 for each in left), len(logs) - 1
        return out

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
        found = []
        for one, other in list(pairwise(ordered))[::step]:
            logs = [log for each in self._pairs(one, other).values() for log in each]
            if len(logs) >= MIN_RUNS:
                found.append((sample_variance(logs), len(logs) - 1))
        return _middle([each for each, _ in found], [freedom for _, freedom in found])


def _middle(variances: Sequence[float], freedoms: Sequence[int]) -> tuple[float, int]:
    """The median of variances without its bias, and the weight it has: none below three of them.

    The median of a chi-square over its degrees of freedom f is about (1 - 2 / 9f)³ (Wilson & Hilferty, PNAS 17, 1931).
    """
    if len(variances) < 3:
        return 0.0, 0
    return median(variances) / (1 - 2 / (9 * median(freedoms))) ** 3, PRIOR_FREEDOM


def _nobody_confuses(effect: Effect) -> bool:
    """Whether two are so far apart that no pairing is needed to tell them apart at any level that is asked for."""
    return abs(effect.log) > _FAR * (effect.limits(1 - 1e-4)[1] - effect.log)


def _effect(log: float, spread: float, freedom: float, runs: int) -> Effect:
    return Effect(log, math.sqrt(spread), freedom, runs, METHOD_SESSIONS)


def _satterthwaite(parts: Iterable[tuple[float, float]]) -> float:
    """Degrees of freedom of a sum of variances."""
    kept = [(spread, freedom) for spread, freedom in parts if spread > 0]
    if not kept:
        return 1.0
    return sum(spread for spread, _ in kept) ** 2 / sum(spread**2 / freedom for spread, freedom in kept)
