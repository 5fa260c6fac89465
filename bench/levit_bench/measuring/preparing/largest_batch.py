"""The largest batch that fits into a device's memory: powers of two, each tried in a process of its own.

A batch fits when its case can be loaded and two passes give the right outputs, without running out of memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from levit_bench.records import Case

LARGEST = 65_536
_LEAP = 4  # Powers of four first: a process that loads torch on a GPU takes seconds.


class Fitting(NamedTuple):
    """Result of the search."""

    batch: int
    """The largest power of two that fits; 0 when even one image does not."""
    too_large: int | None
    """The smallest that was tried and does not; absent when all do."""
    why: str
    """The reason why it does not; empty when all fit."""

    @property
    def memory_ended_it(self) -> bool:
        """Whether the reason is memory, of the device or of the process, or all batches fit."""
        return self.too_large is None or "memory" in self.why.lower() or "SIGKILL" in self.why


def fitting(case: Case, attempt: Callable[[Case], str | None]) -> Fitting:
    """The largest power of two that fits. `attempt` returns why a case cannot be loaded, or None when it can."""
    good, bad, reason = 0, None, ""
    batch = 1
    while batch <= LARGEST:
        problem = attempt(msgspec.structs.replace(case, batch=batch))
        if problem is not None:
            bad, reason = batch, problem
            break
        good, batch = batch, batch * _LEAP
    while bad is not None and good and 2 * good < bad:
        problem = attempt(msgspec.structs.replace(case, batch=2 * good))
        if problem is None:
            good *= 2
        else:
            bad, reason = 2 * good, problem
    return Fitting(good, bad, reason)


def powers() -> tuple[int, ...]:
    """Every batch that may be tried."""
    return tuple(2**exponent for exponent in range(LARGEST.bit_length()))
