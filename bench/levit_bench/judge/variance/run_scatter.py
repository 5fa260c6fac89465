"""Run scatter for planning: variances between runs and within a run, from this machine's stored sessions.

A few runs say little about a variance, so it is moderated: the pilot's counts as `PRIOR_DEGREES` degrees of freedom
beside those that were measured, v = (d0 prior + sum of squares) / (d0 + degrees). Source: Smyth, *Linear models and
empirical Bayes methods for assessing differential expression in microarray experiments*, Statistical Applications in
Genetics and Molecular Biology 3 (2004), section 3; there d0 is estimated over thousands of cases, here it is given, and
counts once for a machine and not once for each case: a quiet machine is quiet for all of them. For the same reason the
pilot's counts only as far as the machine's own do not contradict it: beyond the limits of theirs, the limit counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median, median_low
from typing import NamedTuple

from levit_bench.judge.estimates import LEVEL, counts, no_speed, round_ratios
from levit_bench.judge.variance.reproducibility import Kind, kind_of
from levit_bench.numbers.statistics import variance_limits
from levit_bench.planning.budget import PILOT, RunScatter
from levit_bench.records import CaseLine, Conditions, Machine, Protocol, Record, Shell
from levit_bench.store.files import Beginning

PRIOR_DEGREES = 4.0
"""Degrees of freedom that the pilot's variances count for: as many as five runs of one case."""
MOST_SESSIONS = 20
"""The newest sessions of a kind that count: they give a variance to within a tenth, and a machine changes."""
WILD = 4.0
"""Times the middle case's variance beyond which a case's counts no further: twice its deviation, as far as the pilot's
networks lay from their mean. One network with two states, or beside a neighbour, must not plan the session of all. A
cap and not the median, because a plan is for the root mean square of the networks and most differ for good reason."""
_TOGETHER = 1 / 9
"""Correlation of the squares of two cases of a session. They share the yardstick, which brings a third of the variance
of either's ratio: its two logs are averaged, and half a turn's variance stands beside a whole one."""
_EDGE = 2.5
"""Deviations from its run's median at which a round's ratio is cut: the median does not see how far off it lies."""
_NO_SCATTER = 1e-24  # Variance below which logs agree to the last digit, which no clock does.
_NORMAL = 1.4826  # Deviation of normal numbers over their median absolute deviation.


class _Squares(NamedTuple):
    """Sums of squares of the runs of one case, about the mean of their session or run, with degrees of freedom."""

    of_runs: float
    run_degrees: float
    of_rounds: float
    round_degrees: float
    runs: int
    shares: float
    """Sum over runs of one over the rounds of each."""


class _OfKind(NamedTuple):
    between: float
    within: float
    sessions: frozenset[str]


def run_scatter(records: Iterable[Record], kinds: Iterable[Kind], prior: RunScatter = PILOT) -> RunScatter:
    """Variances of a log ratio to the yardstick, for a session of cases of these kinds.

    Sessions with fewer than two runs of a case say nothing about it. A kind of which nothing is stored has the prior's
    variances; of several kinds, the mean.

    Args:
        records: all stored records, of other machines and settings, too.
        kinds: of the cases that will be measured, one for each case.
        prior: variances where nothing is stored, and the prior of the others.
    """
    case_kinds = list(kinds)
    groups: dict[Kind, list[Record]] = {kind: [] for kind in case_kinds}
    for record in records:
        if record.info.role == "subject" and (group := groups.get(kind_of(record))) is not None:
            group.append(record)
    of_kinds = {kind: _of_kind(group, prior) for kind, group in groups.items()}
    if not any(of_kind.sessions for of_kind in of_kinds.values()):
        return prior._replace(sessions=0, without=len(of_kinds))
    return RunScatter(
        between=math.fsum(of_kinds[kind].between for kind in case_kinds) / len(case_kinds),
        within=math.fsum(of_kinds[kind].within for kind in case_kinds) / len(case_kinds),
        sessions=len(frozenset().union(*(of_kind.sessions for of_kind in of_kinds.values()))),
        without=sum(not of_kind.sessions for of_kind in of_kinds.values()),
    )


def kinds_ahead(
    lines: Iterable[CaseLine],
    protocol: Protocol,
    here: Machine,
    now: Conditions,
    shell: Shell = Shell(),  # noqa: B008 (immutable)
) -> list[Kind]:
    """The kinds of cases that are not measured yet, the instrument's own left out, one for each case."""
    return [kind_of(_empty(line, protocol, here, now, shell)) for line in lines if line.role == "subject"]


def kinds_of(beginning: Beginning) -> set[Kind]:
    """The kinds of cases that a stored session began with."""
    head, lines = beginning.head, [line for line in beginning.cases if line.role == "subject"]
    # Hundreds of cases share a few settings, and a machine's id takes a digest to compute.
    unlike = {(line.case.device, line.case.threads, line.case.allocator): line for line in lines}
    return set(kinds_ahead(unlike.values(), head.protocol, head.machine, head.conditions, head.shell))


def worth_reading(stored: Sequence[Beginning], kinds: Iterable[Kind]) -> list[Path]:
    """Files of the newest sessions of these kinds, as many as count.

    Args:
        stored: how the sessions of a store begin.
        kinds: of the cases that will be measured.
    """
    kinds_of_sessions = [(beginning, kinds_of(beginning)) for beginning in stored]
    chosen: dict[Path, None] = {}
    for kind in dict.fromkeys(kinds):
        alike = sorted(
            (beginning.head.session, beginning.path)
            for beginning, session_kinds in kinds_of_sessions
            if kind in session_kinds
        )
        names = sorted({name for name, _ in alike})[-MOST_SESSIONS:]
        chosen |= dict.fromkeys(path for name, path in alike if name in names)
    return list(chosen)


def _empty(line: CaseLine, protocol: Protocol, machine: Machine, conditions: Conditions, shell: Shell) -> Record:
    return Record(
        session="", machine=machine, protocol=protocol, conditions=conditions, info=line, runs=(), outcome="done",
        shell=shell,
    )  # fmt: skip


def _of_kind(records: Sequence[Record], prior: RunScatter) -> _OfKind:
    """Variances of one kind: what runs scatter by is split at the number of rounds that they had.

    At that number the sum is unchanged, so a plan like the stored sessions predicts their intervals. Where runs
    agree better than their rounds let expect, nothing seems to be between them; then the pilot's share of their
    moderated variance stays there, or a long session would be promised what no number of rounds can give.
    """
    newest = frozenset(sorted({record.session for record in records})[-MOST_SESSIONS:])
    cases: dict[str, dict[str, _Squares]] = {}
    for record in records:
        sessions = cases.setdefault(record.info.id, {})
        if record.session in newest and record.session not in sessions and (squares := _squares(record)) is not None:
            sessions[record.session] = squares
    sums = [_added(list(sessions.values())) for sessions in cases.values() if sessions]
    if not sums:
        return _OfKind(prior.between, prior.within, frozenset())
    rounds = sum(case_sums.runs for case_sums in sums) / math.fsum(case_sums.shares for case_sums in sums)
    run_degrees = [case_sums.run_degrees for case_sums in sums]
    of_runs = _moderated(prior.between + prior.within / rounds, [case_sums.of_runs for case_sums in sums], run_degrees)
    of_rounds = _moderated(
        prior.within, [case_sums.of_rounds for case_sums in sums], [case_sums.round_degrees for case_sums in sums]
    )
    least_between = prior.between * PRIOR_DEGREES / (PRIOR_DEGREES + _effective(run_degrees))
    between = min(of_runs, max(least_between, of_runs - of_rounds / rounds))
    used = frozenset(session for sessions in cases.values() for session in sessions)
    return _OfKind(between, min(of_rounds, (of_runs - between) * rounds), used)


def _squares(record: Record) -> _Squares | None:
    """Sums of squares of a case in one session; None without two runs that have ratios to the yardstick."""
    if no_speed(record) is not None:
        return None
    runs = [ratios for run in record.runs if counts(run) and (ratios := [*round_ratios(run).values()])]
    if len(runs) < 2:
        return None
    medians = [median(ratios) for ratios in runs]
    centre = math.fsum(medians) / len(medians)
    deviations = [ratio - middle for ratios, middle in zip(runs, medians, strict=True) for ratio in ratios]
    edge = _EDGE * _NORMAL * median(map(abs, deviations))
    return _Squares(
        of_runs=math.fsum((middle - centre) ** 2 for middle in medians),
        run_degrees=len(runs) - 1,
        of_rounds=math.fsum(min(abs(deviation), edge) ** 2 for deviation in deviations),
        round_degrees=len(deviations) - len(runs),
        runs=len(runs),
        shares=math.fsum(1 / len(ratios) for ratios in runs),
    )


def _added(of_sessions: Sequence[_Squares]) -> _Squares:
    """Sums over sessions of one case: each has a mean of its own, so that scatter between sessions is left out."""
    return _Squares(*map(math.fsum, zip(*of_sessions, strict=True)))  # type: ignore[arg-type] # runs: a whole number


def _moderated(prior: float, squares: Sequence[float], degrees: Sequence[float]) -> float:
    """The variance of all cases together, beside the prior's: each counts for `WILD` times the middle one at most.

    Of two, the smaller is the middle one.
    """
    with_freedom = [(square, freedom) for square, freedom in zip(squares, degrees, strict=True) if freedom > 0]
    if not with_freedom:
        return prior
    most = WILD * median_low(square / freedom for square, freedom in with_freedom)
    pooled = math.fsum(min(square, most * freedom) for square, freedom in with_freedom) / math.fsum(degrees)
    if pooled < _NO_SCATTER:
        return prior
    own = _effective(degrees)
    low, high = variance_limits(pooled, own, LEVEL)
    return (PRIOR_DEGREES * min(max(prior, low), high) + own * pooled) / (PRIOR_DEGREES + own)


def _effective(degrees: Sequence[float]) -> float:
    """Degrees of freedom of correlated cases together: all of them share the yardstick."""
    return math.fsum(degrees) / (1 + (len(degrees) - 1) * _TOGETHER)
