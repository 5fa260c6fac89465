"""From stored records to what the model of the store takes: sessions of a case, and the scale of their setting.

Knows records; refuses to know how variances are moderated and what is decided by them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from levit_bench.judge.comparability import Setting, setting
from levit_bench.judge.estimates import counted_runs, counts, no_speed, ratios_by_run, yardstick_log
from levit_bench.judge.variance.session_scatter import CaseSession, Scatter, middle, scatter, setting_scale
from levit_bench.numbers.statistics import sample_variance
from levit_bench.records import Record


class Company(NamedTuple):
    """Which cases each session holds, by the session's name."""

    of: Mapping[str, frozenset[str]]

    @classmethod
    def seen_in(cls, records: Iterable[Record]) -> Company:
        """From whole sessions; a case that failed was no company."""
        found: dict[str, set[str]] = {}
        for record in records:
            cases = found.setdefault(record.session, set())
            if record.info.role == "subject" and record.runs:
                cases.add(record.info.id)
        return cls({name: frozenset(cases) for name, cases in found.items()})

    def beside(self, record: Record) -> Hashable:
        """What a record was timed beside: nothing that matters where it had its process to itself."""
        return "alone" if record.is_alone else self.of.get(record.session)


def ratios(
    records: Iterable[Record],
    company: Company | None = None,
    ratios_of: Callable[[Record], Mapping[int, float]] = ratios_by_run,
    yardsticks: dict[str, float | None] | None = None,
) -> list[CaseSession]:
    """Each session's log ratio to the yardstick, by default that of latencies; records that give none are left out.

    Args:
        records: of one case.
        company: what each session holds.
        ratios_of: log ratios by run.
        yardsticks: is filled with what the yardstick took in each session; cases of one setting may share it.
    """
    known = {} if yardsticks is None else yardsticks
    found = ((record, [*ratios_of(record).values()]) for record in records if no_speed(record) is None)
    return [
        _session(record, logs, company.beside(record) if company else None, known) for record, logs in found if logs
    ]


def latencies(records: Iterable[Record]) -> list[CaseSession]:
    """Each session's log latency in seconds; records that give none are left out."""
    found = ((record, [run.case for run in counted_runs(record)]) for record in records if no_speed(record) is None)
    return [_session(record, logs, None, {}) for record, logs in found if logs]


def _session(
    record: Record, logs: Sequence[float], company: Hashable, yardsticks: dict[str, float | None]
) -> CaseSession:
    if record.session not in yardsticks:
        sticks = [log for run in record.runs if counts(run) and (log := yardstick_log(run)) is not None]
        yardsticks[record.session] = math.fsum(sticks) / len(sticks) if sticks else None
    return CaseSession(
        name=record.session,
        mean=math.fsum(logs) / len(logs),
        runs=len(logs),
        variance=sample_variance(logs) if len(logs) > 1 else math.nan,
        company=company,
        yardstick=yardsticks[record.session],
    )


def usual_scatter(records: Iterable[Record]) -> Scatter:
    """How far sessions of the median case disagree; without any case, what the prior assumes.

    Args:
        records: of any cases and sessions; those of one setting tell about each other.
    """
    cases: dict[tuple[Setting, str], list[Record]] = {}
    for record in records:
        if record.info.role == "subject":
            cases.setdefault((setting(record), record.info.id), []).append(record)
    sessions = {case: ratios(group) for case, group in cases.items()}
    found = []
    for one in {case[0] for case in sessions}:
        groups = [group for case, group in sessions.items() if case[0] == one and group]
        scale = setting_scale([[group] for group in groups])
        found += [scatter([group], scale) for group in groups]
    return middle(found) if found else scatter([])
