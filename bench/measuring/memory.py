"""Memory of this process, as the system tells it.

Refuses to know what fills it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path


def resident_bytes() -> int:
    """Resident memory now."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def peak_bytes() -> int | None:
    """Most resident memory so far; None where the system does not say.

    Asked of /proc where there is one: what getrusage tells there is never less than what the parent held when it
    started this process.
    """
    if sys.platform == "win32":
        return None
    try:
        told = re.search(r"^VmHWM:\s*(\d+) kB$", Path("/proc/self/status").read_text(encoding="ascii"), re.M)
    except OSError:
        told = None
    if told is not None:
        return int(told[1]) * 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most) if sys.platform == "darwin" else int(most) * 1024
