"""Number of threads of this process that have worked, including those that a network starts itself.

Counted by the processor time of each thread, so that it does not depend on how busy the machine is.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

_SHARE = 0.05
"""Share of the process's time below which a thread did not compute, but woke up now and then."""
_LEAST_S = 5e-4
"""Seconds below which no thread counts as working: the system's own accounting is as coarse."""
_TASKS = Path("/proc/self/task")


class ThreadsAtWork(NamedTuple):
    """Processor seconds of every thread at one moment."""

    process_s: float
    """Seconds of the process, those of threads that have ended included."""
    threads: dict[str, float]
    """Seconds of each living thread, by its number; empty where the system does not say."""

    @classmethod
    def now(cls) -> ThreadsAtWork:
        """Processor seconds at this moment."""
        return cls(time.process_time(), _seconds())

    def since(self, before: ThreadsAtWork) -> int | None:
        """Number of threads that have worked since an earlier moment; None where the system does not say."""
        if not self.threads or not before.threads:
            return None
        used_s = self.process_s - before.process_s
        gained = [seconds - before.threads.get(number, 0.0) for number, seconds in self.threads.items()]
        gained.append(used_s - sum(gained))  # Threads that ended meanwhile count as one.
        return sum(gain_s > max(_SHARE * used_s, _LEAST_S) for gain_s in gained)


def _seconds() -> dict[str, float]:
    """Processor seconds of each thread by the scheduler's accounting, to the nanosecond."""
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
