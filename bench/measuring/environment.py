"""What fixes a seat before its libraries load: threads and allocator, as environment variables.

Refuses to know which case runs there. Everything here must be set before the process starts: glibc and OpenMP read
these variables once.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

from bench.errors import UsageError

ALLOCATORS = ("shipped", "pinned")

# Keeps every block on the heap and the heap with the process, so that no pass pays for page faults.
# glibc reads the older names in every version; `mallopt(3)` documents them.
_PINNED = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 62), "MALLOC_TOP_PAD_": str(64 << 20)}
# Settings of the calling shell that would change what is timed without being recorded.
_FOREIGN = (
    "MALLOC_", "GLIBC_TUNABLES", "OMP_", "GOMP_", "KMP_", "MKL_", "DNNL_", "ONEDNN_", "ATEN_", "ORT_", "OPENVINO_",
    "OV_", "TORCHDYNAMO_", "TORCHINDUCTOR_", "TORCH_COMPILE_",
)  # fmt: skip
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def has_glibc() -> bool:
    """Whether the allocator is glibc's, which is the only one this suite knows how to pin."""
    return platform.libc_ver()[0] == "glibc"


def default_allocator() -> str:
    """`pinned` where it can be had, else `n/a`."""
    return "pinned" if has_glibc() else "n/a"


def check_allocator(name: str) -> None:
    """Refuse an allocator setting that does not exist here.

    Raises:
        UsageError: naming those that do.
    """
    known = ALLOCATORS if has_glibc() else ("n/a",)
    if name not in known:
        here = "glibc is the C library here" if has_glibc() else "the C library here is not glibc"
        raise UsageError(f"unknown allocator {name!r}: {here}. Choose from {', '.join(known)}.")


def seat_environment(base: Mapping[str, str], threads: int, allocator: str) -> dict[str, str]:
    """Environment of a seat: `base` without foreign settings of allocator, threads and kernels, with those asked for.

    `shipped` therefore means glibc's own defaults even where the calling shell sets something else or preloads another
    allocator.
    """
    out = {k: v for k, v in base.items() if not k.startswith(_FOREIGN)}
    preload = [part for part in out.pop("LD_PRELOAD", "").split() if "malloc" not in part]
    if preload:
        out["LD_PRELOAD"] = " ".join(preload)
    out.update(dict.fromkeys(_THREAD_VARIABLES, str(threads)))
    # Dynamic thread counts and nested teams would change the number of threads behind our back.
    out.update(OMP_DYNAMIC="FALSE", MKL_DYNAMIC="FALSE", PYTHONHASHSEED="0", PYTHONFAULTHANDLER="1", PYTHONUTF8="1")
    if allocator == "pinned":
        out.update(_PINNED)
    return out


def allowed_processors() -> tuple[int, ...] | None:
    """Processors this process may run on; None where the system does not say."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    return tuple(sorted(os.sched_getaffinity(0)))


def own_processors(stream: int, threads: int) -> tuple[int, ...] | None:
    """Processors that one of several streams has to itself: whole cores first, then what shares a core with another.

    Args:
        stream: which one, from 0.
        threads: of each stream.

    None where processes cannot be bound, or where there are too few.
    """
    allowed = allowed_processors()
    if allowed is None:
        return None
    taken: dict[str, int] = {}
    ranks = []
    for number in allowed:
        core = _siblings(number)
        ranks.append((taken.setdefault(core, 0), number))
        taken[core] += 1
    ordered = [number for _, number in sorted(ranks)]
    own = tuple(sorted(ordered[stream * threads : (stream + 1) * threads]))
    return own if len(own) == threads else None


def _siblings(processor: int) -> str:
    """The processors of the same core, as the system writes them; the processor itself where it does not say."""
    told = Path(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list")
    try:
        return told.read_text(encoding="ascii").strip()
    except OSError:
        return str(processor)


def usable_processors() -> int:
    """How many processors this process may use at once."""
    allowed = allowed_processors()
    return len(allowed) if allowed else os.cpu_count() or 1
