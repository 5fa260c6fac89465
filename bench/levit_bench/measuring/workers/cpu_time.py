"""Processor time of a process, read from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil


class ProcessorTime(NamedTuple):
    """What a process and those that it started have had of the processors so far, all threads."""

    used_s: float
    """Seconds of processors, those of children that have ended included."""
    delayed_s: float | None
    """Seconds in which a thread could have run and had no processor; None where the system does not say."""

    def since(self, before: ProcessorTime) -> ProcessorTime:
        """Between an earlier moment and this one; never negative, although what ended takes its delays along."""
        used_s = max(0.0, self.used_s - before.used_s)
        if self.delayed_s is None or before.delayed_s is None:
            return ProcessorTime(used_s, None)
        return ProcessorTime(used_s, max(0.0, self.delayed_s - before.delayed_s))


def process_cpu_s(pid: int) -> float:
    """Processor seconds of a process, all threads: to the nanosecond on Linux, to the tick elsewhere."""
    try:
        return sum(used for used, _ in _schedules(pid)) / 1e9
    except (OSError, ValueError, IndexError):
        pass
    try:
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)
    except Exception:  # The process is gone, or the library fails.
        return 0.0


def processor_time(pid: int, *, living: bool = True) -> ProcessorTime:
    """Processor time of a process and of those that it started: a compiler works in one of its own.

    Args:
        pid: of the process.
        living: whether children that live count, too; this takes milliseconds, since all processes are looked through.
    """
    processes, ended_s = _family(pid, living=living)
    delays = [_delayed_s(each) for each in processes]
    return ProcessorTime(
        sum(map(process_cpu_s, processes)) + ended_s,
        None if None in delays else sum(delay for delay in delays if delay is not None),
    )


def _family(pid: int, *, living: bool) -> tuple[list[int], float]:
    """The process and all below it, and the processor seconds of its children that have ended."""
    try:
        parent = psutil.Process(pid)
        times = parent.cpu_times()
        ended_s = float(getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0))
        children = parent.children(recursive=True) if living else []
        return [pid, *(child.pid for child in children)], ended_s
    except Exception:  # The process is gone, or the library fails.
        return [pid], 0.0


def _delayed_s(pid: int) -> float | None:
    try:
        return sum(delayed for _, delayed in _schedules(pid)) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def _schedules(pid: int) -> Iterator[tuple[int, int]]:
    """Of each thread, nanoseconds on a processor and waiting for one: the kernel's sched-stats.rst.

    Raises:
        OSError: the process is gone, or this is not Linux.
        ValueError, IndexError: the kernel keeps no account.
    """
    for task in Path(f"/proc/{pid}/task").iterdir():
        used, delayed = (task / "schedstat").read_bytes().split()[:2]
        yield int(used), int(delayed)
