"""Forty shells and more: what of each reaches a worker, what is stored of it, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from levit_bench.errors import UsageError
from levit_bench.measuring.failure_reasons import reason_for
from levit_bench.measuring.session.observer import Silent
from levit_bench.measuring.session.run_findings import RunFindings
from levit_bench.measuring.workers import process_environment, shell
from levit_bench.records import Case, CaseLine, SeatInfo, Shell

from tests.house.plan import ROOT
from tests.house.test_evidence_names_nobody import PLACES
from tests.programs import output

NAMES = ("ada", "engine-7")
WANTED = shell.WANTED_VARIABLE
NEEDED = {
    "PATH": "/usr/bin:/home/ada/bin",
    "HOME": "/home/ada",
    "LANG": "de_DE.UTF-8",
    "LC_ALL": "C",
    "TMPDIR": "/tmp/x",
}


def stored(base: dict[str, str], for_all: str = "", threads: int = 1, allocator: str = "pinned") -> Shell:
    """What is kept of a shell."""
    workers = [process_environment.seat_environment(base, threads, allocator)]
    return shell.recorded(base, workers, for_all, NAMES)


def digest(value: str) -> str:
    """What is stored in place of a value."""
    return f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:8]}"


class Row(NamedTuple):
    """A shell, and what becomes of it."""

    given: dict[str, str]
    reaches: dict[str, str | None] = {}
    """What the worker gets under these names; None: it does not get them."""
    settings: dict[str, str] = {}
    """What is part of the setting."""
    dropped: tuple[str, ...] = ()
    """What the user is told of."""


def gone(name: str, value: str) -> Row:
    """A variable that changes times, and stays out."""
    return Row({name: value}, {name: None}, dropped=(name,))


SHELLS = {
    "plain": Row(NEEDED, dict(NEEDED)),
    "one-dnn-cache": gone("LRU_CACHE_CAPACITY", "0"),
    "arenas": gone("MALLOC_ARENA_MAX", "1"),
    "mmap-threshold": gone("MALLOC_MMAP_THRESHOLD_", "1000000"),
    "jemalloc-settings": gone("MALLOC_CONF", "background_thread:true"),
    "tunables": gone("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"),
    "tf32": gone("NVIDIA_TF32_OVERRIDE", "0"),
    "torch-jit": gone("PYTORCH_JIT", "0"),
    "cuda-allocator": gone("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True"),
    "torch-logs": gone("TORCH_LOGS", "+dynamo"),
    "inductor": gone("TORCHINDUCTOR_MAX_AUTOTUNE", "1"),
    "python-malloc": gone("PYTHONMALLOC", "debug"),
    "python-optimize": gone("PYTHONOPTIMIZE", "2"),
    "python-dev": gone("PYTHONDEVMODE", "1"),
    "tracemalloc": gone("PYTHONTRACEMALLOC", "5"),
    "python-jit": gone("PYTHON_JIT", "1"),
    "openblas": gone("OPENBLAS_CORETYPE", "Prescott"),
    "cuda-blocking": gone("CUDA_LAUNCH_BLOCKING", "1"),
    "cuda-lazy": gone("CUDA_MODULE_LOADING", "EAGER"),
    "cublas": gone("CUBLAS_WORKSPACE_CONFIG", ":4096:8"),
    "one-dnn-isa": gone("ONEDNN_MAX_CPU_ISA", "SSE41"),
    "dnnl": gone("DNNL_DEFAULT_FPMATH_MODE", "BF16"),
    "kmp": gone("KMP_BLOCKTIME", "0"),
    "omp-places": gone("OMP_PLACES", "cores"),
    "omp-threads-of-nobody": Row({"OMP_NUM_THREADS": "64"}, {"OMP_NUM_THREADS": "1"}, dropped=("OMP_NUM_THREADS",)),
    "omp-threads-as-asked": Row({"OMP_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": "1"}),
    "mkl": gone("MKL_ENABLE_INSTRUCTIONS", "SSE4_2"),
    "aten": gone("ATEN_CPU_CAPABILITY", "default"),
    "timm": gone("TIMM_FUSED_ATTN", "0"),
    "audit": gone("LD_AUDIT", "/opt/audit.so"),
    "bind-now": gone("LD_BIND_NOW", "1"),
    "dyld-framework": gone("DYLD_FRAMEWORK_PATH", "/opt"),
    "coverage": gone("COVERAGE_PROCESS_START", "/x/.coveragerc"),
    "images-of-containers": Row(
        {"CUDA_VERSION": "13", "PYTHON_VERSION": "3", "TORCH_CUDA_ARCH_LIST": "9.0", "NVIDIA_VISIBLE_DEVICES": "all"},
        {"CUDA_VERSION": None, "NVIDIA_VISIBLE_DEVICES": None},
    ),
    "desktop": Row({"TERM": "xterm", "SSH_AUTH_SOCK": "/run/x"}, {"TERM": None, "SSH_AUTH_SOCK": None}),
    "caches-and-proxies": Row(
        {"HTTPS_PROXY": "http://ada:secret@proxy", "no_proxy": "localhost", "TORCH_HOME": "/d", "HF_TOKEN": "hf_x"},
        {"HTTPS_PROXY": "http://ada:secret@proxy", "no_proxy": "localhost", "TORCH_HOME": "/d", "HF_TOKEN": "hf_x"},
    ),
    "no-bytecode": Row({"PYTHONDONTWRITEBYTECODE": "1"}, {"PYTHONDONTWRITEBYTECODE": "1"}),
    "environments": Row({"VIRTUAL_ENV": "/v", "CONDA_PREFIX": "/c"}, {"VIRTUAL_ENV": "/v", "CONDA_PREFIX": "/c"}),
    "gpus": Row(
        {"CUDA_VISIBLE_DEVICES": "GPU-8932f937", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"},
        {"CUDA_VISIBLE_DEVICES": "GPU-8932f937", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"},
    ),
    "preload-with-colons": Row(
        {"LD_PRELOAD": "/a/libjemalloc.so.2:/b/libgomp.so.1"},
        {"LD_PRELOAD": "/b/libgomp.so.1"}, {"LD_PRELOAD": "libgomp.so.1"}, ("LD_PRELOAD (libjemalloc.so.2)",),
    ),
    "preload-with-spaces": Row(
        {"LD_PRELOAD": "  libtcmalloc_minimal.so.4   /b/libgomp.so.1 /c/x.so"},
        {"LD_PRELOAD": "/b/libgomp.so.1:/c/x.so"}, {"LD_PRELOAD": "libgomp.so.1:x.so"},
        ("LD_PRELOAD (libtcmalloc_minimal.so.4)",),
    ),
    "preload-of-a-folder-called-malloc": Row(
        {"LD_PRELOAD": "/opt/malloc-tools/libfoo.so"},
        {"LD_PRELOAD": "/opt/malloc-tools/libfoo.so"}, {"LD_PRELOAD": "libfoo.so"},
    ),
    "preload-of-an-allocator-alone": Row(
        {"LD_PRELOAD": "libmimalloc.so:"}, {"LD_PRELOAD": None}, dropped=("LD_PRELOAD (libmimalloc.so)",)
    ),
    "preload-of-hoard": Row({"LD_PRELOAD": "libhoard.so"}, {"LD_PRELOAD": None}, dropped=("LD_PRELOAD (libhoard.so)",)),
    "preload-empty": Row({"LD_PRELOAD": ""}, {"LD_PRELOAD": None}),
    "library-path": Row(
        {"LD_LIBRARY_PATH": "/home/ada/lib"}, {"LD_LIBRARY_PATH": "/home/ada/lib"},
        {"LD_LIBRARY_PATH": digest("/home/ada/lib")},
    ),
    "library-path-empty": Row({"LD_LIBRARY_PATH": ""}, {"LD_LIBRARY_PATH": ""}),
    "compiler": Row(
        {"CXX": "ccache /usr/bin/clang++-18"}, {"CXX": "ccache /usr/bin/clang++-18"}, {"CXX": "ccache+clang++-18"}
    ),
    "named": Row({WANTED: "DEPTH, WIDTH", "DEPTH": "3", "WIDTH": ""}, {"DEPTH": "3"}, {"DEPTH": "3", "WIDTH": "empty"}),
    "named-that-changes-times": Row(
        {WANTED: "MALLOC_ARENA_MAX", "MALLOC_ARENA_MAX": "1"}, {"MALLOC_ARENA_MAX": "1"}, {"MALLOC_ARENA_MAX": "1"}
    ),
    "named-path": Row({WANTED: "IN", "IN": "/home/ada/x"}, {"IN": "/home/ada/x"}, {"IN": digest("/home/ada/x")}),
    "named-user": Row({WANTED: "WHO", "WHO": "ada"}, {"WHO": "ada"}, {"WHO": digest("ada")}),
    "named-with-a-user-in-a-word": Row({WANTED: "IN", "IN": "adam"}, {"IN": "adam"}, {"IN": "adam"}),
    "named-secret": Row({WANTED: "MY_TOKEN", "MY_TOKEN": "abc"}, {"MY_TOKEN": "abc"}, {"MY_TOKEN": digest("abc")[:-4]}),
    "named-key-by-its-looks": Row(
        {WANTED: "ID", "ID": "hf_AbCdEfGhIjKlMnOp12"}, {"ID": "hf_AbCdEfGhIjKlMnOp12"},
        {"ID": digest("hf_AbCdEfGhIjKlMnOp12")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SHELLS)
def test_of_each_shell_a_worker_gets_what_it_needs_and_the_rest_is_told(name: str) -> None:
    row = SHELLS[name]
    worker = process_environment.seat_environment(row.given, 1, "pinned")
    assert {one: worker.get(one) for one in row.reaches} == dict(row.reaches)
    found = stored(row.given)
    assert found.settings == row.settings
    assert found.dropped == row.dropped


@pytest.mark.parametrize("name", SHELLS)
def test_nothing_that_is_stored_of_a_shell_names_a_folder_a_user_or_a_secret(name: str) -> None:
    text = repr(stored(SHELLS[name].given))
    assert not PLACES.search(text)
    assert not any(word in text for word in ("secret", "/home", "'ada'", "hf_x", "AbCdEf", "'abc'"))


@pytest.mark.parametrize("name", SHELLS)
def test_everything_that_reaches_a_worker_is_stored_by_name_or_set_by_the_suite(name: str) -> None:
    given = SHELLS[name].given
    found = stored(given)
    told = {*found.passed, *found.settings, *shell.OWN}
    assert set(process_environment.seat_environment(given, 1, "pinned")) - told == set()
    telling = {one.partition(" ")[0] for one in found.dropped} | told
    assert {one for one in given if shell.changes_times(one) and given[one]} <= telling


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({WANTED: "OMP_NUM_THREADS", "OMP_NUM_THREADS": "4"}, "OMP_NUM_THREADS, which this suite .* .--threads"),
        ({WANTED: "LD_PRELOAD", "LD_PRELOAD": "libjemalloc.so"}, "LD_PRELOAD, which this suite sets itself"),
        ({WANTED: "MALLOC_TOP_PAD_", "MALLOC_TOP_PAD_": "1"}, "MALLOC_TOP_PAD_, which this suite .* .--allocator"),
        ({WANTED: "PYTHONHASHSEED", "PYTHONHASHSEED": "1"}, "PYTHONHASHSEED, which this suite sets itself. Leave"),
        ({WANTED: "NOWHERE"}, "names NOWHERE, which is not set here"),
        ({WANTED: "A=1", "A": "1"}, "'A=1', which is not a variable's name"),
    ],
)  # fmt: skip
def test_what_cannot_be_passed_is_refused_by_name(given: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        process_environment.seat_environment(given, 1, "pinned")


def test_libraries_that_the_system_loads_into_every_process_are_part_of_the_setting() -> None:
    found = stored({}, "/usr/lib/libjemalloc.so.2 # for speed\n/opt/x/libwatch.so:libtwo.so\n")
    assert found.settings == {"ld.so.preload": "libjemalloc.so.2:libwatch.so:libtwo.so"}
    assert found.text == "ld.so.preload=libjemalloc.so.2:libwatch.so:libtwo.so"
    assert (Shell().text, stored(NEEDED).text) == ("plain", "plain")


def test_findings_name_what_was_kept_out_and_what_reached_the_workers() -> None:
    out = shell.about(stored({"LRU_CACHE_CAPACITY": "0", "LD_PRELOAD": "libgomp.so.1", "LD_LIBRARY_PATH": "/x"}))
    assert [finding.kind for finding in out] == ["shell-dropped", "shell-passed"]
    assert "sets LRU_CACHE_CAPACITY, which can change times" in out[0].message
    assert out[1].message.startswith("LD_PRELOAD reached the workers")
    assert shell.about(stored(NEEDED)) == []
    many = {f"MALLOC_{number}": "1" for number in range(20)}
    assert "and 12 more" in shell.about(stored(many))[0].message


def test_a_variable_that_only_some_workers_get_is_told_of_all_the_same() -> None:
    base = {"OMP_NUM_THREADS": "2"}
    workers = [process_environment.seat_environment(base, threads, "pinned") for threads in (1, 2)]
    assert shell.recorded(base, workers, "", NAMES).dropped == ()
    assert shell.recorded(base, workers[:1], "", NAMES).dropped == ("OMP_NUM_THREADS",)


def test_a_network_that_misses_a_variable_is_told_how_to_get_it() -> None:
    with pytest.raises(KeyError) as caught:
        os.environ["NOT_SET_ANYWHERE"]
    assert "needs the environment variable NOT_SET_ANYWHERE, which workers do not get" in reason_for(caught.value)
    with pytest.raises(KeyError) as caught:
        dict[str, int]()["NOT_SET_ANYWHERE"]
    assert "environment" not in reason_for(caught.value)


_DESCRIBED = """
import json, os, sys
from levit_bench.measuring.workers.seat import Seat
from levit_bench.measuring.workers.messages import Describe
with Seat(1, sys.argv[1]) as seat:
    told = seat.ask(Describe(), 600)
    worker = open(f"/proc/{seat._process.pid}/environ", "rb").read().decode().split("\\0")
print(json.dumps({"malloc": told.malloc, "worker": dict(pair.split("=", 1) for pair in worker if pair)}))
"""


@pytest.mark.skipif(
    not process_environment.has_glibc() or not Path("/proc").exists(), reason="reads a worker's environment"
)
def test_a_real_worker_of_a_hostile_shell_starts_and_says_whose_memory_it_gets() -> None:
    hostile = {
        "LRU_CACHE_CAPACITY": "0", "MALLOC_ARENA_MAX": "1", "PYTHONMALLOC": "debug", "PYTHONOPTIMIZE": "2",
        "ATEN_CPU_CAPABILITY": "default", WANTED: "DEPTH", "DEPTH": "3", "PYTHONPATH": str(ROOT / "bench"),
    }  # fmt: skip
    told = json.loads(output([sys.executable, "-c", _DESCRIBED, "pinned"], env=hostile))
    assert told["malloc"].startswith("libc")
    assert told["worker"]["DEPTH"] == "3"
    assert told["worker"]["MALLOC_MMAP_MAX_"] == "0"
    assert not {"LRU_CACHE_CAPACITY", "MALLOC_ARENA_MAX", "PYTHONMALLOC", "PYTHONOPTIMIZE"} & set(told["worker"])


_ANOTHER = """
#include <stddef.h>
extern void *__libc_malloc(size_t size);
void *malloc(size_t size) { return __libc_malloc(size); }
"""


@pytest.mark.skipif(
    platform.system() != "Linux" or not process_environment.has_glibc(), reason="another malloc for glibc"
)
def test_an_allocator_is_recognised_by_what_a_process_uses_and_not_by_its_name(tmp_path: Path) -> None:
    source, library = tmp_path / "innocent.c", tmp_path / "libinnocent.so"
    source.write_text(_ANOTHER, encoding="ascii")
    try:
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True, capture_output=True, timeout=3600)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no C compiler")
    ask = [
        sys.executable,
        "-c",
        "from levit_bench.measuring.workers.allocator_library import provider; print(provider())",
    ]
    names = [output(ask, env=more).strip() for more in ({}, {"LD_PRELOAD": str(library)})]
    assert names[0].startswith("libc")
    assert names[1] == "libinnocent.so"
    assert not shell.is_allocator(str(library))


@pytest.mark.parametrize(
    ("malloc", "allocator", "expected"),
    [
        ("libc.so.6", "pinned", False),
        ("libc-2.31.so", "shipped", False),
        ("libjemalloc.so.2", "shipped", True),
        ("libinnocent.so", "pinned", True),
        ("python3.12", "pinned", True),
        ("libsystem_malloc.dylib", "n/a", False),
        (None, "pinned", False),
    ],
)
def test_a_worker_that_takes_its_memory_from_elsewhere_is_a_finding(
    malloc: str | None, allocator: str, expected: bool
) -> None:
    case = Case(network="n", resolution=8, allocator=allocator)
    seat = SeatInfo(
        seat=0, runtime="eager", threads=1, allocator=allocator, device="cpu", load_s=1.0, rss_bytes=1,
        cases=(case.id,), malloc=malloc,
    )  # fmt: skip
    found = RunFindings(Silent())
    found.seats_ready([seat], {case.id: CaseLine(id=case.id, case=case)})
    assert [finding.kind for finding in found.findings] == ["allocator-differs"] * expected
    assert all(malloc in finding.message for finding in found.findings if malloc)
