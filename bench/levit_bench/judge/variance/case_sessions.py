"""Sessions of a case from stored records, as input of the model of the store (`session_scatter`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from levit_bench.catalog.network_calls import is_of_file, without_digest
from levit_bench.judge.comparability import Setting, setting
from levit_bench.judge.estimates import counted_runs, counts, no_speed, ratios_by_run, yardstick_log
from levit_bench.judge.variance.session_scatter import CaseSession, Scatter, middle, scatter, setting_scale
from levit_bench.numbers.statistics import sample_variance
from levit_bench.records import Record


class Company(NamedTuple):
    """Which cases each session holds, by the session's name; a file is the same one after an edit."""

    of: Mapping[str, frozenset[str]]

    @classmethod
    def seen_in(cls, records: Iterable[Record]) -> Company:
        """From whole sessions; a case that failed does not count."""
        cases_of: dict[str, set[str]] = {}
        for record in records:
            cases = cases_of.setdefault(record.session, set())
            if record.info.role == "subject" and record.runs:
                cases.add(id_of_any_version(record))
        return cls({name: frozenset(cases) for name, cases in cases_of.items()})

    def beside(self, record: Record) -> Hashable:
        """The cases of the record's session, or `alone` where it had a process of its own; None where it is unknown."""
        return "alone" if record.is_alone else self.of.get(record.session)


def id_of_any_version(record: Record) -> str:
    """The id of its case; of a network of a file the same for all versions of the file."""
    case = record.case
    if not is_of_file(case.network):
        return record.info.id
    return msgspec.structs.replace(case, network=without_digest(case.network)).id


def ratios(
    records: Iterable[Record],
    company: Company | None = None,
    ratios_of: Callable[[Record], Mapping[int, float]] = ratios_by_run,
    yardsticks: dict[str, float | None] | None = None,
) -> list[CaseSession]:
    """Each session's log ratio to the yardstick, by default that of latencies; records that give none are left out.

    Args:
        records: of one case.
        company: the cases that each session holds.
        ratios_of: log ratios by run.
        yardsticks: filled with the log latency of the yardstick by session; cases of one setting may share it.
    """
    yardstick_logs = {} if yardsticks is None else yardsticks
    logs_of_records = ((record, [*ratios_of(record).values()]) for record in records if no_speed(record) is None)
    return [
        _session(record, logs, company.beside(record) if company else None, yardstick_logs)
        for record, logs in logs_of_records
        if logs
    ]


def latencies(records: Iterable[Record]) -> list[CaseSession]:
    """Each session's log latency in seconds; records that give none are left out."""
    logs_of_records = (
        (record, [run.case for run in counted_runs(record)]) for record in records if no_speed(record) is None
    )
    return [_session(record, logs, None, {}) for record, logs in logs_of_records if logs]


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
        version=record.case.network,
    )


def usual_scatter(records: Iterable[Record]) -> Scatter:
    """Scatter between sessions of the median case; without any case, that of the prior.

    Args:
        records: of any cases and sessions; those of one setting share a scale.
    """
    cases: dict[tuple[Setting, str], list[Record]] = {}
    for record in records:
        if record.info.role == "subject":
            cases.setdefault((setting(record), record.info.id), []).append(record)
    sessions = {case: ratios(group) for case, group in cases.items()}
    scatters = []
    for each_setting in {case[0] for case in sessions}:
        groups = [group for case, group in sessions.items() if case[0] == each_setting and group]
        scale = setting_scale([[group] for group in groups])
        scatters += [scatter([group], scale) for group in groups]
    return middle(scatters) if scatters else scatter([])
