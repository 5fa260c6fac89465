"""Processor time of a process, read from outside."""

from __future__ import annotations

from pathlib import Path

import psutil


def process_cpu_s(pid: int) -> float:
    """Processor seconds of a process, all threads: to the nanosecond on Linux, to the tick elsewhere."""
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return sum(int((task / "schedstat").read_bytes().split()[0]) for task in tasks) / 1e9
    except (OSError, ValueError, IndexError):
        pass
    try:
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)
    except Exception:  # The process is gone, or the library fails.
        return 0.0
