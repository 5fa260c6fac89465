"""CPU affinity: the processors that this process may run on, and those that a worker process has to itself."""

from __future__ import annotations

import os
from pathlib import Path

from levit_bench.measuring.machine import cgroups, probe


def allowed_processors() -> tuple[int, ...] | None:
    """Processors this process may run on; None where the system does not say."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    return tuple(sorted(os.sched_getaffinity(0)))


def own_processors(stream: int, threads: int) -> tuple[int, ...] | None:
    """Processors that one of several streams has to itself: whole cores first, then siblings on the same core.

    Args:
        stream: which one, from 0.
        threads: of each stream.

    None where processes cannot be bound, or where there are too few.
    """
    allowed = allowed_processors()
    if allowed is None:
        return None
    processors_of_core: dict[str, int] = {}
    ranks = []
    for number in allowed:
        core = _siblings(number)
        ranks.append((processors_of_core.setdefault(core, 0), number))
        processors_of_core[core] += 1
    ordered = [number for _, number in sorted(ranks)]
    own = tuple(sorted(ordered[stream * threads : (stream + 1) * threads]))
    return own if len(own) == threads else None


def _siblings(processor: int) -> str:
    """The processors of the same core, as the system writes them; the processor itself where it does not say."""
    file = Path(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list")
    try:
        return file.read_text(encoding="ascii").strip()
    except OSError:
        return str(processor)


def usable_processors() -> int:
    """How many processors this process may use at once: whole ones, where a quota of control groups gives it fewer."""
    allowed = allowed_processors()
    there = len(allowed) if allowed else os.cpu_count() or 1
    quota = probe.number(lambda: cgroups.cpu_quota(Path("/")), 0, 1 << 16)
    return there if quota is None else max(1, min(there, int(quota)))
