"""Intervals and findings for a case whose processes start, at random, in a normal or a slow state."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from levit_bench.judge.estimates import latency, relative_to_yardstick
from levit_bench.judge.findings import session_findings
from levit_bench.numbers.statistics import Interval
from levit_bench.records import Estimate

from tools.simulated.known_truth import Design, ratio
from tools.simulated.machine import SLOW, TWO_STATES
from tools.simulated.sessions import LADDER, YARDSTICK_S, take

NAMES = frozenset({"two-humps", "runs-disagree"})
"""Kinds of the findings that name two states."""


class States(NamedTuple):
    """Counts over many sessions."""

    sessions: int
    latency: int
    """Sessions whose interval of the case's latency held the mean over all runs there may be."""
    relative: int
    """The same of its ratio to the yardstick."""
    paired: int
    """The same of its paired ratio to a network that is as fast and has one state."""
    slow: int
    """Sessions in which at least one run was slow."""
    named: int
    """Of these, those with a finding that names it."""


def states(name: str, seeds: Iterable[int], design: Design) -> States:
    """Sessions on one of the machines with two states at random."""
    scenario = TWO_STATES[name]
    # Expected log of a run: with normal noise, medians do not shift it.
    shift = scenario.slow_run * math.log(SLOW)
    rows = []
    for seed in seeds:
        session = take(scenario, seed, networks=LADDER, runs=design[0], rounds=design[1])
        base = session.record("base")
        slow = session.machine.slow > 0
        kinds = (
            {case_finding.finding.kind for case_finding in session_findings(session.records, [base.info.id])}
            if slow
            else set()
        )
        rows.append(
            (
                _holds(latency(base), math.log(session.truth_s("base")) + shift),
                _holds(relative_to_yardstick(base), math.log(LADDER["base"] / YARDSTICK_S) + shift),
                _within(ratio(base, session.record("twin")), shift),
                slow,
                bool(kinds & NAMES),
            )
        )
    return States(len(rows), *(sum(column) for column in zip(*rows, strict=True)))


def _holds(estimate: object, log: float) -> bool:
    assert isinstance(estimate, Estimate)
    return estimate.low <= math.exp(log) <= estimate.high


def _within(interval: Interval, log: float) -> bool:
    return interval.low <= log <= interval.high
