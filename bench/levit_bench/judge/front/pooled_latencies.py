"""Latency of cases that several sessions measured, on one scale, and how sure it is across sessions.

Absolute latencies drift by 10-20 % from session to session, for all networks alike; a mean of absolute latencies would
rank networks by the day they were measured. So a case's place is its mean log ratio to the yardstick over sessions,
times the one yardstick latency of the panel. The scatter between sessions, by the model of the store
(`session_scatter`), is part of every interval here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from levit_bench.judge.estimates import (  # fmt: skip
    LEVEL,
    METHOD,
    bounded_exp,
    counts,
    interval,
    looks_of,
    no_speed,
    no_turns,
    no_yardstick,
    paid_words,
    too_few_runs,
    yardstick_log,
)
from levit_bench.judge.front.pairwise_ratios import Rivalry
from levit_bench.judge.metrics import SPEEDS, Speed
from levit_bench.judge.variance.session_scatter import CaseSession, Scatter
from levit_bench.numbers.statistics import t_factor
from levit_bench.planning.budget import MIN_RUNS, level_at_a_look
from levit_bench.records import Estimate, Finding, Record, Run

MOVED = 1.1
"""Factor between the yardsticks of two sessions from which on it is worth a finding: drift alone reaches it."""
APART = 3.0
"""Times the scatter that is usual in a setting, from which on the sessions of one case contradict each other."""
METHOD_SESSIONS = "t over sessions, ratio to the yardstick"


class SessionDrift(NamedTuple):
    """How far one session of a panel is from the panel's scale of seconds."""

    session: str
    """Name of the session."""
    latency: float
    """How many times as long the yardstick's median pass takes in it as on the scale."""
    image: float
    """The same of its mean pass, by which throughputs are joined."""


def pooled(records: Sequence[Record], yardstick: Estimate, rivalry: Rivalry) -> Estimate | Finding:
    """Seconds a batch, or an image, of one case among cases of several sessions of one machine and torch version.

    The price of the common scale: the yardstick's latency counts as exact, so the interval says how sure the place
    *within the panel* is, not tomorrow's wall-clock time. Who holds a limit in seconds against it adds
    `yardstick_drift`.

    Args:
        records: the same case, one record a session; a case of the rivalry.
        yardstick: latency in seconds of the yardstick that stands for the whole panel; its findings go with the result.
        rivalry: the panel's cases, whose sessions say how far sessions of this setting disagree.
    """
    usable = [record for record in records if no_speed(record) is None]
    if not usable:
        return no_speed(records[0]) or Finding(kind="no-turns", message="no record was given")
    case = usable[0].info.id
    sessions, middle = rivalry.sessions[case], rivalry.mean(case)
    if middle is None:
        timed = any(counts(run) and run.turns for record in usable for run in record.runs)
        return no_yardstick(usable[0]) if timed else no_turns(case, usable)
    half = t_factor(middle.freedom, level_at_a_look(looks_of(usable), LEVEL)) * math.sqrt(middle.variance)
    few = (too_few_runs(middle.runs, case),) if middle.runs < MIN_RUNS else ()
    return Estimate(
        value=math.exp(middle.log) * yardstick.value,
        low=math.exp(middle.log - half) * yardstick.value,
        high=bounded_exp(middle.log + half) * yardstick.value,
        level=LEVEL,
        n=middle.runs,
        method=METHOD_SESSIONS + paid_words(usable),
        freedom=middle.freedom,
        findings=(
            *few,
            *_contradiction(sessions, rivalry.scatter(case), case),
            *(finding for finding in yardstick.findings if finding.kind == "yardstick-moved"),
        ),
    )


def yardstick_seconds(records: Iterable[Record], speed: Speed = SPEEDS["latency"]) -> Estimate | Finding:
    """Seconds a pass of the yardstick in the session that is the median one by its latency.

    The median session: one measured on a busy machine must not rescale the networks of all others. Of an even number
    it is the slower of the middle two, so that the scale does not favour whoever holds a limit against it. One panel
    has one scale, whichever speed is asked for.

    Args:
        records: of any cases that share machine, torch version, yardstick version and the environment of one yardstick:
            device, threads, allocator.
        speed: whether the median pass is meant or the mean one.
    """
    records = list(records)
    means = _means(records, yardstick_log)
    if not means:
        return Finding(kind="no-yardstick", message="no run holds turns of the yardstick")
    median = _median_session(means)
    chosen = _yardsticks((record for record in records if record.session == median), speed.yardstick)[median]
    return interval([chosen[run] for run in sorted(chosen)], METHOD, None, _moved(means), records)


def yardstick_drift(records: Iterable[Record]) -> tuple[SessionDrift, ...]:
    """How far each session is from the scale of a panel that joins them, in the order of their names.

    Args:
        records: as for `yardstick_seconds`; sessions without turns of the yardstick are left out.
    """
    records = list(records)
    means, images = _means(records, yardstick_log), _means(records, SPEEDS["throughput"].yardstick)
    if not means:
        return ()
    median = _median_session(means)
    return tuple(
        SessionDrift(
            name,
            bounded_exp(means[name] - means[median]),
            bounded_exp(images.get(name, means[name]) - images.get(median, means[median])),
        )
        for name in sorted(means)
    )


def _means(records: Iterable[Record], log_of: Callable[[Run], float | None]) -> dict[str, float]:
    """Mean over its runs of the log of the yardstick's seconds, by session."""
    return {name: math.fsum(logs.values()) / len(logs) for name, logs in _yardsticks(records, log_of).items()}


def _median_session(means: Mapping[str, float]) -> str:
    return sorted(means, key=lambda name: (means[name], name))[len(means) // 2]


def _yardsticks(records: Iterable[Record], log_of: Callable[[Run], float | None]) -> dict[str, dict[int, float]]:
    """Logs of the yardstick by `log_of`, by session and run, of the runs that count, each once."""
    sessions: dict[str, dict[int, float]] = {}
    for record in records:
        logs = sessions.setdefault(record.session, {})
        for run in record.runs:
            if run.run not in logs and counts(run):
                value = log_of(run)
                if value is not None:
                    logs[run.run] = value
    return {name: logs for name, logs in sessions.items() if logs}


def _moved(means: Mapping[str, float]) -> tuple[Finding, ...]:
    """Finding of yardsticks that differ much between sessions: the scale is that of the median session."""
    slowest, fastest = max(means, key=lambda n: means[n]), min(means, key=lambda n: means[n])
    factor = bounded_exp(means[slowest] - means[fastest])
    if factor < MOVED:
        return ()
    message = (
        f"the yardstick took {factor:.2f} times as long in session {slowest} as in {fastest}. Latencies are on the "
        "scale of the median session, and their intervals leave this out, but for a limit that pick holds against "
        "them; look at one session with --session."
    )
    return (Finding(kind="yardstick-moved", message=message),)


def _contradiction(sessions: Sequence[CaseSession], usual_scatter: Scatter, case: str) -> tuple[Finding, ...]:
    """Finding of sessions of a case that differ more than is usual in this setting; the interval includes it."""
    if len(sessions) < 2:
        return ()
    ordered = sorted(sessions, key=lambda session: session.mean)
    low, high = ordered[0], ordered[-1]
    usual = math.sqrt(usual_scatter.scale + usual_scatter.run_variance * usual_scatter.per_run)
    gap = high.mean - low.mean
    if gap < APART * math.sqrt(2) * usual:
        return ()
    message = (
        f"the ratio to the yardstick is {bounded_exp(gap) - 1:.1%} higher in session {high.name} than in {low.name}, "
        f"where sessions of this setting usually differ by {math.expm1(math.sqrt(2) * usual):.1%}. The interval holds "
        "it; look for what differs between the two, and measure the rivals side by side in one session."
    )
    return (Finding(kind="sessions-disagree", message=message, case=case),)
