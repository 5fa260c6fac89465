"""A/A comparisons: stored records of the same network, where every difference that is found is a false alarm.

Compared are twins that shared a process, twins that had one each, the two names of the yardstick, and the same case in
two sessions of the same cases, as long as nothing was changed between them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import msgspec

from levit_bench.catalog.twins import is_twin, original
from levit_bench.judge.compare.matching import keyed
from levit_bench.judge.compare.two_sides import compare, turns_of
from levit_bench.judge.estimates import no_speed
from levit_bench.judge.front.panels import once
from levit_bench.judge.paired_ratio import foretold, paired_logs
from levit_bench.judge.verdicts import Comparison, Rules, Verdict, judge, of_pairs
from levit_bench.records import Case, Record


class AAKind(StrEnum):
    """How the two records of a pair were measured."""

    ONE_PROCESS = "shared"
    TWO_PROCESSES = "alone"
    YARDSTICKS = "yardsticks"
    SESSIONS = "two sessions"


_POSSIBLE: tuple[Verdict, ...] = (Verdict.SLOWER, Verdict.FASTER, Verdict.SAME, Verdict.INCONCLUSIVE)


class AAComparison(NamedTuple):
    """Two records of the same network, compared."""

    kind: AAKind
    report: str
    """The session or sessions; pairs of one kind and report are one family."""
    case: Case
    """The case of both, with the network's first name."""
    logs: tuple[float, ...]
    """Log ratio of each run; empty for two sessions, whose runs are not pairs."""
    comparison: Comparison


class Noise(NamedTuple):
    """Scatter of the A/A ratios of one case and kind of pairs; deviations are from the true ratio, which is 1."""

    kind: AAKind
    case: Case
    pairs: int
    runs: int
    of_runs: float
    """Standard deviation of a run's log ratio; NaN where runs are not pairs."""
    of_pairs: float
    """Standard deviation of the log ratio of a whole session, or of two; NaN when no pair has one."""
    detectable: float | None
    """Median over the pairs of the smallest ratio above 1 that they would find four times in five."""


class VerdictRate(NamedTuple):
    """How often A/A comparisons of one kind had each verdict."""

    kind: AAKind
    verdicts: dict[Verdict, int]
    """Of the comparisons that have limits."""
    unjudged: int
    """Comparisons without limits: too few runs, or a failure."""
    reports: int
    """Families of comparisons."""
    alarmed: int
    """Reports with any false alarm."""

    @property
    def judged(self) -> int:
        """Comparisons that have limits."""
        return sum(self.verdicts.values())

    @property
    def alarms(self) -> int:
        """Comparisons with the verdict slower or faster."""
        return self.verdicts[Verdict.SLOWER] + self.verdicts[Verdict.FASTER]


def pairs(records: Iterable[Record], rules: Rules = Rules()) -> list[AAComparison]:  # noqa: B008 - immutable
    """The A/A comparisons of these records: all pairs that should not differ."""
    all_records = once(records)
    sessions: dict[str, list[Record]] = {}
    for record in all_records:
        sessions.setdefault(record.session, []).append(record)
    pairs_compared = []
    for name, group in sessions.items():
        equal_records = _equals(group)
        for kind in (AAKind.ONE_PROCESS, AAKind.TWO_PROCESSES, AAKind.YARDSTICKS):
            family = [(first, second) for first, second in equal_records if _kind(first) == kind]
            logs = [() if no_speed(a) or no_speed(b) else tuple(paired_logs([b], [a])) for a, b in family]
            foretold_variances = [foretold([second], [first]) for first, second in family]
            comparisons = judge(
                [of_pairs(ratios, expected) for ratios, expected in zip(logs, foretold_variances, strict=True)], rules
            )
            pairs_compared += [
                AAComparison(kind, name, first.case, ratios, comparison)
                for (first, _), ratios, comparison in zip(family, logs, comparisons, strict=True)
            ]
    return [*pairs_compared, *_of_sessions(all_records, rules)]


def noise(comparisons: Sequence[AAComparison]) -> list[Noise]:
    """Scatter of the A/A ratios by kind and case, in the order of first appearance."""
    groups: dict[tuple[AAKind, Case], list[AAComparison]] = {}
    for pair in sorted(comparisons, key=lambda pair: list(AAKind).index(pair.kind)):
        groups.setdefault((pair.kind, pair.case), []).append(pair)
    return [_noise(kind, case, group) for (kind, case), group in groups.items()]


def rates(comparisons: Sequence[AAComparison]) -> list[VerdictRate]:
    """How often each verdict occurred, by kind; kinds without a pair are left out."""
    verdict_rates = []
    for kind in AAKind:
        group = [pair for pair in comparisons if pair.kind == kind]
        judged = [pair for pair in group if pair.comparison.ratio is not None]
        counts = {word: sum(pair.comparison.verdict == word for pair in judged) for word in _POSSIBLE}
        alarmed = {p.report for p in judged if p.comparison.verdict in (Verdict.SLOWER, Verdict.FASTER)}
        reports = {pair.report for pair in judged}
        if group:
            verdict_rates.append(VerdictRate(kind, counts, len(group) - len(judged), len(reports), len(alarmed)))
    return verdict_rates


def _equals(group: Iterable[Record]) -> list[tuple[Record, Record]]:
    """Pairs of records of one session that are the same under two names, in the order of their first names."""
    by_case: dict[tuple[str, Case], list[Record]] = {}
    for record in group:
        if record.info.role == "null":
            continue
        name = "yardstick" if record.info.role == "yardstick" else original(record.case.network)
        plain = msgspec.structs.replace(record.case, network=name)
        by_case.setdefault((record.info.role, plain), []).append(record)
    neighbours = []
    for equal_records in by_case.values():
        ordered = sorted(equal_records, key=lambda record: (is_twin(record.case.network), record.case.network))
        neighbours += list(pairwise(ordered))
    return sorted(neighbours, key=lambda pair: pair[0].case.label)


def _kind(record: Record) -> AAKind:
    if record.info.role == "yardstick":
        return AAKind.YARDSTICKS
    return AAKind.ONE_PROCESS if record.isolation == "shared" else AAKind.TWO_PROCESSES


def _of_sessions(records: Sequence[Record], rules: Rules) -> list[AAComparison]:
    """Each session of the same cases in the same settings against the next one, none of them twice.

    Pairs that share no session have independent alarms, but for the scatter of sessions that judges them.
    """
    alike: dict[object, list[list[Record]]] = {}
    by_session: dict[str, list[Record]] = {}
    for record in records:
        by_session.setdefault(record.session, []).append(record)
    for group in by_session.values():
        if keys := frozenset(keyed(group)):
            alike.setdefault((keys, turns_of(group[0])), []).append(group)
    comparisons = []
    for groups in alike.values():
        for first, second in zip(groups[::2], groups[1::2], strict=False):
            report = compare(first, second, records, rules)
            name = f"{first[0].session} {second[0].session}"
            comparisons += [
                AAComparison(AAKind.SESSIONS, name, row.second.case, (), row.comparison) for row in report.rows
            ]
    return comparisons


def _noise(kind: AAKind, case: Case, group: Sequence[AAComparison]) -> Noise:
    run_logs = [log for pair in group for log in pair.logs]
    session_logs = [math.log(pair.comparison.ratio.value) for pair in group if pair.comparison.ratio is not None]
    detectable_ratios = [pair.comparison.detectable for pair in group if pair.comparison.detectable is not None]
    return Noise(
        kind,
        case,
        len(group),
        len(run_logs),
        _scatter(run_logs),
        _scatter(session_logs),
        median(detectable_ratios) if detectable_ratios else None,
    )


def _scatter(logs: Sequence[float]) -> float:
    """Root mean square: the deviation from a ratio of 1, which is known to be the truth."""
    return math.sqrt(math.fsum(log**2 for log in logs) / len(logs)) if logs else math.nan
