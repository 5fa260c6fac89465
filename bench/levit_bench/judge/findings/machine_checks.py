"""Findings about the state of the machine during a session, each once a session."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from levit_bench.command_lines import command_line
from levit_bench.judge.findings.session_view import CaseTurns, RunView, SessionView
from levit_bench.judge.findings.shapes import LevelShift, line, step
from levit_bench.judge.stored_networks import short_name
from levit_bench.numbers.other_work import most_others
from levit_bench.numbers.units import counted, format_bytes, format_latency
from levit_bench.records import Finding

NULL_S = 50e-6
"""A null pass that takes longer has something in its way."""
MOVED = 1.25
"""Factor between the slowest and the fastest run of the yardstick."""
MOVED_ERRORS = 6.0
"""Standard errors of a run's median that they must lie apart: extremes of a dozen runs lie 3 apart."""
FELL = 0.07
"""Share by which the clock must have fallen from the first half of the runs to the second."""
WARMER_C = 5.0
"""Degrees by which the machine must have warmed to be mentioned."""
ROSE = 0.12
"""Log units by which all cases together must have become slower in one step."""
STEP_ERRORS = 5.0
"""Standard errors of it: the best of many places is chosen."""
STEPPED = 0.85
"""Sum of squares about a step, of that about a line, from which on it is a step and not a trend."""
ROUNDS = 8
"""Fewest rounds of a session that show a step."""
TREND, TREND_ERRORS = 0.10, 3.0
"""Log units that all cases together must gain or lose over a session, and standard errors."""
WITNESSED, WITNESSED_ERRORS = 0.05, 1.5
"""The same where a sensor says that the machine became hotter, or its clock slower."""
TREND_RUNS = 4
"""Fewest runs that show a trend: three lie near some line too often."""
STOLEN = 0.05
"""Share of one processor's time that a hypervisor may take in a run."""
SWAPPED = 16 << 20
"""Bytes of swap that a run may add: less is housekeeping."""
WAITED = 0.02
"""Share of the turns that may wait for a page: the first use of a file does."""


def frequency_fell(session: SessionView) -> Finding | None:
    """Finding of a clock frequency that fell from earlier to later runs; read at the ends of runs, under load."""
    clocks = [stage.after.clock_hz for stage in session.stages if stage.after and stage.after.clock_hz]
    half = len(clocks) // 2
    if half < 1 or (now := median(clocks[-half:])) >= (1 - FELL) * (then := median(clocks[:half])):
        return None
    message = (
        f"the clock fell from {then / 1e9:.2f} to {now / 1e9:.2f} GHz from the first half of the runs to the second. "
        "Later runs are slower for that alone; compare within the session, cool the machine, or fix its clock."
    )
    return Finding(kind="frequency-fell", message=message)


def throttled(session: SessionView) -> Finding | None:
    """Finding of all cases, the yardstick among them, becoming slower in one step in the later part of the session."""
    shift = _step(session)
    if shift is None or shift.rise < ROSE:
        return None
    after = len(session.rounds) - shift.place
    message = (
        f"all cases, the yardstick too, are {math.expm1(shift.rise):.0%} slower in the last {after} of "
        f"{len(session.rounds)} rounds{_hotter(session)}: heat, a power limit or a neighbour slowed the machine. "
        "Latencies mix both states, ratios hardly. Let it cool or quiet it, and measure again."
    )
    return Finding(kind="throttled", message=message)


def drift_of_all(session: SessionView) -> Finding | None:
    """Finding of a trend that all cases share, beyond the scatter of runs; a step is not a trend."""
    runs = session.runs
    trend = line([*session.began_s.values()], [*runs.values()]) if len(runs) >= TREND_RUNS else None
    if trend is None or throttled(session):
        return None
    hotter = _hotter(session) if trend.change > 0 else ""
    error = max(trend.error, trend.per * session.rounds_scatter / math.sqrt(len(session.rounds) / len(runs)))
    least, errors = (WITNESSED, WITNESSED_ERRORS) if hotter else (TREND, TREND_ERRORS)
    if abs(trend.change) < max(least, errors * error):
        return None
    word = "slower" if trend.change > 0 else "faster"
    message = (
        f"all cases became {math.expm1(abs(trend.change)):.0%} {word} from the first of {len(runs)} runs to the last"
        f"{hotter}. Latencies are those of the middle of the session; ratios keep most of it out. "
        "Compare with --against, and measure again when the machine has come to rest."
    )
    return Finding(kind="drift", message=message)


def yardstick_moved(session: SessionView) -> Finding | None:
    """Finding of a yardstick that became slower or faster from run to run."""
    sticks = [case for case in session.yardsticks if len(case.runs) > 1]
    # Both names of a yardstick must have moved: they are one network, and the machine does not choose between them.
    move = min((max(case.runs) - min(case.runs) for case in sticks), default=0.0)
    if move < max(math.log(MOVED), MOVED_ERRORS * max((case.run_error for case in sticks), default=0.0)):
        return None
    message = (
        f"the yardstick took {math.exp(move):.2f} times as long in one run as in another: the machine itself changed. "
        "Ratios are corrected for it, latencies are not."
    )
    if session.subjects:
        records = [case.record for case in session.subjects]
        network = short_name(records, records[0].case.network)
        message += f" For ratios: {command_line('show', '--session', session.session, '--against', network)}"
    return Finding(kind="yardstick-moved", message=message)


def null_network_slow(session: SessionView) -> Finding | None:
    """Finding of a null pass that takes long by itself."""
    nulls = [case.pass_s for case in session.cases if case.record.info.role == "null" and _on_cpu(case)]
    slowest = max(nulls, default=0.0)
    if slowest <= NULL_S:
        return None
    message = (
        f"a pass of the null network takes {format_latency(slowest)}, where {format_latency(NULL_S)} are plenty: "
        "something stands between the clock and the network, such as a profiler, a debugger or a busy machine. "
        "Every latency holds it; find it, and measure again."
    )
    return Finding(kind="null-network-slow", message=message)


def busy_machine(session: SessionView) -> Finding | None:
    """Finding of other work on the machine during the session: time that its hypervisor took, or other processes.

    Not the load: that counts the suite's own processes while they start.
    """
    stolen = [share for stage in session.stages if (share := _share(stage, "steal_s")) is not None]
    other_work = [
        busy - own
        for stage in session.stages
        if (busy := _share(stage, "busy_s")) is not None and (own := _share(stage, "own_s")) is not None
    ]
    if max(stolen, default=0.0) >= STOLEN:
        disturbance = f"the hypervisor took {_during(stolen, STOLEN)}"
    elif max(other_work, default=0.0) >= (limit := most_others(session.any.machine.logical_cores)):
        disturbance = f"other processes used {_during(other_work, limit)}"
    else:
        return None
    message = (
        f"{disturbance}. Other work slows what is timed and scatters it; measure again on a quiet machine, and trust "
        "ratios of one session before latencies."
    )
    return Finding(kind="busy-machine", message=message)


def _during(shares: Sequence[float], limit: float) -> str:
    """The greatest share of a processor's time, and in how many runs it was at the limit."""
    disturbed, runs = sum(share >= limit for share in shares), len(shares)
    which = "the only run" if runs == 1 else f"{'one' if disturbed == 1 else disturbed} of {runs} runs"
    return f"{'up to ' if disturbed > 1 else ''}{max(shares):.0%} of a processor's time during {which}"


def _share(stage: RunView, counter: str) -> float | None:
    """Seconds that a counter gained in a run, a second; absent where the system does not provide it."""
    if not (stage.before and stage.after and stage.seconds):
        return None
    first, last = getattr(stage.before, counter), getattr(stage.after, counter)
    return None if first is None or last is None else (last - first) / stage.seconds


def swapping(session: SessionView) -> Finding | None:
    """Finding of swap that grew, or of passes that waited for pages from a disk."""
    rose = max((_swapped(stage) for stage in session.stages), default=0)
    turns = [turn for case in session.cases for run in case.record.runs for turn in run.turns]
    waited = sum(bool(turn.major_faults) for turn in turns)
    if rose < SWAPPED and waited <= WAITED * len(turns):
        return None
    message = (
        f"swap grew by {format_bytes(rose)} in one run, and {waited} of {counted(len(turns), 'turn')} waited for pages "
        "from a disk. Their times are the disk's. Free memory, or measure fewer or smaller cases at once."
    )
    return Finding(kind="swapping", message=message)


def governor_not_performance(session: SessionView) -> Finding | None:
    """Finding of a frequency governor other than `performance`."""
    governor = session.any.conditions.governor
    if governor in (None, "performance"):
        return None
    message = (
        f"the frequency governor is {governor!r}: the clock follows the load, and the first passes of a turn may be "
        "slower than the rest. Set it to 'performance' where you may, and compare within sessions otherwise."
    )
    return Finding(kind="governor-not-performance", message=message)


def on_battery(session: SessionView) -> Finding | None:
    """Finding of a machine that ran from its battery."""
    states = [
        session.any.conditions,
        *(state for stage in session.stages for state in (stage.before, stage.after) if state),
    ]
    if not any(state.on_battery for state in states):
        return None
    message = (
        "the machine ran from its battery, and saves power in ways that change as it empties. Plug it in, and measure "
        "again."
    )
    return Finding(kind="on-battery", message=message)


def allowance_changed(session: SessionView) -> Finding | None:
    """Finding of processors or a quota that changed after the session began."""
    cores, first = (
        session.any.machine.logical_cores,
        session.any.conditions.allowance.text(session.any.machine.logical_cores),
    )
    states = [state for stage in session.stages for state in (stage.before, stage.after) if state]
    changed = next((text for state in states if (text := state.allowance.text(cores)) != first), None)
    if changed is None:
        return None
    message = (
        f"the session began with {_used(first)} and later had {_used(changed)}: its runs were not taken with the same "
        "means. Measure again while nobody changes what the processes may use."
    )
    return Finding(kind="allowance-changed", message=message)


def _used(text: str) -> str:
    return "all processors" if text == "all" else text


def gpu_differs(session: SessionView) -> Finding | None:
    """Finding of a GPU that computed and is not the first in the driver's list."""
    pairs = {(case.record.gpu, next(iter(case.record.machine.gpus), None)) for case in session.cases}
    differing = [(used, listed) for used, listed in pairs if used and listed and used != listed]
    if not differing:
        return None
    used, listed = sorted(differing)[0]
    message = (
        f"the workers computed on {used}, and the driver lists {listed} first: clocks, temperatures and memory in the "
        "session's conditions are of that one. Set CUDA_DEVICE_ORDER=PCI_BUS_ID and choose with CUDA_VISIBLE_DEVICES."
    )
    return Finding(kind="gpu-differs", message=message)


def dirty_tree(session: SessionView) -> Finding | None:
    """Finding of a session whose source had uncommitted changes."""
    state = session.any.conditions
    if not state.dirty:
        return None
    revision = f" at {state.commit[:7]}" if state.commit else ""
    message = (
        f"the suite's own source had uncommitted changes{revision} when the session began: nobody can take it again "
        "with the same code. Commit, and measure again before you publish."
    )
    return Finding(kind="dirty-tree", message=message)


def _step(session: SessionView) -> LevelShift | None:
    """The step that all cases took together, where there is one that fits better than a trend."""
    logs = [round_view.log for round_view in session.rounds]
    shift = step(logs, max(2, len(logs) // 6)) if len(logs) >= ROUNDS else None
    trend = line(range(len(logs)), logs)
    if shift is None or trend is None or shift.left > STEPPED * trend.left or shift.rise < STEP_ERRORS * shift.error:
        return None
    before, after = sorted(logs[: shift.place]), sorted(logs[shift.place :])
    apart = after[len(after) // 4] > before[-1 - len(before) // 4]
    sticks = [_took_part(case, session, shift) for case in session.yardsticks]
    return shift if apart and sticks and all(sticks) else None


def _took_part(case: CaseTurns, session: SessionView, shift: LevelShift) -> bool:
    """Whether a case's own turns rose by at least half of the step."""
    logs = [
        (place, case.logs.get((round_view.run, round_view.round))) for place, round_view in enumerate(session.rounds)
    ]
    early = [log for place, log in logs if log is not None and place < shift.place]
    late = [log for place, log in logs if log is not None and place >= shift.place]
    return bool(early and late) and median(late) - median(early) >= shift.rise / 2


def _hotter(session: SessionView) -> str:
    """Temperature and clock at the first and last run, in words, where the machine warmed or its clock fell."""
    ends = [stage.after for stage in session.stages if stage.after]
    if len(ends) < 2:
        return ""
    readings = []
    first, last = ends[0], ends[-1]
    if first.temperature_c and last.temperature_c and last.temperature_c - first.temperature_c >= WARMER_C:
        readings.append(f"{first.temperature_c:.0f} to {last.temperature_c:.0f} °C")
    if first.clock_hz and last.clock_hz and last.clock_hz < (1 - FELL) * first.clock_hz:
        readings.append(f"{first.clock_hz / 1e9:.2f} to {last.clock_hz / 1e9:.2f} GHz")
    return f" ({', '.join(readings)})" if readings else ""


def _swapped(stage: RunView) -> int:
    before, after = stage.before, stage.after
    if before is None or after is None or before.swap_used_bytes is None or after.swap_used_bytes is None:
        return 0
    return after.swap_used_bytes - before.swap_used_bytes


def _on_cpu(case: CaseTurns) -> bool:
    """Whether a null pass is on the CPU: on another device it includes the transfer there and back."""
    return case.record.case.device == "cpu"
