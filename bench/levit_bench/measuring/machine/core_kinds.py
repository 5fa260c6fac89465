"""Kinds of cores: which processors are fast ones and which are slow ones, where a machine has both.

Pure but for reading files below the root it is given. Intel's hybrids have a performance counter for each kind of core,
which names its processors; ARM's kernel gives each processor a capacity; elsewhere the cores' own numbers tell them
apart, but not which is faster. Sources: the kernel's `Documentation/ABI/testing/sysfs-devices-system-cpu`
(cpu_capacity) and `arch/x86/events/intel/core.c` (the devices cpu_core, cpu_atom and cpu_lowpower).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from levit_bench.measuring.machine import arm_cores
from levit_bench.records import CoreKind

_INTELS = ("cpu_core", "cpu_atom", "cpu_lowpower")
_MOST = 1 << 16
"""Largest processor number that a list may hold."""


def kinds(root: Path, cpuinfo: str) -> tuple[frozenset[int], ...]:
    """Processors of each kind of core, the fastest kind first; empty where all are alike, or the system does not say.

    Args:
        root: folder in which `sys` lies; `/` outside of tests.
        cpuinfo: text of /proc/cpuinfo.
    """
    groups = _by_counter(root) or _by_capacity(root) or _by_number(cpuinfo)
    return groups if len(groups) > 1 else ()


def counted(groups: Sequence[Collection[int]], allowed: Collection[int] | None) -> tuple[CoreKind, ...]:
    """Of each kind, how many processors are allowed and how many there are; all are where `allowed` is None."""
    usable = [group if allowed is None else set(group) & set(allowed) for group in groups]
    return tuple(
        CoreKind(usable=len(usable_group), there=len(group)) for usable_group, group in zip(usable, groups, strict=True)
    )


def processors(text: str) -> frozenset[int]:
    """The numbers of a kernel's list, such as `0-3,8,10-11`.

    Raises:
        ValueError: the text is not such a list.
    """
    out: set[int] = set()
    for part in text.strip().split(","):
        first, _, last = part.strip().partition("-")
        if first:
            low, high = int(first), int(last or first)
            if not 0 <= low <= high < _MOST:
                raise ValueError(f"invalid range of processors {part!r}")
            out.update(range(low, high + 1))
    return frozenset(out)


def _by_counter(root: Path) -> tuple[frozenset[int], ...]:
    listed = (_list(root / "sys/devices" / name / "cpus") for name in _INTELS)
    return tuple(group for group in listed if group)


def _by_capacity(root: Path) -> tuple[frozenset[int], ...]:
    capacities: dict[int, set[int]] = {}
    for file in (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpu_capacity"):
        number, capacity = file.parent.name.removeprefix("cpu"), _read(file)
        if number.isdigit() and capacity is not None and capacity.isdigit():
            capacities.setdefault(int(capacity), set()).add(int(number))
    return tuple(frozenset(capacities[level]) for level in sorted(capacities, reverse=True))


def _by_number(cpuinfo: str) -> tuple[frozenset[int], ...]:
    """ARM cores by implementer and part; larger parts of one maker are newer or larger cores, which is all that is
    known.
    """
    cores: dict[tuple[int, int], set[int]] = {}
    for number, core in enumerate(arm_cores.numbers(cpuinfo)):
        cores.setdefault(core, set()).add(number)
    return tuple(frozenset(cores[core]) for core in sorted(cores, reverse=True))


def _list(file: Path) -> frozenset[int]:
    try:
        return processors(_read(file) or "")
    except ValueError:
        return frozenset()


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None
