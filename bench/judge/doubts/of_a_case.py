"""Doubts about the turns of one case: each looks at its own numbers and says what is odd about them.

Refuses to know the machine's state and other sessions. The reasons of the thresholds stand in docs/doubts.md.
"""

from __future__ import annotations

import math
import re
from statistics import fmean, median

from bench.judge.doubts.shapes import groups, line, scatter
from bench.judge.doubts.sight import Seen, Sight, more_time
from bench.judge.estimates import LEVEL
from bench.records import Finding, Record
from bench.stats import t_interval
from bench.units import format_duration, format_latency

SURE = 5.0
"""Standard errors from which on a difference is told: dozens of looks at a session must hardly ever raise one."""
FIRST = 0.10
"""Log units by which first turns must be slower than the others."""
TREND = 0.10
"""Log units that a case must gain or lose over its session."""
TREND_RUNS = 4
"""Fewest runs that show a trend: three lie near some line too often."""
HUMPS = 0.12
"""Log units that two humps must lie apart."""
HUMPS_APART = 6.0
"""Standard deviations within a hump that two must lie apart: one cut in halves has 2.7, an even spread 3.5."""
HUMPS_SHARE = 0.15
"""Share of the passes that the smaller hump must hold: less are outliers."""
HUMPS_PASSES = 20
"""Fewest passes that show two humps."""
SPREAD = 0.25
"""Standard deviation of a turn within its run, in log units, that is large."""
AIM = 0.05
"""Half width of an interval that a budget is reckoned for."""
TURN_S = 1e-3
"""A turn that is shorter is not told to a thousandth by clocks that tick every microsecond."""
NULLS = 20
"""Null passes that a turn must last: else what surrounds it is more than a twentieth of it."""
NULL_SHARE = 0.05
"""Share of a case's pass that the null pass may take."""
FAULTS = 100.0
"""Factor between turns of one case in page faults a pass."""
FAULTS_SEEN = 500
"""Page faults a pass that are worth a word: half a millisecond or so."""
_WRONG = re.compile(r"output (differs from|is constant|is not finite|has shape)")


def first_turn_slow(seen: Seen, sight: Sight) -> Finding | None:
    """First turns of the runs against the rest of them: the settle passes were too few."""
    gaps = [run[0] - median(run[1:]) for run in seen.rounds if len(run) > 1]
    if len(gaps) < 3:
        return None
    rounds = median(len(run) for run in seen.rounds)
    usual = sight.turns_scatter * math.sqrt(1 + 1 / max(1, rounds - 1))
    error = max(scatter(gaps), usual) / math.sqrt(len(gaps))
    excess = fmean(gaps)
    if excess < max(FIRST, SURE * error):
        return None
    message = (
        f"the first turn of a run takes {math.exp(excess):.2f} times as long as its later ones, in {len(gaps)} runs of "
        f"about {rounds:.0f} turns. The case had not settled, and its latency holds some of that. "
        + more_time(seen.record, "look at the later rounds alone, through 'turns()' from Python.")
    )
    return Finding(kind="first-turn-slow", message=message, case=seen.record.info.id)


def drift(seen: Seen, sight: Sight) -> Finding | None:
    """The case's own durations over the session, beyond what its runs scatter."""
    found = line(seen.began_s, seen.runs) if len(seen.runs) >= TREND_RUNS else None
    if found is None or abs(found.change) < max(TREND, SURE * found.error):
        return None
    word = "slower" if found.change > 0 else "faster"
    message = (
        f"became {math.expm1(abs(found.change)):.0%} {word} from the first of its {len(seen.runs)} runs to the last. "
        "Its latency is that of the middle of the session; ratios of one session keep most of it out. "
        "Compare with --against, and measure again when the machine has come to rest."
    )
    return Finding(kind="drift", message=message, case=seen.record.info.id)


def two_humps(seen: Seen, sight: Sight) -> Finding | None:
    """Passes in two groups with nothing between: two states, of a process or of the machine."""
    runs = [[math.log(d) for turn in run.turns for d in turn.duration_s] for run in seen.record.runs]
    passes = [value for run in runs for value in run]
    found = groups(passes) if len(passes) >= HUMPS_PASSES else None
    if found is None or min(len(found.low), len(found.high)) < HUMPS_SHARE * len(passes):
        return None
    if found.distance < max(HUMPS, HUMPS_APART * found.scatter):
        return None
    slow = [fmean(value >= found.high[0] for value in run) for run in runs if run]
    states = sum(share > 0.5 for share in slow)
    whole = all(share < 0.1 or share > 0.9 for share in slow)
    where = (
        f"{states} of {len(slow)} runs are slow as a whole: a process starts in one of two states and stays in it"
        if whole
        else "runs hold both: something switches while they are taken"
    )
    message = (
        f"has two latencies, {format_latency(math.exp(median(found.low)))} and "
        f"{format_latency(math.exp(median(found.high)))} ({len(found.high) / len(passes):.0%} of the passes); {where}. "
        f"The interval is of a mixture. {_steadier(seen.record, whole=whole)}"
    )
    return Finding(kind="two-humps", message=message, case=seen.record.info.id)


def spread_large(seen: Seen, sight: Sight) -> Finding | None:
    """Turns of one run scatter so much that no usual budget gives a narrow interval."""
    spread, n = seen.turns_scatter, len(seen.runs)
    if spread < SPREAD or n < 2:
        return None
    interval = t_interval(seen.runs, LEVEL)
    half = (interval.high - interval.low) / 2
    record = seen.record
    needed = record.protocol.budget_s * (half / AIM) ** 2
    aim = f"; ±{AIM:.0%} would take about {format_duration(needed)} of this" if half > AIM else ""
    message = (
        f"turns of one run scatter by {spread:.0%}, and the interval is ±{math.expm1(half):.0%}{aim}. Something else "
        "uses the machine, or its clock is not steady. Quiet it before spending a larger budget."
    )
    return Finding(kind="spread-large", message=message, case=record.info.id)


def turn_too_short(seen: Seen, sight: Sight) -> Finding | None:
    """Turns near the clock's ticks, or near what a pass of nothing takes."""
    lengths = [math.fsum(turn.duration_s) for run in seen.record.runs for turn in run.turns]
    null_s = sight.null_s(seen.record) or 0.0
    length, least = (median(lengths) if lengths else math.inf), max(TURN_S, NULLS * null_s)
    if length >= least:
        return None
    message = (
        f"a turn lasts {format_latency(length)}, less than {format_latency(least)}: the clock and the call around a "
        f"pass are part of what was timed. Ask for a larger batch than {seen.record.case.batch}, and divide."
    )
    return Finding(kind="turn-too-short", message=message, case=seen.record.info.id)


def null_network_slow(seen: Seen, sight: Sight) -> Finding | None:
    """A pass that computes nothing takes a share of the case's that counts."""
    null_s, pass_s = sight.null_s(seen.record), seen.pass_s
    if null_s is None or null_s <= NULL_SHARE * pass_s:
        return None
    message = (
        f"a pass of the null network takes {format_latency(null_s)}, {null_s / pass_s:.0%} of this case's "
        f"{format_latency(pass_s)}: that share is the call and not the network. "
        f"Ask for a larger batch than {seen.record.case.batch}."
    )
    return Finding(kind="null-network-slow", message=message, case=seen.record.info.id)


def page_faults_vary(seen: Seen, sight: Sight) -> Finding | None:
    """Page faults that some turns have by the thousand and others do not."""
    faults = sorted(
        turn.minor_faults / len(turn.duration_s)
        for run in seen.record.runs
        for turn in run.turns[1:]  # The first turn of a process is where its memory grows.
        if turn.minor_faults is not None and turn.duration_s
    )
    if len(faults) < 4 or faults[-2] < max(FAULTS_SEEN, FAULTS * faults[1]):
        return None
    next_step = (
        "The allocator is pinned already: read its time as unpinned, and look for a library with one of its own."
        if seen.record.case.allocator == "pinned"
        else "Measure it with --allocator pinned, too."
    )
    message = (
        f"took {faults[-2]:.0f} page faults a pass in some turns and {faults[1]:.0f} in others: whether memory is asked "
        f"for anew depends on what ran before, and decides the time. {next_step}"
    )
    return Finding(kind="page-faults-vary", message=message, case=seen.record.info.id)


def outputs_differ(record: Record) -> Finding | None:
    """The case failed because of what it computed, not because it could not."""
    if record.outcome != "failed" or not _WRONG.search(record.reason or ""):
        return None
    message = (
        f"computed something else than fp32 eager, so it has no time: {record.reason}. A fast wrong answer is no answer. "
        "Try another form, precision or runtime, and report it where the network comes from."
    )
    return Finding(kind="outputs-differ", message=message, case=record.info.id)


def _steadier(record: Record, *, whole: bool) -> str:
    """What may remove a second state, of what was not done yet."""
    if whole and record.case.allocator == "shipped":
        return "Measure it with --allocator pinned, too."
    if whole and record.seats == "shared":
        return "Measure it with --seats alone, too: a neighbour's memory may be the cause."
    if whole:
        return more_time(record, "report both latencies rather than their middle.")
    return "Look for what else runs on the machine, and for clocks that change."
