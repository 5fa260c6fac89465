"""Views of a session and its cases for findings, with the numbers that several of them need computed once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from levit_bench.judge.estimates import by_round, counts, log_median
from levit_bench.judge.findings.shapes import root_mean_square, scatter
from levit_bench.numbers.units import format_duration
from levit_bench.records import Conditions, Record

LONG_S = 3600.0
"""Budget from which on no finding advises a larger one: what an hour did not settle, time does not settle."""


class CaseTurns(NamedTuple):
    """A case with its turns in numbers."""

    record: Record
    logs: Mapping[tuple[int, int], float]
    """Log of the median pass in seconds of each turn, by run and round, of the runs that count."""
    rounds: tuple[tuple[float, ...], ...]
    """The same run by run."""
    numbers: tuple[int, ...]
    """Numbers of these runs."""

    runs: tuple[float, ...]
    """Middle of each run's turns."""
    turns_scatter: float
    """Standard deviation of a turn within its run, in log units; 0 where no run has two."""
    pass_s: float
    """Its middle turn, in seconds a pass; 0 where there is none."""

    @property
    def run_error(self) -> float:
        """Standard error of a run's middle, from the scatter of its turns."""
        return self.turns_scatter / math.sqrt(median(map(len, self.rounds))) if self.rounds else 0.0


class RunView(NamedTuple):
    """One run of a session, whatever was timed in it: the machine before and after."""

    run: int
    before: Conditions | None
    after: Conditions | None
    seconds: float | None
    """From the start of its first seat to its end."""


class RoundView(NamedTuple):
    """One round of a session: what happened to all cases alike."""

    run: int
    round: int
    at_s: float
    """When it began, in seconds since the session did."""
    log: float
    """Middle over the cases of how much slower each was than its own middle turn, in log units."""


class SessionView(NamedTuple):
    """One session as findings need it."""

    session: str
    any: Record
    """One of its records, for what all of them share."""
    cases: tuple[CaseTurns, ...]
    """Those with turns that count, the instrument's own included."""
    failed: tuple[Record, ...]
    """Those without a time."""
    stages: tuple[RunView, ...]
    """Its runs, in order."""
    rounds: tuple[RoundView, ...]
    """Its rounds, in order."""
    common: Mapping[tuple[int, int], float]
    """The same by run and round."""
    runs: Mapping[int, float]
    """Middle of each run's rounds: what happened to all cases."""
    began_s: Mapping[int, float]
    """When the first round of each run began, in seconds since the session did."""
    rounds_scatter: float
    """Standard deviation of what happened to all cases, round by round within a run."""
    turns_scatter: float
    """Standard deviation of a turn within its run, of the middle one of the cases."""
    runs_scatter: float
    """Standard deviation between runs of what is a case's own, of the middle one of the cases."""

    @property
    def subjects(self) -> tuple[CaseTurns, ...]:
        """The cases that were asked for, without the instrument's own."""
        return tuple(case for case in self.cases if case.record.info.role == "subject")

    @property
    def yardsticks(self) -> tuple[CaseTurns, ...]:
        """The reference networks."""
        return tuple(case for case in self.cases if case.record.info.role == "yardstick")

    def own(self, case: CaseTurns) -> list[list[float]]:
        """A case's turns run by run, each less what happened to all cases in its round."""
        runs: dict[int, list[float]] = {number: [] for number in case.numbers}
        for key, value in case.logs.items():
            runs[key[0]].append(value - self.common.get(key, 0.0))
        return [*runs.values()]

    def own_runs(self, case: CaseTurns) -> list[float]:
        """Middle of each run of these."""
        return [median(run) for run in self.own(case)]

    def error(self, case: CaseTurns) -> float:
        """Lower bound of the scatter of a case's runs: a handful may lie near each other by chance."""
        return max(self.runs_scatter, case.run_error)

    def null_s(self, record: Record) -> float | None:
        """Seconds a pass of the null network of a case's device, threads and, if there is one, allocator."""
        nulls = [case.record for case in self.cases if case.record.info.role == "null"]
        near = [r for r in nulls if (r.case.device, r.case.threads) == (record.case.device, record.case.threads)]
        same = [r for r in near if r.case.allocator == record.case.allocator]
        log = log_median(turn for r in (same or near)[:1] for run in r.runs for turn in run.turns)
        return None if log is None else math.exp(log)


def session_views(records: Iterable[Record]) -> list[SessionView]:
    """Sessions in the order of first appearance."""
    sessions: dict[str, list[Record]] = {}
    for record in records:
        sessions.setdefault(record.session, []).append(record)
    return [_session_view(name, group) for name, group in sessions.items()]


def more_time(record: Record, otherwise: str) -> str:
    """Advice on too little evidence: a larger budget, unless the session had a large one already."""
    spent = record.protocol.budget_s
    if spent < LONG_S:
        return "Measure again with a larger --budget."
    return f"It had {format_duration(spent)} already: {otherwise}"


def _session_view(name: str, records: Sequence[Record]) -> SessionView:
    timed = [_case_view(record) for record in records if record.outcome == "done"]
    cases = tuple(case for case in timed if case.rounds)
    subjects = [case for case in cases if case.record.info.role == "subject"]
    rounds = _round_views([case for case in cases if case.record.info.role != "null"])
    by_run: dict[int, list[RoundView]] = {}
    for round_view in rounds:
        by_run.setdefault(round_view.run, []).append(round_view)
    logs = {run: [round_view.log for round_view in group] for run, group in by_run.items()}
    session = SessionView(
        session=name,
        any=records[0],
        cases=cases,
        failed=tuple(record for record in records if record.outcome != "done"),
        stages=_run_views(records),
        rounds=rounds,
        common={(view.run, view.round): view.log for view in rounds},
        runs={run: median(values) for run, values in logs.items()},
        began_s={run: group[0].at_s for run, group in by_run.items()},
        rounds_scatter=root_mean_square([scatter(values) for values in logs.values() if len(values) > 1]),
        turns_scatter=median([case.turns_scatter for case in subjects] or [0.0]),
        runs_scatter=0.0,
    )
    return session._replace(runs_scatter=median([scatter(session.own_runs(case)) for case in subjects] or [0.0]))


def _case_view(record: Record) -> CaseTurns:
    turns_by_run = ((run.run, by_round(run.turns)) for run in record.runs if counts(run))
    logs = {number: turns for number, turns in turns_by_run if turns}
    logs_by_run = {number: tuple(turns.values()) for number, turns in logs.items()}
    return CaseTurns(
        record=record,
        logs={(run, number): value for run, turns in logs.items() for number, value in turns.items()},
        rounds=tuple(logs_by_run.values()),
        numbers=tuple(logs_by_run),
        runs=tuple(median(run) for run in logs_by_run.values()),
        turns_scatter=root_mean_square([scatter(run) for run in logs_by_run.values() if len(run) > 1]),
        pass_s=math.exp(median(value for run in logs_by_run.values() for value in run)) if logs_by_run else 0.0,
    )


def _round_views(cases: Iterable[CaseTurns]) -> tuple[RoundView, ...]:
    logs: dict[tuple[int, int], list[float]] = {}
    began: dict[tuple[int, int], float] = {}
    for case in cases:
        middle = median(case.logs.values())
        for key, value in case.logs.items():
            logs.setdefault(key, []).append(value - middle)
        for run in case.record.runs:
            for turn in run.turns:
                key = run.run, turn.round
                began[key] = min(turn.at_s, began.get(key, turn.at_s))
    return tuple(RoundView(*key, began[key], median(logs[key])) for key in sorted(logs))


def _run_views(records: Iterable[Record]) -> tuple[RunView, ...]:
    runs = {run.run: run for record in records for run in record.runs}
    return tuple(
        RunView(
            run=run.run,
            before=run.before,
            after=run.after,
            seconds=None if run.began_s is None or run.ended_s is None else run.ended_s - run.began_s,
        )
        for _, run in sorted(runs.items())
    )
