"""The floor: how far two sessions disagree about the same case, and below which no ratio between sessions is believed.

Knows the sessions' own estimates; refuses to know what changed from one to the other.

An interval covers the runs of its session. What a day, a boot or a neighbour adds to a whole session is not in it, and
only other sessions of the same case on the same machine show it. The yardstick takes most of that out of a ratio and
none of it out of a latency, so there is a floor for each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from bench.judge.estimates import LEVEL, latency, no_speed, relative_to_yardstick
from bench.records import Estimate, Record

MIN_SESSIONS = 3
"""Fewest sessions behind a floor: the deviation of two is known within a factor of 32."""


class Kind(NamedTuple):
    """What sessions must have in common to say something about each other."""

    machine: str
    device: str
    threads: int
    allocator: str
    seats: str
    affinity: str
    torch: str | None
    yardstick: str


class Floor(NamedTuple):
    """How far two sessions of one kind disagree about the same case."""

    kind: Kind
    sessions: int
    """The most sessions that any case was measured in."""
    cases: int
    """Cases that were measured in at least `MIN_SESSIONS` of them."""
    of_latency: float | None
    """Two sessions' latencies of the same case differ by less than this share, with 95 %; absent with too few."""
    of_ratio: float | None
    """The same of the ratio to the yardstick."""

    @property
    def missing(self) -> int:
        """Sessions that are still needed, of a case that has been measured already."""
        return max(0, MIN_SESSIONS - self.sessions)


def floors(records: Iterable[Record]) -> list[Floor]:
    """A floor for each kind of session, those with the most sessions first."""
    kinds: dict[Kind, dict[str, dict[str, Record]]] = {}
    for record in records:
        if record.info.role == "subject" and record.runs and no_speed(record) is None:
            sessions = kinds.setdefault(kind_of(record), {}).setdefault(record.info.id, {})
            sessions.setdefault(record.session, record)
    found = [_floor(kind, [list(sessions.values()) for sessions in cases.values()]) for kind, cases in kinds.items()]
    return sorted(found, key=lambda one: -one.sessions)


def _floor(kind: Kind, cases: Sequence[Sequence[Record]]) -> Floor:
    """Two sessions differ by t * sqrt(2) * s, where s is the deviation of a case's sessions, pooled over cases.

    Cases of the same sessions share their yardstick and their machine, so the degrees of freedom are those of the
    sessions alone. Scatter of the sessions' runs is included: sessions of that size are meant.
    """
    enough = [case for case in cases if len(case) >= MIN_SESSIONS]
    latencies = [_logs(latency(record) for record in case) for case in enough]
    ratios = [_logs(relative_to_yardstick(record) for record in case) for case in enough]
    return Floor(
        kind=kind,
        sessions=max(map(len, cases), default=0),
        cases=len(enough),
        of_latency=_differ(latencies),
        of_ratio=_differ(ratios),
    )


def _logs(estimates: Iterable[object]) -> list[float]:
    return [math.log(one.value) for one in estimates if isinstance(one, Estimate)]


def _differ(cases: Sequence[Sequence[float]]) -> float | None:
    """Share by which two sessions of a case differ at most, at the level of all intervals."""
    kept = [logs for logs in cases if len(logs) >= MIN_SESSIONS]
    if not kept:
        return None
    freedom = sum(len(logs) - 1 for logs in kept)
    variance = math.fsum(float(np.var(logs, ddof=1)) * (len(logs) - 1) for logs in kept) / freedom
    factor = float(stdtrit(max(map(len, kept)) - 1, (1 + LEVEL) / 2))
    return math.expm1(min(factor * math.sqrt(2 * variance), 700.0))


def kind_of(record: Record) -> Kind:
    """What a record's session must have in common with others."""
    case = record.case
    return Kind(
        machine=record.machine.id,
        device=case.device,
        threads=case.threads,
        allocator=case.allocator,
        seats=record.seats,
        affinity=record.affinity,
        torch=record.conditions.versions.get("torch"),
        yardstick=record.protocol.yardstick,
    )
