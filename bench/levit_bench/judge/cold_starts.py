"""Cold starts: seconds and memory that a case costs before its first timed pass, from the fresh process of every run.

Figures of the case and of its process, which other cases may share, are kept apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from levit_bench.command_lines import command_line
from levit_bench.errors import NothingToShowError
from levit_bench.judge.estimates import latency, no_speed, over_runs
from levit_bench.records import Estimate, Finding, Record, Run


class Cold(NamedTuple):
    """The cold start of one case."""

    record: Record
    compile_s: float | None
    """Seconds in which the runtime made its artifact, once for all runs."""
    compiled_at: str | None
    """When an earlier session made it, in UTC; absent where this one did."""
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
    that of all its cases."""
    run_peak_bytes: float | None
    """The same at the end of the run."""
    copy_s: float | None
    """Median over runs of the seconds in which a batch is copied to the device; absent where none is."""
    copy_pinned_s: float | None
    """The same from pinned memory."""
    start: Estimate | None
    """Seconds from the start of its process until it was loaded and checked; absent where it shares the process."""


def cold(record: Record) -> Cold:
    """The cold start of a record; runs of older files, which do not store it, and cases without a speed have none."""
    why = no_speed(record)
    runs = record.runs if why is None else ()
    cold_starts = [run.cold for run in runs if run.cold is not None]
    own_process_runs = [run for run in runs if _alone(run, record.info.id)]
    first = why or over_runs((cold_start.first_pass_s for cold_start in cold_starts), record.info.id)
    return Cold(
        record=record,
        compile_s=record.info.compile_s if why is None else None,
        compiled_at=record.info.prepared_at if why is None else None,
        load=why or over_runs((cold_start.load_s for cold_start in cold_starts), record.info.id),
        first_pass=first,
        times=_times(first, record),
        grown_bytes=_median(cold_start.grown_bytes for cold_start in cold_starts),
        peak_bytes=_median(run.seat.peak_bytes if run.seat else None for run in own_process_runs),
        run_peak_bytes=_median(run.seat_peak_bytes for run in own_process_runs),
        copy_s=_median(cold_start.copy_s for cold_start in cold_starts),
        copy_pinned_s=_median(cold_start.copy_pinned_s for cold_start in cold_starts),
        start=_start(own_process_runs, record.info.id),
    )


def crowded(record: Record) -> Finding | None:
    """Finding about figures of processes that waited for each other: all processes of a run load at the same time."""
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
    """Refuse records none of which has a cold start.

    Raises:
        NothingToShowError: no case was timed, or every run was stored before cold starts were.
    """
    if any(run.cold for record in records for run in record.runs):
        return
    if not any(record.runs for record in records):
        raise NothingToShowError(
            f"no case was timed, so that none has a cold start. To see why: {command_line('show')}"
        )
    again = command_line("run", "--networks", "paper", "--isolation", "alone", "--start-method", "spawn")
    raise NothingToShowError(
        f"these sessions hold no cold starts: they were stored by a version before there were any. "
        f"Measure again: {again}"
    )


def _alone(run: Run, key: str) -> bool:
    """Whether the case had a process that started by itself and held nothing else.

    A forked one shares pages with the process that it is a copy of: its memory is not that of a process of its own.
    """
    return run.seat is not None and run.seat.cases == (key,) and not run.seat.forked


def _start(own_process_runs: list[Run], key: str) -> Estimate | None:
    estimate = over_runs((run.seat.load_s for run in own_process_runs if run.seat and run.cold), key)
    return estimate if isinstance(estimate, Estimate) else None


def _times(first: Estimate | Finding, record: Record) -> float | None:
    if not isinstance(first, Estimate):
        return None
    timed_pass = latency(record)
    return first.value / timed_pass.value if isinstance(timed_pass, Estimate) else None


def _median(values: Iterable[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return median(present) if present else None
