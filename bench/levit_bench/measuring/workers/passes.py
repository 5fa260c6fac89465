"""Timed passes of one callable: the innermost loop of the suite.

The clock is a parameter, so that tests can pass a fake one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import NamedTuple


class Usage(NamedTuple):
    """Page faults and processor seconds of a process."""

    minor_faults: int | None
    major_faults: int | None
    cpu_s: float

    def since(self, before: Usage) -> Usage:
        """Usage between an earlier moment and this one."""
        return Usage(
            _difference(self.minor_faults, before.minor_faults),
            _difference(self.major_faults, before.major_faults),
            self.cpu_s - before.cpu_s,
        )

    def plus(self, more: Usage) -> Usage:
        """The sum of both."""
        return Usage(
            _sum(self.minor_faults, more.minor_faults),
            _sum(self.major_faults, more.major_faults),
            self.cpu_s + more.cpu_s,
        )


def usage() -> Usage:
    """Page faults and processor seconds of this process so far, all threads; faults are absent on Windows."""
    if sys.platform == "win32":
        return Usage(None, None, time.process_time())
    import resource

    now = resource.getrusage(resource.RUSAGE_SELF)
    return Usage(now.ru_minflt, now.ru_majflt, time.process_time())


def _difference(now: int | None, before: int | None) -> int | None:
    return None if now is None or before is None else now - before


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second


class Meter:
    """Sums the usage of passes, without the work between them."""

    def __init__(self) -> None:
        self._before = usage()
        self._used = Usage(0, 0, 0.0)

    def start(self) -> None:
        """Before a pass."""
        self._before = usage()

    def stop(self) -> None:
        """After it."""
        self._used = self._used.plus(usage().since(self._before))

    @property
    def used(self) -> Usage:
        """Usage of all passes so far."""
        return self._used


def _nothing(_output: object = None) -> None:
    """The default callback before and after passes: does nothing."""


def time_passes(
    run: Callable[[], object],
    synchronise: Callable[[], None],
    passes: int,
    clock_ns: Callable[[], int] = time.perf_counter_ns,
    *,
    before: Callable[[], None] = _nothing,
    after: Callable[[object], None] = _nothing,
) -> tuple[float, ...]:
    """Durations in seconds of that many passes, in order, each from call to the end of the device's work.

    Args:
        run: one pass.
        synchronise: waits until the device is done.
        passes: how many.
        clock_ns: nanoseconds.
        before: called before each pass, untimed.
        after: called with the output of each pass, untimed.
    """
    stamps = [0] * (2 * passes)  # Allocated beforehand: the loop itself makes no list grow.
    for at in range(0, 2 * passes, 2):
        before()
        stamps[at] = clock_ns()
        output = run()
        synchronise()
        stamps[at + 1] = clock_ns()
        after(output)
        del output  # Freed before the next pass, and not during it.
    return tuple((stamps[at + 1] - stamps[at]) / 1e9 for at in range(0, 2 * passes, 2))
