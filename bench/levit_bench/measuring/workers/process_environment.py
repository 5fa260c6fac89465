"""Environment variables of a worker process that set its threads and allocator.

They must be set before the process starts: glibc and OpenMP read them once. Which variables of the calling shell are
passed on is decided in `shell.py`.
"""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path

from levit_bench.errors import UsageError
from levit_bench.measuring.machine import probe
from levit_bench.measuring.workers.shell import passed, recorded
from levit_bench.records import Shell
from levit_bench.spelling import did_you_mean

ALLOCATORS = ("shipped", "pinned")

# Keeps every block on the heap and the heap with the process, so that no pass pays for page faults.
# glibc reads the older names in every version; `mallopt(3)` documents them.
_PINNED = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 62), "MALLOC_TOP_PAD_": str(64 << 20)}
# Some microseconds of OpenMP of GCC, a millisecond of that of LLVM and Intel: as fast as theirs on idle processors, and
# no slower on busy ones, where theirs can take twenty times as long.
_WAIT_BRIEFLY = {"GOMP_SPINCOUNT": "10000", "KMP_BLOCKTIME": "1"}
_LOADED_BY_ALL = "/etc/ld.so.preload"
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def has_glibc() -> bool:
    """Whether the C library is glibc, whose allocator is the only one that this suite can pin."""
    return platform.libc_ver()[0] == "glibc"


def default_allocator() -> str:
    """`pinned` where it can be had, else `n/a`."""
    return "pinned" if has_glibc() else "n/a"


def check_allocator(name: str) -> None:
    """Refuse an allocator setting that does not exist here.

    Raises:
        UsageError: naming those that do.
    """
    allocators = ALLOCATORS if has_glibc() else ("n/a",)
    if name not in allocators:
        here = "glibc is the C library here" if has_glibc() else "the C library here is not glibc"
        raise UsageError(
            f"unknown allocator {name!r}: {here}.{did_you_mean(name, allocators)} Choose from {', '.join(allocators)}."
        )


def seat_environment(base: Mapping[str, str], threads: int, allocator: str, *, timed: bool = True) -> dict[str, str]:
    """Environment of a worker process: the variables of `base` that it needs, with its threads and allocator.

    `shipped` therefore means glibc's own defaults even where the calling shell sets something else or preloads another
    allocator.

    Args:
        base: the calling shell's.
        threads: of an operator.
        allocator: one of `ALLOCATORS`, or `n/a`.
        timed: whether passes are timed there. Where they are not, waiting threads go to sleep soon: on a busy machine,
            threads that spin keep processors from the ones that they wait for.

    Raises:
        UsageError: the calling shell asks for a variable that cannot be passed.
    """
    out = passed(base)
    out.update(dict.fromkeys(_THREAD_VARIABLES, str(threads)))
    # Dynamic thread counts would change the number of threads without notice.
    out.update(OMP_DYNAMIC="FALSE", MKL_DYNAMIC="FALSE", PYTHONHASHSEED="0", PYTHONFAULTHANDLER="1", PYTHONUTF8="1")
    if allocator == "pinned":
        out.update(_PINNED)
    if not timed:
        out.update(_WAIT_BRIEFLY)
    return out


def shell(seats: Iterable[tuple[int, str]], base: Mapping[str, str] | None = None) -> Shell:
    """The record of the calling shell's variables that is stored with a session.

    Args:
        seats: threads and allocator of each.
        base: the shell's environment; by default this process's own.

    Raises:
        UsageError: it asks for a variable that cannot be passed.
    """
    here = dict(os.environ if base is None else base)
    workers = [seat_environment(here, threads, allocator) for threads, allocator in seats]
    for_all = probe.answer(lambda: Path(_LOADED_BY_ALL).read_text(encoding="utf-8", errors="replace"))
    host = probe.text(platform.node) or ""
    private_names = [name for name in (probe.text(getpass.getuser), host, host.partition(".")[0]) if name]
    return recorded(here, workers, for_all if isinstance(for_all, str) else "", private_names)
