"""Absolute latencies on any day: the interval of a session, widened by how far sessions of this machine drift.

Knows the yardstick of every stored session; refuses to know ratios, from which drift cancels.

An interval covers the runs of its session. A latency also moves with the day: clocks, neighbours, where memory lies.
The yardstick is the same in all sessions, so its sessions say by how much.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import fmean, variance
from typing import NamedTuple

from bench.budget import MIN_RUNS, level_at_a_look
from bench.judge.estimates import LEVEL, counted_runs, looks_of, no_speed
from bench.judge.floor import MIN_SESSIONS, Kind, kind_of
from bench.judge.verdicts import Between, Effect
from bench.records import Estimate, Record
from bench.stats import between_groups

METHOD = "t over runs and sessions"
_LARGEST_LOG = 300.0


class Drifts(NamedTuple):
    """How far the yardstick's sessions disagree, by what they have in common; too few sessions leave a kind out."""

    known: Mapping[Kind, Between]

    def any_day(self, record: Record) -> Estimate | None:
        """Seconds a batch, with limits that hold on any day; None where the drift or the latency is not known.

        Two errors add up: that of the session's runs and that of a session. Degrees of freedom are Satterthwaite's.
        """
        between = self.known.get(_where(record))
        logs = [] if no_speed(record) else [run.case for run in counted_runs(record)]
        if between is None or len(logs) < MIN_RUNS:
            return None
        n, mean = len(logs), fmean(logs)
        own = variance(logs) / n
        whole = own + between.variance
        if not whole > 0:
            return None
        freedom = whole**2 / (own**2 / (n - 1) + between.variance**2 / between.freedom)
        effect = Effect(mean, math.sqrt(whole), freedom, n, METHOD)
        low, high = effect.limits(level_at_a_look(looks_of([record]), LEVEL))
        if high > _LARGEST_LOG:
            return None
        return Estimate(value=math.exp(mean), low=math.exp(low), high=math.exp(high), level=LEVEL, n=n, method=METHOD)

    def sessions(self, record: Record) -> int:
        """Sessions behind the drift of a record's kind; 0 where it is not known."""
        between = self.known.get(_where(record))
        return between.sessions if between else 0


def _where(record: Record) -> Kind:
    """What drifts together: the yardstick is always pinned where that exists, and stands for cases as shipped, too."""
    return kind_of(record)._replace(allocator="", seats="")


def drifts(records: Iterable[Record]) -> Drifts:
    """From the yardsticks of all these sessions, each taken once."""
    kinds: dict[Kind, dict[str, list[float]]] = {}
    for record in records:
        if record.info.role != "yardstick" or no_speed(record) is not None:
            continue
        sessions = kinds.setdefault(_where(record), {})
        logs = [run.case for run in counted_runs(record)]
        # Two names of one network: the one that has more runs speaks for its session.
        if len(logs) > len(sessions.get(record.session, [])):
            sessions[record.session] = logs
    known = {}
    for kind, sessions in kinds.items():
        enough = [logs for logs in sessions.values() if len(logs) >= MIN_RUNS]
        if len(enough) >= MIN_SESSIONS:
            known[kind] = Between(*between_groups(enough), len(enough))
    return Drifts(known)
