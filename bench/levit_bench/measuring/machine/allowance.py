"""How much of the machine a process may use, and findings about it.

Reads affinity masks, quotas of control groups and kinds of cores; changes none of them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from levit_bench.measuring.machine import cgroups, core_kinds, probe
from levit_bench.measuring.machine.processors import allowed_processors
from levit_bench.records import Allowance, CoreKind, Finding

_ROOT = Path("/")
_MOST_BYTES = 1 << 60


def allowance(root: Path = _ROOT) -> Allowance:
    """Processors, quota and memory that this process and its workers may use; absent where the system does not say.

    Args:
        root: folder in which `proc` and `sys` lie; another one in tests.
    """
    answer = probe.answer(allowed_processors)
    allowed = answer if isinstance(answer, tuple) else None
    return Allowance(
        processors=None if allowed is None else len(allowed),
        core_kinds=_kinds(root, allowed),
        cpu_quota=probe.number(lambda: cgroups.cpu_quota(root), 1e-6, 1 << 16),
        memory_bytes=probe.whole(lambda: cgroups.memory_limit(root), 1, _MOST_BYTES),
    )


def _kinds(root: Path, allowed: Collection[int] | None) -> tuple[CoreKind, ...]:
    if sys.platform == "darwin":
        counts = probe.answer(_of_apple)
        return (
            tuple(CoreKind(usable=count, there=count) for count in counts)
            if isinstance(counts, list) and len(counts) > 1
            else ()
        )
    groups = probe.answer(lambda: core_kinds.kinds(root, _cpuinfo(root)))
    return core_kinds.counted(groups, allowed) if isinstance(groups, tuple) else ()


def _cpuinfo(root: Path) -> str:
    return (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")


def _of_apple() -> list[int]:
    """Processors of each level of performance, the highest first."""
    levels = int(_sysctl("hw.nperflevels"))
    return [int(_sysctl(f"hw.perflevel{level}.logicalcpu")) for level in range(levels)]


def _sysctl(name: str) -> str:
    command = ["/usr/sbin/sysctl", "-n", name]
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout


def about_threads(threads: int, allowed: Allowance, usable: int) -> list[Finding]:
    """A finding when more threads are asked for than can run at once.

    Args:
        threads: the largest number of any case.
        allowed: what may be used.
        usable: processors to count where `allowed` is empty.
    """
    room = allowed.room() or usable
    if threads <= room:
        return []
    quota = allowed.cpu_quota
    if quota is not None and quota <= room:
        limit = f"a quota of control groups gives {quota:g} processors' worth of time"
        effect = "The system stops all threads for the rest of a period when that is used up, which is in their times"
    else:
        limit = f"{room:g} processors can be used"
        effect = "The threads take turns on them, which is slower than fewer threads"
    hint = "Raise the quota" if quota is not None and quota < 1 else "Choose at most that many"
    message = (
        f"{threads} thread{' was' if threads == 1 else 's were'} asked for and {limit}. {effect}. {hint} unless this "
        "is what you want to know."
    )
    return [Finding(kind="threads-exceed-cores", message=message)]


def about_kinds(allowed: Allowance, *, bound: bool) -> list[Finding]:
    """A finding where the scheduler may run passes on fast cores and on slow ones."""
    usable = [kind.usable for kind in allowed.core_kinds if kind.usable]
    if len(usable) < 2 or bound:
        return []
    message = (
        f"the processors that can be used are of {len(usable)} kinds ({' + '.join(map(str, usable))}, the fastest "
        "first), and the system decides from moment to moment which of them runs a pass: times are of a mixture. Start "
        "this command on one kind, such as with taskset, and such sessions are kept apart from others."
    )
    return [Finding(kind="cores-differ", message=message)]
