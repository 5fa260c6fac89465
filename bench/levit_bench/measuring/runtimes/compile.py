"""Compiled PyTorch: inductor, with the weights frozen into what it generates, ahead of time.

One package (AOTInductor) is compiled a session and loaded in every run. `torch.compile` in each process would spend
tens of seconds of every run, and torch does not cache what it compiles with frozen weights; the kernels are the same.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from levit_bench.errors import one_line
from levit_bench.measuring import devices
from levit_bench.measuring.loaded_network import Loaded
from levit_bench.measuring.runtimes import eager, requirements
from levit_bench.measuring.runtimes.eager import threads
from levit_bench.measuring.runtimes.facts import Facts
from levit_bench.measuring.runtimes.quiet_export import without_warnings
from levit_bench.records import Case

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = ["FACTS", "load", "prepare", "threads", "unavailable", "versions"]

FACTS = Facts(
    about="compiled ahead of time by inductor",
    devices=("cpu", "cuda"),
    artifact_of=("batch", "threads"),
    making_s=45.0,
    model_files=("exported",),
    missing=requirements.compiler,
)
_TRIAL = "#include <omp.h>\nint main() { return omp_get_max_threads() < 1; }\n"
_PATIENCE_S = 60.0


def unavailable() -> str | None:
    """Why it cannot run here, or None: a compiler must be there, and compile a program with threads."""
    return requirements.compiler() or _trial()


def prepare(case: Case, network: nn.Module, example: torch.Tensor, folder: Path) -> Path:
    """Capture the network for this batch, compile it for these threads, and store all of it in one file.

    No file is left outside the session's folder, and none is used from an earlier session.

    Raises:
        ValueError: torch cannot capture it, with the reason.
    """
    import torch

    placed = devices.get(case.device).hold(network, case.precision).place(example)
    with torch.no_grad(), without_warnings(), _fresh_cache(folder), _threads(case.threads):
        network(placed)  # Values that it caches in its first pass are there, as in every later pass.
        try:
            captured = torch.export.export(network, (placed,))
        except Exception as error:  # The network's code may raise any exception in torch's tracer.
            raise ValueError(f"torch.export cannot capture it: {one_line(str(error))[:200]}") from error
        packed = torch._inductor.aoti_compile_and_package(
            captured, package_path=str(folder / "compiled.pt2"), inductor_configs=_settings(case)
        )
    return Path(packed)


def load(case: Case, artifact: Path) -> Loaded:
    """The package, ready to run. Its unpacked copy stays within the session's folder."""
    with without_warnings(), _temporary_files_in(artifact.parent):
        return devices.get(case.device).hold(_package(artifact), case.precision)


def _package(artifact: Path) -> nn.Module:
    """A compiled package as a module that a device can hold; its weights are where they were compiled for."""
    import torch

    class Package(torch.nn.Module):
        """Calls the compiled package."""

        def __init__(self) -> None:
            super().__init__()
            self._compiled = torch._inductor.aoti_load_package(str(artifact))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            output: torch.Tensor = self._compiled(images)
            return output

    return Package()


def versions() -> dict[str, str]:
    """Versions of torch and of the compiler."""
    from torch._inductor.cpu_vec_isa import pick_vec_isa

    return eager.versions() | {"compiler": _compiler_version(), "vectors": str(pick_vec_isa()), "freezing": "True"}


def _fresh_cache(folder: Path) -> AbstractContextManager[Any]:
    """Keeps what inductor writes in this folder; up to torch 2.7 the function had another name."""
    from torch._inductor import utils

    fresh = getattr(utils, "fresh_cache", None) or utils.fresh_inductor_cache
    context: AbstractContextManager[Any] = fresh(dir=str(folder))
    return context


def _settings(case: Case) -> dict[str, Any]:
    """Settings of inductor that differ from its defaults. It writes the number of threads into the code.

    Compiled headers would stay in a folder that sessions share; they save a second a network, and no pass is faster.
    Torch up to 2.7 compiles none.
    """
    from torch._inductor import config

    compiles_headers = hasattr(config.aot_inductor, "precompile_headers")
    return {
        "freezing": True,
        "cpp.threads": case.threads,
        "compile_threads": 1,
        **({"aot_inductor.precompile_headers": False} if compiles_headers else {}),
    }


def _trial() -> str | None:
    """Compile a small program as inductor will compile a large one."""
    with tempfile.TemporaryDirectory() as folder:
        command = [_compiler(), "-fopenmp", "-x", "c++", "-", "-o", str(Path(folder, "trial"))]
        try:
            result = subprocess.run(
                command, input=_TRIAL, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"the C++ compiler {command[0]} does not work: {one_line(str(error))}"
    if result.returncode == 0:
        return None
    message = one_line(result.stderr)[:160] or f"exit code {result.returncode}"
    return (
        f"the C++ compiler {command[0]} cannot compile a program with OpenMP ({message}): install its library for that"
    )


def _compiler() -> str:
    from torch._inductor.cpp_builder import get_cpp_compiler

    return str(get_cpp_compiler())


def _compiler_version() -> str:
    result = subprocess.run(
        [_compiler(), "--version"], capture_output=True, text=True, timeout=_PATIENCE_S, check=False
    )
    return (result.stdout.splitlines() or ["unknown"])[0]


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Set the number of threads of the passes: oneDNN packs weights for the threads that are set while it freezes them,
    and packs them again in every pass with another number. EfficientNet-B1 took five times as long.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Let torch unpack into this folder: a killed process does not clean up, but the session's folder is removed."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
