"""The model of the store: scatter between sessions of one case, and the variance of a mean over sessions.

    log ratio of a case to the yardstick in a run = network + company + session + run

*company*: which other cases the session holds. *session*: what a boot, an hour or a neighbour does to this case and not
to the yardstick. *run*: fresh processes. The variance of a session's mean is moderated (Smyth, *Linear models and
empirical Bayes methods for assessing differential expression*, SAGMB 3, 2004): a prior of few degrees of freedom,
moved first by all cases of the setting and then by the case's own sessions, so that every session counts from the
first one on and none makes an interval wider by itself:

    scale    = (SETTING_FREEDOM PRIOR² + sum over cases of w (k - 1) e) / (SETTING_FREEDOM + sum of w (k - 1))
    variance = (FREEDOM (scale + v) + sum of squares of the k means) / (FREEDOM + k - 1),  FREEDOM + k - 1 degrees

with v the variance that runs give a session's mean, e the excess of the variance of k means over v, and w =
(PRIOR² / (PRIOR² + v))², the information in such an excess. One case without sessions of its own has the scale of the
others.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

PRIOR = 0.02
"""Standard deviation between sessions, in log units, by the prior. The committed store holds 0.5 to 2.1 % for
pinned cases, root mean square 1.2 % within one company and 1.6 % over all; the prior is at the upper end, because what
is built on it must hold at 3 %, too (docs/statistics.md, `Between sessions`)."""
FREEDOM = 4.0
"""Degrees of freedom of the prior of one case: a case may scatter twice as much as its setting."""
SETTING_FREEDOM = 2.0
"""Degrees of freedom of the prior of a setting: a few sessions of a few cases outweigh it."""
SHARED = 1 / 3
"""Share of a ratio's variance between sessions that is the yardstick's, and cancels between cases of one session. With
a yardstick of two names whose sessions scatter as any case's do it is a third; the committed store holds 31 %."""
COMPANY = 0.02
"""Standard deviation of what other company does to a case, in log units. The committed store holds 1.0 % between
companies of pinned cases (root mean square over the cases), and up to 2.2 % for a single one."""
SLOPE = 0.45
"""Standard deviation of how much more or less a case drifts than the yardstick does, as a share: where the yardstick
moved by 10 % between two sessions, ratios of unchanged networks may differ by 4.5 % more. Own sessions outweigh it."""
_WILD = 3.0  # Times the prior: one case that jumps says no more than this about all others.
_LARGEST = 1e6  # Degrees of freedom beyond which Student's t is normal in every digit.


class CaseSession(NamedTuple):
    """One case in one session: mean and variance of its runs."""

    name: str
    mean: float
    """Mean over its runs of the log ratio to the yardstick."""
    runs: int
    variance: float
    """Variance of its runs; NaN for a single one."""
    company: Hashable = None
    """The cases that it was timed beside."""
    yardstick: float | None = None
    """Mean log latency of the yardstick, in seconds; absent where none was timed."""
    version: str = ""
    """The network as it is named with the digest of its file, which an edit changes."""


class Scatter(NamedTuple):
    """Variance of a session's mean of one case about the case's mean over sessions."""

    variance: float
    """Of the mean of a session whose runs are as the known ones'."""
    freedom: float
    """Its degrees of freedom, the prior's included."""
    sessions: int
    """Sessions of the case behind it; 0 or 1 where the others of its setting and the prior decide."""
    run_variance: float
    """Of one run, pooled over sessions."""
    run_freedom: float
    per_run: float
    """Mean over the known sessions of 1 / runs: so much of `run_variance` is in `variance`."""
    scale: float
    """Variance between sessions of the cases of the setting, runs excluded."""
    slope: float = SLOPE
    """Standard deviation of how much more or less the case drifts than the yardstick does, after its own sessions."""

    @property
    def deviation(self) -> float:
        """Standard deviation between sessions that is not their runs', in log units."""
        return math.sqrt(max(0.0, self.variance - self.run_variance * self.per_run))


class Mean(NamedTuple):
    """A mean over sessions with its variance."""

    log: float
    variance: float
    """Of the mean, as an estimate of the case's mean over all sessions."""
    freedom: float
    sessions: int
    runs: int


def setting_scale(
    cases: Iterable[Sequence[Sequence[CaseSession]]],
    own_variance: float = PRIOR**2,
    own_freedom: float = SETTING_FREEDOM,
) -> float:
    """Variance between sessions that cases of one setting share, runs excluded.

    Args:
        cases: for each case its sessions, in groups that each have a mean of their own.
        own_variance: the prior, in squared log units.
        own_freedom: its degrees of freedom.
    """
    weight, total = own_freedom, own_freedom * own_variance
    for groups in cases:
        squares, degrees = _squares(groups)
        if degrees:
            run_variance, _ = _within(session for group in groups for session in group)
            noise = run_variance * _per_run(groups)
            excess = min(max(squares / degrees - noise, 0.0), _WILD**2 * own_variance)
            information = degrees * (own_variance / (own_variance + noise)) ** 2
            weight, total = weight + information, total + information * excess
    return total / weight


def scatter(groups: Sequence[Sequence[CaseSession]], scale: float = PRIOR**2, own_freedom: float = FREEDOM) -> Scatter:
    """Scatter between sessions of one case.

    Args:
        groups: its sessions; each group has a mean of its own, as the two sides of a comparison have.
        scale: variance between sessions of the setting, from `setting_scale`.
        own_freedom: degrees of freedom of that, for one case.
    """
    run_variance, run_freedom = _within(session for group in groups for session in group)
    squares, degrees = _squares(groups)
    per_run = _per_run(groups)
    prior = scale + run_variance * per_run
    freedom = own_freedom + degrees
    most = max((len(group) for group in groups), default=0)
    variance = (own_freedom * prior + squares) / freedom
    slope = 1 / math.sqrt(1 / SLOPE**2 + _moved(groups) / variance)
    return Scatter(variance, freedom, most, run_variance, run_freedom, per_run, scale, slope)


def by_version(sessions: Iterable[CaseSession]) -> list[list[CaseSession]]:
    """Sessions of a case in groups of unchanged code, each with a mean of its own: what an edit did is no scatter."""
    groups: dict[str, list[CaseSession]] = {}
    for session in sessions:
        groups.setdefault(session.version, []).append(session)
    return [*groups.values()]


def middle(scatters: Sequence[Scatter]) -> Scatter:
    """The lower median of several cases, by their deviation between sessions."""
    return sorted(scatters, key=lambda case_scatter: case_scatter.deviation)[(len(scatters) - 1) // 2]


def mean(sessions: Sequence[CaseSession], case_scatter: Scatter) -> Mean:
    """Mean over sessions, those of few runs counting less; its variance holds sessions and runs."""
    squared = runs = log = 0.0
    for weight, session in zip(_weights(sessions, case_scatter), sessions, strict=True):
        log += weight * session.mean
        squared += weight * weight
        runs += weight * weight * _run_variance(session, case_scatter) / session.runs
    # The scatter includes that of usual runs; a session of fewer or noisier runs adds the rest.
    between = squared * (case_scatter.variance - case_scatter.run_variance * case_scatter.per_run)
    return Mean(
        log=log,
        variance=max(between + runs, runs),
        freedom=min(case_scatter.freedom, _LARGEST),
        sessions=len(sessions),
        runs=sum(session.runs for session in sessions),
    )


def _weights(sessions: Sequence[CaseSession], case_scatter: Scatter) -> list[float]:
    """Weight of each session in a mean: inverse to its usual variance, whatever its own mean is."""
    if len(sessions) == 1:
        return [1.0]
    shares = [1 / (case_scatter.scale + case_scatter.run_variance / session.runs) for session in sessions]
    total = sum(shares)
    return [share / total for share in shares]


def company_shares(sessions: Sequence[CaseSession], case_scatter: Scatter) -> dict[Hashable, float]:
    """Share of each company in a mean over sessions."""
    shares: dict[Hashable, float] = {}
    for weight, session in zip(_weights(sessions, case_scatter), sessions, strict=True):
        shares[session.company] = shares.get(session.company, 0.0) + weight
    return shares


def company_variance(first: Mapping[Hashable, float], second: Mapping[Hashable, float]) -> float:
    """Variance that different company adds to the difference of two means, in squared log units; 0 where it is equal.

    The effect of a company is in all of its sessions, so it does not average out over them.

    Args:
        first: shares of the companies in the one mean, from `company_shares`.
        second: in the other.
    """
    if not (first and second):
        return 0.0
    return COMPANY**2 * math.fsum(
        (first.get(company, 0.0) - second.get(company, 0.0)) ** 2 for company in first.keys() | second.keys()
    )


def drift_variance(first: Sequence[CaseSession], second: Sequence[CaseSession], case_scatter: Scatter) -> float:
    """Variance that the yardstick's drift adds to the difference of two means of ratios, in squared log units.

    A case need not drift as the yardstick does. Its own sessions show how it does where the yardstick moved between
    them: the slope of its ratio on the yardstick's latency has a normal prior about 0 of deviation `SLOPE`, and they
    leave it a variance of 1 / (1 / SLOPE² + squares of the yardstick's movement / variance of a session).
    """
    logs = [[session.yardstick for session in side if session.yardstick is not None] for side in (first, second)]
    if not all(logs):
        return 0.0
    moved = math.fsum(logs[1]) / len(logs[1]) - math.fsum(logs[0]) / len(logs[0])
    return (case_scatter.slope * moved) ** 2


def _moved(groups: Sequence[Sequence[CaseSession]]) -> float:
    """Squared distances of the yardstick's logs from their mean in each group."""
    total = 0.0
    for group in groups:
        logs = [session.yardstick for session in group if session.yardstick is not None]
        if len(logs) > 1:
            middle = math.fsum(logs) / len(logs)
            total += math.fsum((log - middle) ** 2 for log in logs)
    return total


def _run_variance(session: CaseSession, case_scatter: Scatter) -> float:
    """Of a run of this session: its own and the pooled one, which has the weight of a few degrees of freedom."""
    if session.runs < 2 or not math.isfinite(session.variance):
        return case_scatter.run_variance
    prior = min(2 * FREEDOM, case_scatter.run_freedom)
    return (prior * case_scatter.run_variance + (session.runs - 1) * session.variance) / (prior + session.runs - 1)


def _within(sessions: Iterable[CaseSession]) -> tuple[float, float]:
    """Variance of a run within its session, pooled, and its degrees of freedom."""
    with_runs = [session for session in sessions if session.runs > 1]
    degrees = sum(session.runs - 1 for session in with_runs)
    return (
        (math.fsum((session.runs - 1) * session.variance for session in with_runs) / degrees, degrees)
        if degrees
        else (0.0, 0.0)
    )


def _squares(groups: Sequence[Sequence[CaseSession]]) -> tuple[float, int]:
    """Squared distances of sessions from the mean of their group, and the degrees of freedom of that sum."""
    total, degrees = 0.0, 0
    for group in groups:
        if len(group) > 1:
            middle = math.fsum(session.mean for session in group) / len(group)
            total += math.fsum((session.mean - middle) ** 2 for session in group)
            degrees += len(group) - 1
    return total, degrees


def _per_run(groups: Sequence[Sequence[CaseSession]]) -> float:
    in_groups = [1 / session.runs for group in groups if len(group) > 1 for session in group]
    inverse_runs = in_groups or [1 / session.runs for group in groups for session in group]
    return math.fsum(inverse_runs) / len(inverse_runs) if inverse_runs else 0.0
