"""Cold starts: what a case costs before its first timed pass, from what every run's fresh process told.

Knows which figure belongs to the case and which to its process; refuses to know how they are shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from bench.errors import NothingToShowError
from bench.judge.estimates import latency, over_runs
from bench.records import Estimate, Finding, Record


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
    """Median over runs of its process's peak; absent where it shares the process, whose peak is everybody's."""
    copy_s: float | None
    """Median over runs of the seconds in which a batch is copied to the device; absent where none is."""
    copy_pinned_s: float | None
    """The same from pinned memory."""
    start_s: Estimate | Finding
    """Seconds from the start of its process until all of its cases were loaded and checked."""


def cold(record: Record) -> Cold:
    """What the runs of a record tell; runs of older files tell nothing."""
    told = [run.cold for run in record.runs if run.cold is not None]
    seats = [run.seat for run in record.runs if run.seat is not None]
    key = record.info.id
    first, usual = over_runs((one.first_pass_s for one in told), key), latency(record)
    peaks = [seat.peak_bytes for seat in seats if seat.peak_bytes is not None and seat.cases == (key,)]
    return Cold(
        record=record,
        compile_s=record.info.compile_s,
        load=over_runs((one.load_s for one in told), key),
        first_pass=first,
        times=first.value / usual.value if isinstance(first, Estimate) and isinstance(usual, Estimate) else None,
        grown_bytes=median(one.grown_bytes for one in told) if told else None,
        peak_bytes=median(peaks) if peaks else None,
        copy_s=_median(one.copy_s for one in told),
        copy_pinned_s=_median(one.copy_pinned_s for one in told),
        start_s=over_runs((seat.load_s for seat in seats), key),
    )


def _median(found: Iterable[float | None]) -> float | None:
    known = [one for one in found if one is not None]
    return median(known) if known else None


def require_cold(records: list[Record]) -> None:
    """Refuse where nothing is known at all.

    Raises:
        NothingToShowError: every run was stored before cold starts were.
    """
    if not any(run.cold for record in records for run in record.runs):
        raise NothingToShowError(
            "these sessions hold no cold starts: they were stored by a version before there were any. Measure again: "
            "levit-bench run --networks paper --seats alone."
        )
