"""Absolute latencies on any day: the interval of a session, widened by how far sessions of the case drift.

An interval covers the runs of its session. A latency also moves with the day: clocks, neighbours, where memory lies.
The yardstick is the same in all sessions, so its sessions give the drift, and those of a case correct it where the case
drifts more or less, through the model of the store (`session_scatter`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from levit_bench.judge.comparability import Setting, setting
from levit_bench.judge.estimates import LEVEL, looks_of, no_speed
from levit_bench.judge.variance.case_sessions import latencies
from levit_bench.judge.variance.reproducibility import LATENCY_FREEDOM, LATENCY_PRIOR, MIN_SESSIONS, Kind, kind_of
from levit_bench.judge.variance.session_scatter import CaseSession, mean, scatter, setting_scale
from levit_bench.judge.verdicts import Effect
from levit_bench.planning.budget import MIN_RUNS, level_at_a_look
from levit_bench.records import Estimate, Record

METHOD = "t over sessions"
_LARGEST_LOG = 300.0
_Case = tuple[Setting, str]
"""Setting and id of a case: equal for its sessions."""


class Sticks(NamedTuple):
    """Drift of the yardstick over its sessions."""

    sessions: int
    scale: float
    """Variance between sessions of a log latency, runs excluded."""


class Drifts(NamedTuple):
    """How far sessions of each case disagree in latency; kinds with too few sessions of the yardstick are left out."""

    known: Mapping[Kind, Sticks]
    """Drift of the yardstick by kind of session."""
    cases: Mapping[_Case, tuple[CaseSession, ...]]
    """Sessions of every subject."""

    def across_sessions(self, record: Record) -> Estimate | None:
        """Seconds a batch on the average day, with limits; None where the drift or the latency is not known.

        The interval is about this session's latency; other sessions of the case give its distance from the mean of
        days.
        """
        effect = self._effect(record, 0.0)
        if effect is None:
            return None
        low, high = effect.limits(level_at_a_look(looks_of([record]), LEVEL))
        if high > _LARGEST_LOG:
            return None
        return Estimate(
            value=math.exp(effect.log),
            low=math.exp(low),
            high=math.exp(high),
            level=LEVEL,
            n=effect.runs,
            method=METHOD,
        )

    def another_day(self, record: Record) -> Effect | None:
        """Log latency in seconds that a session of another day will have, by this one; None as `across_sessions`."""
        return self._effect(record, 1.0)

    def sessions(self, record: Record) -> int:
        """Sessions behind the drift of a record's kind; 0 where it is not known."""
        sticks = self.known.get(_where(record))
        return 0 if sticks is None else sticks.sessions

    def _effect(self, record: Record, days: float) -> Effect | None:
        """This session's log latency, as an estimate of the average day's or, with one of `days` more, another's."""
        sticks = self.known.get(_where(record))
        own_session = latencies([record])
        if sticks is None or not own_session or own_session[0].runs < MIN_RUNS:
            return None
        other_sessions = [
            session
            for session in self.cases.get((setting(record), record.info.id), ())
            if session.name != record.session
        ]
        case_scatter = scatter([[*own_session, *other_sessions]], sticks.scale, 2 * LATENCY_FREEDOM)
        middle = mean(own_session, case_scatter)
        spread = middle.variance + days * max(case_scatter.variance, middle.variance)
        return (
            Effect(middle.log, math.sqrt(spread), case_scatter.freedom, own_session[0].runs, METHOD)
            if spread > 0
            else None
        )


def _where(record: Record) -> Kind:
    """The kind that drifts together: the yardstick is pinned where that exists, and stands for shipped cases, too."""
    return kind_of(record)._replace(allocator="", isolation="")


def drifts(records: Iterable[Record]) -> Drifts:
    """Drifts from all these sessions, each once."""
    kinds: dict[Kind, dict[str, CaseSession]] = {}
    cases: dict[_Case, dict[str, CaseSession]] = {}
    for record in records:
        if record.info.role == "null" or no_speed(record) is not None:
            continue
        for session in latencies([record]):
            if record.info.role == "subject":
                cases.setdefault((setting(record), record.info.id), {}).setdefault(session.name, session)
                continue
            sessions = kinds.setdefault(_where(record), {})
            # Of the two names of the yardstick, the one with more runs counts.
            if session.runs >= MIN_RUNS and (
                session.name not in sessions or session.runs > sessions[session.name].runs
            ):
                sessions[session.name] = session
    sticks = {
        kind: Sticks(
            len(stick_sessions), setting_scale([[[*stick_sessions.values()]]], LATENCY_PRIOR**2, LATENCY_FREEDOM)
        )
        for kind, stick_sessions in kinds.items()
        if len(stick_sessions) >= MIN_SESSIONS
    }
    return Drifts(sticks, {case: tuple(sessions.values()) for case, sessions in cases.items()})
