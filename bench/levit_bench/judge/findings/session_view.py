"""What doubts look at: a session and its cases, with the numbers that several doubts need computed once.

Knows how turns are gathered; refuses to know what is worth a doubt.
"""

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
"""A budget from which on nobody is told to spend more: what an hour did not settle, time does not settle."""


class Seen(NamedTuple):
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
        """Standard error of a run's middle, as far as its turns tell."""
        return self.turns_scatter / math.sqrt(median(map(len, self.rounds))) if self.rounds else 0.0


class RunView(NamedTuple):
    """One run of a session, whatever was timed in it: the machine before and after."""

    run: int
    before: Conditions | None
    after: Conditions | None
    seconds: float | None
    """From the start of its first seat to its end."""


class Together(NamedTuple):
    """One round of a session: what happened to all cases alike."""

    run: int
    round: int
    at_s: float
    """When it began, in seconds since the session did."""
    log: float
    """Middle over the cases of how much slower each was than its own middle turn, in log units."""


class Sight(NamedTuple):
    """One session as doubts see it."""

    session: str
    any: Record
    """One of its records, for what all of them share."""
    cases: tuple[Seen, ...]
    """Those with turns that count, the instrument's own included."""
    failed: tuple[Record, ...]
    """Those without a time."""
    stages: tuple[RunView, ...]
    """Its runs, in order."""
    rounds: tuple[Together, ...]
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
    def subjects(self) -> tuple[Seen, ...]:
        """The cases somebody asked for."""
        return tuple(seen for seen in self.cases if seen.record.info.role == "subject")

    @property
    def yardsticks(self) -> tuple[Seen, ...]:
        """The reference networks."""
        return tuple(seen for seen in self.cases if seen.record.info.role == "yardstick")

    def own(self, seen: Seen) -> list[list[float]]:
        """A case's turns run by run, each less what happened to all cases in its round."""
        runs: dict[int, list[float]] = {number: [] for number in seen.numbers}
        for key, value in seen.logs.items():
            runs[key[0]].append(value - self.common.get(key, 0.0))
        return [*runs.values()]

    def own_runs(self, seen: Seen) -> list[float]:
        """Middle of each run of these."""
        return [median(run) for run in self.own(seen)]

    def error(self, seen: Seen) -> float:
        """What a case's runs scatter at least: a handful that happen to lie near each other show less."""
        return max(self.runs_scatter, seen.run_error)

    def null_s(self, record: Record) -> float | None:
        """Seconds a pass of the null network of a case's device, threads and, if there is one, allocator."""
        nulls = [seen.record for seen in self.cases if seen.record.info.role == "null"]
        near = [r for r in nulls if (r.case.device, r.case.threads) == (record.case.device, record.case.threads)]
        same = [r for r in near if r.case.allocator == record.case.allocator]
        found = log_median(turn for r in (same or near)[:1] for run in r.runs for turn in run.turns)
        return None if found is None else math.exp(found)


def sights(records: Iterable[Record]) -> list[Sight]:
    """Sessions in the order of first appearance."""
    sessions: dict[str, list[Record]] = {}
    for record in records:
        sessions.setdefault(record.session, []).append(record)
    return [_sight(name, group) for name, group in sessions.items()]


def more_time(record: Record, otherwise: str) -> str:
    """What to do about too little evidence: spend more, unless that was done already."""
    spent = record.protocol.budget_s
    if spent < LONG_S:
        return "Measure again with a larger --budget."
    return f"It had {format_duration(spent)} already: {otherwise}"


def _sight(name: str, records: Sequence[Record]) -> Sight:
    seen = [_seen(record) for record in records if record.outcome == "done"]
    cases = tuple(one for one in seen if one.rounds)
    subjects = [one for one in cases if one.record.info.role == "subject"]
    rounds = _together([one for one in cases if one.record.info.role != "null"])
    by_run: dict[int, list[Together]] = {}
    for one in rounds:
        by_run.setdefault(one.run, []).append(one)
    logs = {run: [one.log for one in group] for run, group in by_run.items()}
    sight = Sight(
        session=name,
        any=records[0],
        cases=cases,
        failed=tuple(record for record in records if record.outcome != "done"),
        stages=_stages(records),
        rounds=rounds,
        common={(one.run, one.round): one.log for one in rounds},
        runs={run: median(values) for run, values in logs.items()},
        began_s={run: group[0].at_s for run, group in by_run.items()},
        rounds_scatter=root_mean_square([scatter(values) for values in logs.values() if len(values) > 1]),
        turns_scatter=median([one.turns_scatter for one in subjects] or [0.0]),
        runs_scatter=0.0,
    )
    return sight._replace(runs_scatter=median([scatter(sight.own_runs(one)) for one in subjects] or [0.0]))


def _seen(record: Record) -> Seen:
    found = ((run.run, by_round(run.turns)) for run in record.runs if counts(run))
    logs = {number: turns for number, turns in found if turns}
    kept = {number: tuple(turns.values()) for number, turns in logs.items()}
    return Seen(
        record=record,
        logs={(run, number): value for run, turns in logs.items() for number, value in turns.items()},
        rounds=tuple(kept.values()),
        numbers=tuple(kept),
        runs=tuple(median(run) for run in kept.values()),
        turns_scatter=root_mean_square([scatter(run) for run in kept.values() if len(run) > 1]),
        pass_s=math.exp(median(value for run in kept.values() for value in run)) if kept else 0.0,
    )


def _together(cases: Iterable[Seen]) -> tuple[Together, ...]:
    logs: dict[tuple[int, int], list[float]] = {}
    began: dict[tuple[int, int], float] = {}
    for seen in cases:
        middle = median(seen.logs.values())
        for key, value in seen.logs.items():
            logs.setdefault(key, []).append(value - middle)
        for run in seen.record.runs:
            for turn in run.turns:
                key = run.run, turn.round
                began[key] = min(turn.at_s, began.get(key, turn.at_s))
    return tuple(Together(*key, began[key], median(logs[key])) for key in sorted(logs))


def _stages(records: Iterable[Record]) -> tuple[RunView, ...]:
    found = {run.run: run for record in records for run in record.runs}
    return tuple(
        RunView(
            run=run.run,
            before=run.before,
            after=run.after,
            seconds=None if run.began_s is None or run.ended_s is None else run.ended_s - run.began_s,
        )
        for _, run in sorted(found.items())
    )
