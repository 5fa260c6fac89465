"""Resident memory of this process, as the system reports it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_PEAK = re.compile(rb"^VmHWM:\s+(\d+) kB$", re.M)
_NOW = re.compile(rb"^VmRSS:\s+(\d+) kB$", re.M)


def resident_bytes() -> int:
    """Resident memory now; zero where the system does not say."""
    try:
        import psutil

        return int(psutil.Process().memory_info().rss)
    except Exception:  # A library that fails must not fail the case.
        return _status_bytes(_NOW) or 0


def peak_bytes() -> int | None:
    """Most resident memory so far; None where the system does not say.

    On Linux not from `getrusage`: its maximum outlives `exec`, so that a small child of a large parent, such as a
    notebook, would report its parent's peak.
    """
    if sys.platform not in ("linux", "win32"):
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return int(most) if sys.platform == "darwin" else int(most) * 1024
    return _status_bytes(_PEAK)


def _status_bytes(line: re.Pattern[bytes]) -> int | None:
    """Bytes in a line of /proc/self/status; None where the file or the line is missing."""
    try:
        entry = line.search(_STATUS.read_bytes())
    except OSError:
        return None
    return int(entry[1]) * 1024 if entry else None
