"""Timed passes of one callable: the innermost loop of the suite.

Refuses to know what is called. The clock is a parameter, so that a fake one can test it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import NamedTuple


class Usage(NamedTuple):
    """What the process has used."""

    minor_faults: int | None
    major_faults: int | None
    cpu_s: float

    def since(self, before: Usage) -> Usage:
        """What was used from then to now."""
        return Usage(
            _difference(self.minor_faults, before.minor_faults),
            _difference(self.major_faults, before.major_faults),
            self.cpu_s - before.cpu_s,
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


def time_passes(
    run: Callable[[], object],
    synchronise: Callable[[], None],
    passes: int,
    clock_ns: Callable[[], int] = time.perf_counter_ns,
) -> tuple[float, ...]:
    """Durations in seconds of that many passes, in order, each from call to the end of the device's work."""
    stamps = [0] * (2 * passes)  # Allocated beforehand: the loop itself makes no list grow.
    for at in range(0, 2 * passes, 2):
        stamps[at] = clock_ns()
        run()
        synchronise()
        stamps[at + 1] = clock_ns()
    return tuple((stamps[at + 1] - stamps[at]) / 1e9 for at in range(0, 2 * passes, 2))
