"""Cold starts: what a case costs before its first timed pass, from what every run's fresh process told.

Knows which figure belongs to the case and which to its process; refuses to know how they are shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from levit_bench.errors import NothingToShowError
from levit_bench.judge.estimates import latency, no_speed, over_runs
from levit_bench.records import Estimate, Finding, Record, Run


class Cold(NamedTuple):
    """The cold start of one case."""

    record: Record
    compile_s: float | None
    """Seconds in which the runtime made its artifact, once a session."""
    load: Estimate | Finding
    """Seconds from the artifact to a network that is ready."""
    first_pass: Estimate | Finding
    """Seconds of the first pass."""
    times: float | None
    """How many times as long the first pass takes as a timed one."""
    grown_bytes: float | None
    """Median over runs of the memory that loading and the first pass added."""
    peak_bytes: float | None
    """Median over runs of its process's peak when it was ready; absent where it shares the process, whose peak is
    everybody's."""
    run_peak_bytes: float | None
    """The same at the end of the run."""
    copy_s: float | None
    """Median over runs of the seconds in which a batch is copied to the device; absent where none is."""
    copy_pinned_s: float | None
    """The same from pinned memory."""
    start: Estimate | None
    """Seconds from the start of its process until it was loaded and checked; absent where it shares the process."""


def cold(record: Record) -> Cold:
    """What the runs of a record tell; runs of older files tell nothing, and neither does a case without a speed."""
    why = no_speed(record)
    runs = record.runs if why is None else ()
    told = [run.cold for run in runs if run.cold is not None]
    alone = [run for run in runs if _alone(run, record.info.id)]
    first = why or over_runs((one.first_pass_s for one in told), record.info.id)
    return Cold(
        record=record,
        compile_s=record.info.compile_s if why is None else None,
        load=why or over_runs((one.load_s for one in told), record.info.id),
        first_pass=first,
        times=_times(first, record),
        grown_bytes=_median(one.grown_bytes for one in told),
        peak_bytes=_median(run.seat.peak_bytes if run.seat else None for run in alone),
        run_peak_bytes=_median(run.seat_peak_bytes for run in alone),
        copy_s=_median(one.copy_s for one in told),
        copy_pinned_s=_median(one.copy_pinned_s for one in told),
        start=_start(alone, record.info.id),
    )


def crowded(record: Record) -> Finding | None:
    """A doubt about figures of processes that waited for each other: all of a run load at the same time."""
    most = max((run.seats_at_once or 0 for run in record.runs if run.cold is not None), default=0)
    room = record.conditions.allowance.room() or record.machine.logical_cores
    if most <= room:
        return None
    message = (
        f"{most} processes loaded their cases at the same time on {room:g} processors: load, first pass and start "
        "include waiting for each other. Measure fewer cases in a session."
    )
    return Finding(kind="loaded-together", message=message)


def require_cold(records: list[Record]) -> None:
    """Refuse where nothing is known at all.

    Raises:
        NothingToShowError: no case was timed, or every run was stored before cold starts were.
    """
    if any(run.cold for record in records for run in record.runs):
        return
    if not any(record.runs for record in records):
        raise NothingToShowError("no case was timed, so that none has a cold start. 'levit-bench show' says why.")
    raise NothingToShowError(
        "these sessions hold no cold starts: they were stored by a version before there were any. Measure again: "
        "levit-bench run --networks paper --isolation alone."
    )


def _alone(run: Run, key: str) -> bool:
    return run.seat is not None and run.seat.cases == (key,)


def _start(alone: list[Run], key: str) -> Estimate | None:
    found = over_runs((run.seat.load_s for run in alone if run.seat and run.cold), key)
    return found if isinstance(found, Estimate) else None


def _times(first: Estimate | Finding, record: Record) -> float | None:
    if not isinstance(first, Estimate):
        return None
    usual = latency(record)
    return first.value / usual.value if isinstance(usual, Estimate) else None


def _median(found: Iterable[float | None]) -> float | None:
    known = [one for one in found if one is not None]
    return median(known) if known else None
