"""Reproducibility limit: how far two sessions of a case differ with nothing changed, of latencies and of ratios.

An interval covers the runs of its session. The error that a day, a boot or a neighbour adds to a whole session is not
in it, and only other sessions of the same case on the same machine show it. The yardstick takes most of it out of a
ratio and none of it out of a latency, so there is a limit for each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import NamedTuple

from levit_bench.judge.estimates import LEVEL, no_speed
from levit_bench.judge.variance.case_sessions import latencies, ratios
from levit_bench.judge.variance.session_scatter import (
    FREEDOM,
    PRIOR,
    SETTING_FREEDOM,
    CaseSession,
    scatter,
    setting_scale,
)
from levit_bench.numbers.statistics import t_factor
from levit_bench.records import Record

LATENCY_PRIOR = 0.05
"""Standard deviation of a session's log latency by the prior: the committed store holds 1 to 8 %."""
LATENCY_FREEDOM = 1.0
"""Degrees of freedom of that for a setting; twice as many for a case. Machines differ more than cases of one do."""
MIN_SESSIONS = 3
"""Fewest sessions behind a limit: the deviation of two is known within a factor of 32."""


class Kind(NamedTuple):
    """The settings that sessions must have in common for their scatter to be estimated together."""

    machine: str
    device: str
    gpu: str | None
    threads: int
    allocator: str
    isolation: str
    affinity: str
    allowance: str
    shell: str
    torch: str | None
    yardstick: str


class Limit(NamedTuple):
    """By how much two sessions of a case may differ with nothing changed, as shares, at 95 %."""

    usual: float
    """Of the median case."""
    largest: float
    """Of the case whose sessions disagree most."""
    network: str
    """Its network."""


class Floor(NamedTuple):
    """Reproducibility limits of the sessions of one kind."""

    kind: Kind
    sessions: int
    """The most sessions that any case was measured in."""
    cases: int
    """Cases that were measured in at least `MIN_SESSIONS` of them."""
    of_latency: Limit | None
    """Of latencies; absent with too few sessions."""
    of_ratio: Limit | None
    """Of the ratio to the yardstick."""

    @property
    def missing(self) -> int:
        """Sessions that are still needed, of a case that has been measured already."""
        return max(0, MIN_SESSIONS - self.sessions)


def floors(records: Iterable[Record]) -> list[Floor]:
    """The limits of each kind of session, those with the most sessions first."""
    kinds: dict[Kind, dict[str, dict[str, Record]]] = {}
    for record in records:
        if record.info.role == "subject" and record.runs and no_speed(record) is None:
            sessions = kinds.setdefault(kind_of(record), {}).setdefault(record.info.id, {})
            sessions.setdefault(record.session, record)
    limits = [_floor(kind, [list(sessions.values()) for sessions in cases.values()]) for kind, cases in kinds.items()]
    return sorted(limits, key=lambda limit: -limit.sessions)


def _floor(kind: Kind, cases: Sequence[Sequence[Record]]) -> Floor:
    """Two sessions differ by t * sqrt(2) * s; s is the deviation of the case's sessions by the model of the store.

    Scatter of the sessions' runs is included: sessions of that size are meant.
    """
    enough = [case for case in cases if len(case) >= MIN_SESSIONS]
    return Floor(
        kind=kind,
        sessions=max(map(len, cases), default=0),
        cases=len(enough),
        of_latency=_limit(enough, latencies, LATENCY_PRIOR**2, LATENCY_FREEDOM, 2 * LATENCY_FREEDOM),
        of_ratio=_limit(enough, ratios, PRIOR**2, SETTING_FREEDOM, FREEDOM),
    )


def _limit(
    cases: Sequence[Sequence[Record]],
    sessions_of: Callable[[Sequence[Record]], list[CaseSession]],
    prior: float,
    of_setting: float,
    of_case: float,
) -> Limit | None:
    sessions_of_cases = [(case[0], sessions_of(case)) for case in cases]
    enough = [(record, sessions) for record, sessions in sessions_of_cases if len(sessions) >= MIN_SESSIONS]
    if not enough:
        return None
    scale = setting_scale([[sessions] for _, sessions in enough], prior, of_setting)
    limits = []
    for record, sessions in enough:
        case_scatter = scatter([sessions], scale, of_case)
        half = t_factor(case_scatter.freedom, LEVEL) * math.sqrt(2 * case_scatter.variance)
        limits.append((math.expm1(min(half, 700.0)), record.case.network))
    return Limit(median(limit for limit, _ in limits), *max(limits))


def kind_of(record: Record) -> Kind:
    """The kind of a record's session."""
    case = record.case
    return Kind(
        machine=record.machine.hardware.id,
        device=case.device,
        gpu=record.gpu,
        threads=case.threads,
        allocator=case.allocator,
        isolation=record.isolation,
        affinity=record.affinity,
        allowance=record.allowance,
        shell=record.shell.text,
        torch=record.conditions.versions.get("torch"),
        yardstick=record.yardstick,
    )
