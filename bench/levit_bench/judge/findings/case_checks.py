"""Findings about the turns of one case. docs/findings.md gives the reasons of the thresholds."""

from __future__ import annotations

import math
import re
from statistics import fmean, median

from levit_bench.judge.estimates import latency
from levit_bench.judge.findings.session_view import CaseTurns, SessionView, more_time
from levit_bench.judge.findings.shapes import Groups, groups, line, scatter
from levit_bench.numbers.units import counted, format_duration, format_latency
from levit_bench.records import Estimate, Finding, Record

SURE = 5.0
"""Standard errors from which on a difference is reported: dozens of checks a session must hardly ever raise one."""
FIRST = 0.10
"""Log units by which first turns must be slower than the others."""
TREND = 0.10
"""Log units that a case must gain or lose over its session."""
TREND_ERRORS = 4.0
"""Standard errors of it, from the scatter of a handful of runs."""
TREND_RUNS = 4
"""Fewest runs that show a trend: three lie near some line too often."""
HUMPS = 0.12
"""Log units that two humps must lie apart."""
PASSES_APART = 6.0
"""Standard deviations within a hump that two must lie apart: one cut in halves has 2.7, an even spread 3.5."""
HUMPS_SHARE = 0.2
"""Share of the passes that the smaller hump must hold: less are outliers."""
HUMPS_TURNS = 12
"""Fewest turns whose passes show two humps: passes of one turn are near each other anyway."""
RUNS_APART = 4.0
"""The same for runs, where the deviation is at least that of the session's other cases."""
HUMPS_RUNS = 2
"""Runs that the smaller hump must hold: a single one is an outlier."""
SPREAD = 0.15
"""Standard deviation of a turn within its run, in log units, that is large."""
SPREAD_UNSURE = 2.0
"""How much more it must be where it is estimated from few turns, times the root of their degrees of freedom."""
AIM = 0.05
"""Half width of an interval that a budget is computed for."""
TURN_S = 1e-3
"""A turn that is shorter is not measured to a thousandth by clocks that tick every microsecond."""
NULLS = 20
"""Null passes that a turn must last: else what surrounds it is more than a twentieth of it."""
NULL_SHARE = 0.05
"""Share of a case's pass that the null pass may take."""
FAULTS = 100.0
"""Factor between turns of one case in page faults a pass."""
FAULT_S = 1.6e-6
"""Seconds that a page fault costs or so: 490,000 of them were seen to take 0.8 s."""
FAULTS_SHARE = 0.02
"""Share of a pass that the faults must take to be reported."""
MATRICES = 1.25
"""Times the rate of the fastest product of matrices: the rehearsal's products scatter by less."""
KNOWN = 0.2
"""Log units by which passes over known images must be faster."""
KNOWN_PASSES = 5
"""Fewest passes over new and over known images in a run that counts."""
LOADING_PASSES = 2
"""Passes that a process has had when its case is loaded."""
_WRONG = re.compile(r"output (differs from|is constant|is not finite|has shape)")


def faster_than_matrices(case: CaseTurns, session: SessionView) -> Finding | None:
    """Finding of more multiply-accumulates a second than products of matrices reach on this machine."""
    info = case.record.info
    if not info.macs or not info.matrix_macs_s:
        return None
    rate = info.macs * info.case.batch / case.pass_s
    if rate <= MATRICES * info.matrix_macs_s:
        return None
    message = (
        f"computes {rate / 1e9:,.0f} G multiply-accumulates a second, {rate / info.matrix_macs_s:.1f} times what the "
        f"fastest product of matrices reached here with as many threads ({info.matrix_macs_s / 1e9:,.0f} G). "
        "Kernels of 3 by 3 convolutions may save as much; else part of the network is not computed, or its count is "
        "too high."
    )
    return Finding(kind="faster-than-matrices", message=message, case=info.id)


def faster_on_known_images(case: CaseTurns, session: SessionView) -> Finding | None:
    """Finding of passes over slightly changed earlier images that are faster than those over new ones."""
    images, batch = case.record.info.distinct_images, case.record.case.batch
    if images is None or case.record.case.streams > 1:
        return None
    gaps = []
    for run in case.record.runs:
        images_so_far = LOADING_PASSES * batch
        new_logs: list[float] = []
        known_logs: list[float] = []
        for turn in run.turns:
            images_so_far += len(turn.settle_s) * batch
            for duration in turn.duration_s:
                images_so_far += batch
                (new_logs if images_so_far <= images else known_logs).append(math.log(duration))
        if min(len(new_logs), len(known_logs)) >= KNOWN_PASSES:
            gaps.append(median(new_logs) - median(known_logs))
    if len(gaps) < 3 or fmean(gaps) < max(KNOWN, SURE * scatter(gaps) / math.sqrt(len(gaps))):
        return None
    message = (
        f"passes over images that resemble earlier ones take {math.exp(-fmean(gaps)):.2f} times as long as those over "
        f"new ones, in {len(gaps)} runs: the network seems to remember what it was shown. In use, images are new; look "
        "at its first rounds alone, through 'turns()' from Python."
    )
    return Finding(kind="faster-on-known-images", message=message, case=case.record.info.id)


def first_turn_slow(case: CaseTurns, session: SessionView) -> Finding | None:
    """Finding of first turns of the runs that are slower than the rest: the settle passes were too few."""
    gaps = [run[0] - median(run[1:]) for run in case.rounds if len(run) > 1]
    if len(gaps) < 3:
        return None
    rounds = median(len(run) for run in case.rounds)
    usual = session.turns_scatter * math.sqrt(1 + 1 / max(1, rounds - 1))
    error = max(scatter(gaps), usual) / math.sqrt(len(gaps))
    excess = fmean(gaps)
    if excess < max(FIRST, SURE * error):
        return None
    message = (
        f"the first turn of a run takes {math.exp(excess):.2f} times as long as its later ones, in {len(gaps)} runs of "
        f"about {rounds:.0f} turns. The case had not settled, and its latency holds some of that. "
        + more_time(case.record, "look at the later rounds alone, through 'turns()' from Python.")
    )
    return Finding(kind="first-turn-slow", message=message, case=case.record.info.id)


def first_pass_slow(case: CaseTurns, session: SessionView) -> Finding | None:
    """Finding of first timed passes of turns that are slower than the last: the settle passes were too few."""
    turns = [turn.duration_s for run in case.record.runs for turn in run.turns if len(turn.duration_s) > 1]
    gaps = [math.log(passes[0] / passes[-1]) for passes in turns]
    if len(gaps) < 6 or median(gaps) < max(FIRST, SURE * scatter(gaps) / math.sqrt(len(gaps))):
        return None
    settled = case.record.protocol.settle_passes
    message = (
        f"the first timed pass of a turn takes {math.exp(median(gaps)):.2f} times as long as the last, after {settled} "
        f"settle {'pass' if settled == 1 else 'passes'}: the case is slow to get going, and its latency holds some of "
        "that. Look at later passes alone, through 'turns()' from Python."
    )
    return Finding(kind="first-pass-slow", message=message, case=case.record.info.id)


def drift(case: CaseTurns, session: SessionView) -> Finding | None:
    """Finding of a trend of the case over the session, beyond the scatter of its runs and the trend of all cases."""
    runs = session.own_runs(case)
    times = [session.began_s[number] for number in case.numbers]
    trend = line(times, runs) if len(runs) >= TREND_RUNS else None
    error = 0.0 if trend is None else max(trend.error, trend.per * session.error(case))
    if trend is None or abs(trend.change) < max(TREND, TREND_ERRORS * error):
        return None
    word = "slower" if trend.change > 0 else "faster"
    message = (
        f"became {math.expm1(abs(trend.change)):.0%} {word} than the others from the first of its {len(runs)} runs to "
        "the last, so its ratios depend on when it was measured. Measure it again, beside its rivals alone."
    )
    return Finding(kind="drift", message=message, case=case.record.info.id)


def two_humps(case: CaseTurns, session: SessionView) -> Finding | None:
    """Finding of a bimodal latency: processes that start slow and stay so, or a state that switches within runs."""
    whole, split = True, groups(session.own_runs(case))
    if split is None or not _humps(split, max(split.scatter, session.error(case)), HUMPS_RUNS, RUNS_APART):
        whole, split = False, _switching(case)
        if split is None:
            return None
    low, high = len(split.low), len(split.high)
    where = (
        f"{high} of {low + high} runs are slow from beginning to end: a process starts in one of two states"
        if whole
        else f"{high / (low + high):.0%} of the passes are slow, within runs: something switches meanwhile"
    )
    mixed = ", takes runs for nearly normal, and may be too narrow: quote both states" if whole else ""
    message = (
        f"has two latencies, one {math.expm1(split.distance):.0%} above the other; {where}. The interval is of a "
        f"mixture{mixed}. {_steadier(case.record, whole=whole)}"
    )
    return Finding(kind="two-humps", message=message, case=case.record.info.id)


def _switching(case: CaseTurns) -> Groups | None:
    """Two groups of passes that occur within the same runs; None where there are none."""
    if sum(map(len, case.rounds)) < HUMPS_TURNS:
        return None
    runs = [[math.log(d) for turn in run.turns for d in turn.duration_s] for run in case.record.runs]
    passes = [value for run in runs for value in run]
    split = groups(passes)
    if split is None or not _humps(split, split.scatter, HUMPS_SHARE * len(passes), PASSES_APART):
        return None
    slow = [fmean(value >= split.high[0] for value in run) for run in runs if run]
    return split if sum(HUMPS_SHARE / 2 < share < 1 - HUMPS_SHARE / 2 for share in slow) >= HUMPS_RUNS else None


def _humps(split: Groups, scatter: float, fewest: float, apart: float) -> bool:
    return min(len(split.low), len(split.high)) >= fewest and split.distance > max(HUMPS, apart * scatter)


def spread_large(case: CaseTurns, session: SessionView) -> Finding | None:
    """Finding of turns that scatter so much within a run that no usual budget gives a narrow interval."""
    spread, free = case.turns_scatter, sum(len(run) - 1 for run in case.rounds)
    if not free or spread < SPREAD * (1 + SPREAD_UNSURE / math.sqrt(free)) or len(case.runs) < 2:
        return None
    record = case.record
    time = latency(record)  # The interval that tables show, which pays for its looks.
    if not isinstance(time, Estimate) or not math.isfinite(time.high):
        return None
    half = math.log(time.high / time.value)
    needed = record.protocol.budget_s * (half / AIM) ** 2
    aim = f"; ±{AIM:.0%} would take about {format_duration(needed)} of this" if half > AIM else ""
    message = (
        f"turns of one run scatter by {spread:.0%}, and the interval is ±{math.expm1(half):.0%}{aim}. Something else "
        "uses the machine, or its clock is not steady. Quiet it before spending a larger budget."
    )
    return Finding(kind="spread-large", message=message, case=record.info.id)


def streams_uneven(case: CaseTurns, session: SessionView) -> Finding | None:
    """Finding of turns whose passes cannot be divided among the streams."""
    streams = case.record.case.streams
    turns = [turn for run in case.record.runs for turn in run.turns]
    uneven = sum(bool(len(turn.duration_s) % streams) for turn in turns)
    if not uneven:
        return None
    hold = "holds" if uneven == 1 else "hold"
    message = (
        f"{uneven} of {counted(len(turns), 'turn')} {hold} a number of passes that {streams} streams do not divide. "
        "They are left out of images a second. The engine writes no such turn: look who changed the file, or "
        "measure again."
    )
    return Finding(kind="streams-uneven", message=message, case=case.record.info.id)


def turn_too_short(case: CaseTurns, session: SessionView) -> Finding | None:
    """Finding of turns near the resolution of the clock, or near the time of a null pass."""
    lengths = [math.fsum(turn.duration_s) for run in case.record.runs for turn in run.turns]
    null_s = session.null_s(case.record) or 0.0
    length, least = (median(lengths) if lengths else math.inf), max(TURN_S, NULLS * null_s)
    if length >= least:
        return None
    message = (
        f"a turn lasts {format_latency(length)}, less than {format_latency(least)}: the clock and the call around a "
        f"pass are part of what was timed. Ask for a larger batch than {case.record.case.batch}, and divide."
    )
    return Finding(kind="turn-too-short", message=message, case=case.record.info.id)


def null_network_slow(case: CaseTurns, session: SessionView) -> Finding | None:
    """Finding of a null pass that takes a considerable share of the case's pass."""
    null_s, pass_s = session.null_s(case.record), case.pass_s
    if null_s is None or null_s <= NULL_SHARE * pass_s:
        return None
    message = (
        f"a pass of the null network takes {format_latency(null_s)}, {null_s / pass_s:.0%} of this case's "
        f"{format_latency(pass_s)}: that share is the call and not the network. "
        f"Ask for a larger batch than {case.record.case.batch}."
    )
    return Finding(kind="null-network-slow", message=message, case=case.record.info.id)


def page_faults_vary(case: CaseTurns, session: SessionView) -> Finding | None:
    """Finding of page faults that some turns have by the thousand and others do not."""
    faults = sorted(
        turn.minor_faults / len(turn.duration_s)
        for run in case.record.runs
        for turn in run.turns[1:]  # The first turn of a process is where its memory grows.
        if turn.minor_faults is not None and turn.duration_s
    )
    if len(faults) < 4 or faults[-2] < max(FAULTS_SHARE * case.pass_s / FAULT_S, FAULTS * max(1.0, faults[1])):
        return None
    next_step = (
        "The allocator is pinned already: read its time as unpinned, and look for a library with one of its own."
        if case.record.case.allocator == "pinned"
        else "Measure it with --allocator pinned, too."
    )
    message = (
        f"took {faults[-2]:.0f} page faults a pass in some turns and {faults[1]:.0f} in others: whether memory is "
        f"asked for anew depends on what ran before, and costs time. {next_step}"
    )
    return Finding(kind="page-faults-vary", message=message, case=case.record.info.id)


def outputs_differ(record: Record) -> Finding | None:
    """Finding of a case that failed because its outputs are wrong."""
    if record.outcome != "failed" or not _WRONG.search(record.reason or ""):
        return None
    next_step = (
        "Try another runtime, or export the file anew."
        if record.case.is_model_file
        else "Try another form, precision or runtime, and report it where the network comes from."
    )
    message = f"has wrong outputs, so it has no time: {record.reason}. Fast and wrong is no answer. {next_step}"
    return Finding(kind="outputs-differ", message=message, case=record.info.id)


def _steadier(record: Record, *, whole: bool) -> str:
    """Advice on how to remove a second state, of the measures that were not taken yet."""
    if whole and record.case.allocator == "shipped":
        return "Measure it with --allocator pinned, too."
    if whole and not record.is_alone:
        return "Measure it with --isolation alone, too: a neighbour's memory may be the cause."
    if whole:
        return more_time(record, "report both latencies rather than their middle.")
    return "Look for what else runs on the machine, and for clocks that change."
