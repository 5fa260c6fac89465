"""How much of the processors is in use, by this suite and by others."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import NamedTuple

import psutil

from levit_bench.measuring.machine import probe

_MOST_S = 1e12


class ProcessorUse(NamedTuple):
    """Processor seconds in use, by a moment of the clock."""

    at_s: float
    busy_s: float | None
    """Since boot, by anybody; absent where the system does not say."""
    own_s: float | None
    """By this suite's processes since it was started."""

    @classmethod
    def now(cls) -> ProcessorUse:
        """That of this moment."""
        busy, own = probe.number(busy_s, 0, _MOST_S), probe.number(own_s, 0, _MOST_S)
        return cls(time.perf_counter(), busy, own)

    def others_since(self, before: ProcessorUse) -> float | None:
        """Processors that others kept busy since then, on average: 0.9 is nine tenths of one. None: unknown."""
        if self.busy_s is None or self.own_s is None or before.busy_s is None or before.own_s is None:
            return None
        others_s = (self.busy_s - before.busy_s) - (self.own_s - before.own_s)
        return max(0.0, others_s) / max(self.at_s - before.at_s, 1e-3)


def busy_s() -> float:
    """Processor seconds since boot in which anything ran. Guests of this machine are in `user` already."""
    spent = psutil.cpu_times()
    return spent.user + spent.system + sum(getattr(spent, name, 0.0) for name in ("nice", "irq", "softirq"))


def own_s() -> float:
    """Processor seconds of this process, of its children that ended, and of those that live."""
    own, living = os.times(), 0.0
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # It may have ended meanwhile, or be a zombie.
            spent = child.cpu_times()
            living += spent.user + spent.system
    return own.user + own.system + own.children_user + own.children_system + living
