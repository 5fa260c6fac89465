"""What is fixed before a seat starts, and that it takes effect in a real process."""

from __future__ import annotations

import subprocess
import sys

import pytest
from levit_bench.errors import UsageError
from levit_bench.measuring.workers import process_environment


def test_a_seat_gets_its_threads_and_nobody_elses_allocator() -> None:
    base = {"PATH": "/bin", "MALLOC_ARENA_MAX": "1", "GLIBC_TUNABLES": "glibc.malloc.check=3", "OMP_NUM_THREADS": "64"}
    base |= {"OMP_THREAD_LIMIT": "1", "ONEDNN_DEFAULT_FPMATH_MODE": "BF16", "ATEN_CPU_CAPABILITY": "default"}
    base |= {"LD_PRELOAD": "/usr/lib/libjemalloc.so.2 /usr/lib/libgomp.so.1"}
    shipped = process_environment.seat_environment(base, 2, "shipped")
    assert shipped["OMP_NUM_THREADS"] == shipped["MKL_NUM_THREADS"] == "2"
    assert shipped["PATH"] == "/bin"
    assert shipped["LD_PRELOAD"] == "/usr/lib/libgomp.so.1"
    assert not {"OMP_THREAD_LIMIT", "ONEDNN_DEFAULT_FPMATH_MODE", "ATEN_CPU_CAPABILITY"} & set(shipped)
    assert not {name for name in shipped if name.startswith("MALLOC_") or name == "GLIBC_TUNABLES"}
    pinned = process_environment.seat_environment(base, 2, "pinned")
    assert {name for name in pinned if name.startswith("MALLOC_")} == set(process_environment._PINNED)
    assert "GOMP_SPINCOUNT" not in pinned, "how threads wait is part of what is timed"
    assert (
        process_environment.seat_environment(base, 2, "pinned", timed=False)
        == pinned | process_environment._WAIT_BRIEFLY
    )


def test_only_allocators_that_exist_here_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_environment, "has_glibc", lambda: True)
    process_environment.check_allocator("pinned")
    assert process_environment.default_allocator() == "pinned"
    with pytest.raises(UsageError, match=r"unknown allocator 'n/a'.*shipped, pinned"):
        process_environment.check_allocator("n/a")
    monkeypatch.setattr(process_environment, "has_glibc", lambda: False)
    process_environment.check_allocator("n/a")
    assert process_environment.default_allocator() == "n/a"
    with pytest.raises(UsageError, match=r"unknown allocator 'pinned'.*not glibc"):
        process_environment.check_allocator("pinned")


_CHURN = """
import ctypes, resource
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
def churn():
    block = libc.malloc(48 << 20)
    ctypes.memset(block, 1, 48 << 20)
    libc.free(block)
churn()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20): churn()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not process_environment.has_glibc(), reason="only glibc's allocator can be pinned")
def test_a_pinned_process_takes_no_page_faults_where_a_shipped_one_takes_thousands() -> None:
    import os

    faults = {
        name: int(
            subprocess.run(
                [sys.executable, "-c", _CHURN],
                env=process_environment.seat_environment(os.environ, 1, name),
                capture_output=True, text=True, check=True,
            ).stdout
        )
        for name in ("shipped", "pinned")
    }  # fmt: skip
    assert faults["pinned"] < 50
    assert faults["shipped"] > 10_000
