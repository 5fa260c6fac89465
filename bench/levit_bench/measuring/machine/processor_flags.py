"""Instruction-set extensions of the processor, read from the system in a moment, without any library."""

from __future__ import annotations

import platform
import re
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_LINE = re.compile(r"^(?:flags|Features)\s*:\s*(.+)$", re.M)
_ARM = ("aarch64", "arm64")


def flags() -> frozenset[str] | None:
    """Names of the extensions as Linux lists them, such as `avx2` and `asimdhp`; None where the system lists none.

    None as well for an ARM process that an emulator shows the processor it runs on, whose extensions it cannot use.
    """
    try:
        text = _CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    line = _LINE.search(text)
    if line is None or (line[0].startswith("flags") and platform.machine() in _ARM):
        return None
    return frozenset(line[1].split())
