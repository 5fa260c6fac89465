"""How many threads of this process have worked: those that a network started for itself are among them.

Counted by what the system says each has used, so that it does not matter how busy the machine is. Refuses to know how
many there should be.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

_SHARE = 0.05
"""Of what the process used: who used less did not compute, but woke up now and then."""
_LEAST_S = 5e-4
"""Seconds below which nobody has worked: the system's own accounts are as coarse."""
_TASKS = Path("/proc/self/task")


class ThreadsAtWork(NamedTuple):
    """Processor seconds of every thread at one moment."""

    process_s: float
    """Of the process, those of threads that have ended included."""
    threads: dict[str, float]
    """Of each living thread, by its number; empty where the system does not say."""

    @classmethod
    def now(cls) -> ThreadsAtWork:
        """As it is."""
        return cls(time.process_time(), _seconds())

    def since(self, before: ThreadsAtWork) -> int | None:
        """How many have worked from then to now; None where the system does not say."""
        if not self.threads or not before.threads:
            return None
        used_s = self.process_s - before.process_s
        gained = [seconds - before.threads.get(number, 0.0) for number, seconds in self.threads.items()]
        gained.append(used_s - sum(gained))  # What ended meanwhile counts as one.
        return sum(one > max(_SHARE * used_s, _LEAST_S) for one in gained)


def _seconds() -> dict[str, float]:
    """By the scheduler's account, to the nanosecond."""
    out: dict[str, float] = {}
    try:
        for task in _TASKS.iterdir():
            try:
                out[task.name] = int((task / "schedstat").read_bytes().split()[0]) / 1e9
            except (OSError, ValueError, IndexError):  # It has just ended.
                continue
    except OSError:
        return {}
    return out
