"""Absolute latencies on any day: the interval of a session, widened by how far sessions of the case drift.

Knows the sessions of every case and of the yardstick; refuses to know ratios, from which common drift cancels.

An interval covers the runs of its session. A latency also moves with the day: clocks, neighbours, where memory lies.
The yardstick is the same in all sessions, so its sessions say by how much, and a case that drifts more or less than it
does says so by its own, through the model of the store (`session_scatter`).
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
"""What sessions must have in common to be of one case: its setting, and its id."""


class Sticks(NamedTuple):
    """What sessions of the yardstick say of those of cases."""

    sessions: int
    scale: float
    """Variance between sessions of a log latency, runs excluded."""


class Drifts(NamedTuple):
    """How far sessions of each case disagree in latency; kinds with too few sessions of the yardstick are left out."""

    known: Mapping[Kind, Sticks]
    """Of the yardstick, by what drifts together."""
    cases: Mapping[_Case, tuple[CaseSession, ...]]
    """Sessions of every subject."""

    def any_day(self, record: Record) -> Estimate | None:
        """Seconds a batch on the average day, with limits; None where the drift or the latency is not known.

        About this session's latency. Other sessions of the case say how far it may be from that of all days.
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
        """Log latency in seconds that a session of another day will have, by this one; None as `any_day`."""
        return self._effect(record, 1.0)

    def sessions(self, record: Record) -> int:
        """Sessions behind the drift of a record's kind; 0 where it is not known."""
        sticks = self.known.get(_where(record))
        return 0 if sticks is None else sticks.sessions

    def _effect(self, record: Record, days: float) -> Effect | None:
        """This session's log latency, as an estimate of the average day's or, with one of `days` more, another's."""
        sticks = self.known.get(_where(record))
        mine = latencies([record])
        if sticks is None or not mine or mine[0].runs < MIN_RUNS:
            return None
        others = [one for one in self.cases.get((setting(record), record.info.id), ()) if one.name != record.session]
        known = scatter([[*mine, *others]], sticks.scale, 2 * LATENCY_FREEDOM)
        middle = mean(mine, known)
        spread = middle.variance + days * max(known.variance, middle.variance)
        return Effect(middle.log, math.sqrt(spread), known.freedom, mine[0].runs, METHOD) if spread > 0 else None


def _where(record: Record) -> Kind:
    """What drifts together: the yardstick is always pinned where that exists, and stands for cases as shipped, too."""
    return kind_of(record)._replace(allocator="", seats="")


def drifts(records: Iterable[Record]) -> Drifts:
    """From all these sessions, each taken once."""
    kinds: dict[Kind, dict[str, CaseSession]] = {}
    cases: dict[_Case, dict[str, CaseSession]] = {}
    for record in records:
        if record.info.role == "null" or no_speed(record) is not None:
            continue
        for one in latencies([record]):
            if record.info.role == "subject":
                cases.setdefault((setting(record), record.info.id), {}).setdefault(one.name, one)
                continue
            sessions = kinds.setdefault(_where(record), {})
            # Two names of one network: the one that has more runs speaks for its session.
            if one.runs >= MIN_RUNS and (one.name not in sessions or one.runs > sessions[one.name].runs):
                sessions[one.name] = one
    known = {
        kind: Sticks(len(found), setting_scale([[[*found.values()]]], LATENCY_PRIOR**2, LATENCY_FREEDOM))
        for kind, found in kinds.items()
        if len(found) >= MIN_SESSIONS
    }
    return Drifts(known, {case: tuple(sessions.values()) for case, sessions in cases.items()})
