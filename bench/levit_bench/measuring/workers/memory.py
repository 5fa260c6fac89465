"""Memory of this process, as the system tells it.

Refuses to know what fills it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_PEAK = re.compile(rb"^VmHWM:\s+(\d+) kB$", re.M)
_NOW = re.compile(rb"^VmRSS:\s+(\d+) kB$", re.M)


def resident_bytes() -> int:
    """Resident memory now; zero where nobody says."""
    try:
        import psutil

        return int(psutil.Process().memory_info().rss)
    except Exception:  # A library that fails must not cost the case.
        return _told(_NOW) or 0


def peak_bytes() -> int | None:
    """Most resident memory so far; None where the system does not say.

    On Linux not from `getrusage`: its maximum outlives `exec`, so that a small child of a large parent, such as a
    notebook's, is told its parent's peak for its own.
    """
    if sys.platform not in ("linux", "win32"):
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return int(most) if sys.platform == "darwin" else int(most) * 1024
    return _told(_PEAK)


def _told(line: re.Pattern[bytes]) -> int | None:
    """What Linux tells of this program; None where there is no such file or line."""
    try:
        found = line.search(_STATUS.read_bytes())
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
