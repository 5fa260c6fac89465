"""The pilot of forked workers: the same networks in workers that were forked and that started by themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from statistics import fmean, median
from typing import NamedTuple

from levit_bench.judge.estimates import ratios_by_run
from levit_bench.judge.variance.components import components
from levit_bench.numbers.statistics import t_interval
from levit_bench.records import Record, StartMethod
from levit_bench.store.files import Session, records

from tools.pages.trust_tables import coverage

FAULTS = 200
"""Page faults a pass from which on a run is said to fault: the two states are near none, and thousands."""
METHODS: tuple[StartMethod, StartMethod] = ("spawn", "fork")


class Pair(NamedTuple):
    """One network in both kinds of workers."""

    network: str
    ratio: float
    """Ratio to the yardstick when forked over that when spawned, over pairs of sessions taken one after the other."""
    low: float
    high: float
    between_runs: tuple[float, float]
    """Standard deviation that runs add to a log ratio to the yardstick, spawned and forked."""
    within_run: tuple[float, float]
    """The same of the rounds of a run."""
    faulting: tuple[tuple[int, int], tuple[int, int]]
    """Runs that fault, and all runs."""


def by_method(sessions: Iterable[Session]) -> dict[StartMethod, list[Session]]:
    """The sessions of each start method, in order."""
    out: dict[StartMethod, list[Session]] = {method: [] for method in METHODS}
    for session in sessions:
        out[session.head.protocol.start_method].append(session)
    return out


def pairs(sessions: Sequence[Session]) -> list[Pair]:
    """One a network that had a worker of its own."""
    groups = {method: _subjects(group) for method, group in by_method(sessions).items()}
    spread = {
        method: {row.case.network: row for row in components(group) if row.quantity == "ratio"}
        for method, group in groups.items()
    }
    out = []
    for network in dict.fromkeys(record.case.network for record in groups["spawn"]):
        mine = {method: [one for one in group if one.case.network == network] for method, group in groups.items()}
        logs = {method: [fmean(ratios_by_run(one).values()) for one in group] for method, group in mine.items()}
        interval = t_interval([fork - spawn for spawn, fork in zip(logs["spawn"], logs["fork"], strict=True)])
        rows = [spread[method][network] for method in METHODS]
        out.append(
            Pair(
                network, math.exp(interval.value), math.exp(interval.low), math.exp(interval.high),
                (rows[0].between_runs, rows[1].between_runs), (rows[0].between_rounds, rows[1].between_rounds),
                (_faulting(mine["spawn"]), _faulting(mine["fork"])),
            )
        )  # fmt: skip
    return out


def company(sessions: Iterable[Session]) -> float:
    """Mean correlation between two networks of what their runs' ratios deviate from their session's mean.

    Workers that are copies of one process could be lucky or unlucky together; those that start by themselves cannot.
    """
    deviations: dict[str, list[float]] = {}
    for session in sessions:
        for record in _subjects([session]):
            logs = ratios_by_run(record)
            deviations.setdefault(record.case.network, []).extend(log - fmean(logs.values()) for log in logs.values())
    return fmean(_correlation(first, second) for first, second in combinations(deviations.values(), 2))


def table(sessions: Sequence[Session]) -> Iterator[str]:
    """The rows of both kinds side by side."""
    yield "| network | forked / spawned | 95 % | between runs | within a run | runs that fault |"
    yield "|:--|--:|:--|:--|:--|:--|"
    for row in pairs(sessions):
        between, within = (
            " and ".join(f"{100 * value:.2f} %" for value in two) for two in (row.between_runs, row.within_run)
        )
        faults = " and ".join(f"{count} of {runs}" for count, runs in row.faulting)
        yield (
            f"| {row.network} | {row.ratio:.3f} | {row.low:.3f} to {row.high:.3f} | {between} | {within} | {faults} |"
        )


def words(sessions: Sequence[Session]) -> str:
    """Coverage, correlation, start and memory of both kinds."""
    lines = []
    for method, group in by_method(sessions).items():
        held = coverage(group)
        seats = [seat for session in group for start in session.starts for seat in start.seats if len(seat.cases) == 1]
        starts = [start_s for session in group for start_s in _starts_s(session)]
        lines.append(
            f"**{'Forked' if method == 'fork' else 'Spawned'}**: a run's workers are ready after "
            f"{median(starts):.1f} s, {held.hits} of {held.intervals} intervals hold the mean of the other sessions, "
            f"runs of two networks correlate by {company(group):.2f}, a worker holds "
            f"{median(seat.rss_bytes for seat in seats) / (1 << 20):.0f} MiB (median, "
            f"{sum(len(session.starts) for session in group)} runs)."
        )
    return "\n".join(f"- {line}" for line in lines)


def _starts_s(session: Session) -> Iterator[float]:
    """Seconds from the begin of a run to its first turn."""
    first: dict[int, float] = {}
    for turn in session.turns:
        first.setdefault(turn.run, turn.at_s)
    for start in session.starts:
        if start.run in first:
            yield first[start.run] - start.at_s


def _subjects(sessions: Iterable[Session]) -> list[Record]:
    return [record for session in sessions for record in records(session) if record.info.role == "subject"]


def _faulting(group: Iterable[Record]) -> tuple[int, int]:
    """Runs whose median turn faults, and all runs."""
    faults = [
        median((turn.minor_faults or 0) / len(turn.duration_s) for turn in run.turns)
        for record in group
        for run in record.runs
        if run.turns
    ]
    return sum(value > FAULTS for value in faults), len(faults)


def _correlation(first: Sequence[float], second: Sequence[float]) -> float:
    spread = math.sqrt(math.fsum(a * a for a in first) * math.fsum(b * b for b in second))
    return math.fsum(a * b for a, b in zip(first, second, strict=True)) / spread if spread else 0.0
