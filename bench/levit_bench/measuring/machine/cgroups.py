"""Limits that Linux's control groups set to a process: processors' worth of time, and memory.

Pure but for reading files below the root it is given. A limit holds for a group and all below it, so the smallest one
along the path counts, in version 1 and version 2 of control groups and where both are mounted. Sources: the kernel's
`Documentation/admin-guide/cgroup-v2.rst` (cpu.max, memory.max), `Documentation/scheduler/sched-bwc.rst`
(cpu.cfs_quota_us) and `Documentation/admin-guide/cgroup-v1/memory.rst`; `proc_pid_mountinfo(5)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

_UNLIMITED_BYTES = 1 << 60
"""Version 1 writes the largest number of pages for no limit."""


class _Mount(NamedTuple):
    """A hierarchy of control groups that can be seen."""

    root: PurePosixPath
    """Group that its topmost folder is."""
    point: Path
    """That folder."""
    controllers: frozenset[str]
    """What it controls; empty for version 2, which may control anything."""


def cpu_quota(root: Path) -> float | None:
    """Processors' worth of time that the process may use; None without a limit, or where the system does not say."""
    return min(_limits(root, "cpu", _quota), default=None)


def memory_limit(root: Path) -> int | None:
    """Bytes of memory that the process may use; None without a limit, or where the system does not say."""
    lowest = min(_limits(root, "memory", _memory), default=None)
    return None if lowest is None else int(lowest)


def _limits(root: Path, controller: str, limit_in: Callable[[Path], float | None]) -> Iterator[float]:
    """Every limit along the paths of a process's groups, from its own up to the topmost that can be seen."""
    mounts = _mounts(root)
    for controllers, path in _groups(root):
        for mount in mounts:
            first = controller in controllers and controllers <= mount.controllers
            second = not controllers and not mount.controllers
            if not (first or second):
                continue
            for folder in _folders(mount, path):
                limit = limit_in(folder)
                if limit is not None:
                    yield limit


def _groups(root: Path) -> Iterator[tuple[frozenset[str], PurePosixPath]]:
    """Controllers and path of each group the process is in; version 2 names none."""
    for line in _lines(root / "proc/self/cgroup"):
        parts = line.split(":", 2)
        if len(parts) == 3 and not parts[1].startswith("name="):
            yield frozenset(filter(None, parts[1].split(","))), PurePosixPath(parts[2] or "/")


def _mounts(root: Path) -> list[_Mount]:
    """The hierarchies that are mounted, by the fields before and after the dash of a line of mountinfo."""
    out = []
    for line in _lines(root / "proc/self/mountinfo"):
        before, dash, after = line.partition(" - ")
        left, right = before.split(), after.split()
        if not dash or len(left) < 5 or len(right) < 3 or right[0] not in ("cgroup", "cgroup2"):
            continue
        options = frozenset(right[2].split(",")) if right[0] == "cgroup" else frozenset[str]()
        point = root / _plain(left[4]).lstrip("/")
        out.append(_Mount(PurePosixPath(_plain(left[3])), point, options))
    return out


def _folders(mount: _Mount, path: PurePosixPath) -> Iterator[Path]:
    """Folders of a group and of all above it. In a container the path may begin above what is mounted."""
    try:
        below = path.relative_to(mount.root)
    except ValueError:
        below = PurePosixPath(".")
    if ".." in below.parts:
        below = PurePosixPath(".")
    for relative in (below, *below.parents):
        yield mount.point / relative


def _quota(folder: Path) -> float | None:
    text = _read(folder / "cpu.max")
    if text is not None:
        quota, _, period = text.partition(" ")
        return _share(quota, period or "100000")
    return _share(_read(folder / "cpu.cfs_quota_us") or "", _read(folder / "cpu.cfs_period_us") or "")


def _share(quota: str, period: str) -> float | None:
    """Microseconds of each period as processors; `max` and -1 are no limit."""
    if not (quota.isascii() and quota.isdigit() and period.isascii() and period.isdigit()):
        return None
    quota_us, period_us = int(quota), int(period)
    return quota_us / period_us if quota_us > 0 and period_us > 0 else None


def _memory(folder: Path) -> float | None:
    texts = (_read(folder / name) for name in ("memory.max", "memory.limit_in_bytes"))
    text = next((text for text in texts if text is not None), "")
    if not (text.isascii() and text.isdigit()):
        return None
    return int(text) if 0 < int(text) < _UNLIMITED_BYTES else None


def _plain(path: str) -> str:
    """A path of mountinfo, which writes a space as an octal number behind a backslash."""
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), path)


def _lines(file: Path) -> list[str]:
    return (_read(file) or "").splitlines()


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except (OSError, ValueError):  # ValueError: a path with a null character.
        return None
