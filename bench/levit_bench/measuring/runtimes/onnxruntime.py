"""ONNX Runtime on a processor: the network exported by torch, optimised by the engine when it is loaded.

Threads of one operator are those of the case; operators run one after the other. Idle threads spin for a while before
they sleep, as shipped. Of number formats there is fp32 alone: the processor's kernels for others convert to it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import psutil

from levit_bench.errors import one_line
from levit_bench.measuring.loaded_network import InProcess
from levit_bench.measuring.runtimes import onnx_file, requirements
from levit_bench.measuring.runtimes.facts import Facts
from levit_bench.records import Case

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import nn

    from levit_bench.measuring.model_files.description import ModelDescription

_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""Environment variable that the library reads."""
FACTS = Facts(
    about="Microsoft's engine, on what torch exports as ONNX",
    devices=("cpu",),
    precisions=("fp32",),
    artifact_of=("batch",),
    making_s=6.0,
    own_threads=True,
    distribution="onnxruntime",
    model_files=("onnx",),
    missing=lambda: requirements.packages("onnx", "onnxruntime", "onnx", "onnxscript"),
)
_PROVIDER = "CPUExecutionProvider"
_PLACE = re.compile(r"\S+\.(?:cc|h):\d+ [^)]*\)(?: const)?\s*")
"""Where in its own source the engine's message comes from."""
_threads_seen: list[int] = []


def unavailable() -> str | None:
    """Why it cannot run here, or None."""
    return FACTS.missing()


def prepare(case: Case, network: nn.Module, example: torch.Tensor, folder: Path) -> Path:
    """Export the network. The engine optimises it on loading, by threads and processor, which takes little time."""
    return onnx_file.export(network, example, folder)


def load(case: Case, artifact: Path) -> InProcess:
    """A session of the engine, with the threads of the case.

    Raises:
        ValueError: the case is for a number format that it does not compute in.
    """
    if case.precision != "fp32":
        raise ValueError(f"ONNX Runtime computes in fp32 on a processor, not in {case.precision}")
    return InProcess(_passes_of(_session(artifact, case.threads), onnx_file.INPUT, (onnx_file.OUTPUT,)))


def open_file(case: Case, model: Path, description: ModelDescription) -> InProcess:
    """A session of the engine on a user's model. Axes of its input that have names are set to the case's sizes.

    Every output is computed and fetched; the one that is checked is returned.

    Raises:
        ValueError: the engine refuses the model, with its reason.
    """
    sizes = description.sizes(case.batch, case.shape)
    named = {name: size for name, size in zip(description.symbols, sizes, strict=False) if name}
    try:
        session = _session(model, case.threads, named)
    except Exception as error:  # The engine's errors have no class in common.
        reason = _PLACE.sub("", str(error).partition(" failed:")[2] or str(error))
        raise ValueError(f"ONNX Runtime cannot load it: {one_line(reason)[:200]}") from error
    outputs = tuple(output.name for output in session.get_outputs())
    return InProcess(_passes_of(session, description.input, outputs, description.logits))


def _session(model: Path, threads: int, sizes: Mapping[str, int] | None = None) -> Any:  # noqa: ANN401 (it has no types)
    """A session with that many threads.

    Args:
        model: the file.
        threads: of an operator.
        sizes: of axes that have a name instead of a size.
    """
    onnxruntime = _onnxruntime()
    options = onnxruntime.SessionOptions()
    for name, size in (sizes or {}).items():
        options.add_free_dimension_override_by_name(name, size)
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    before = _threads_now()
    session = onnxruntime.InferenceSession(str(model), options, providers=[_PROVIDER])
    after = _threads_now()
    # Its pool starts with the session; the thread that calls works, too.
    _threads_seen.append(threads if before is None or after is None else 1 + after - before)
    return session


def threads() -> int:
    """Threads that a session was seen to start, and the one that calls it."""
    return max(_threads_seen, default=1)


def versions() -> dict[str, str]:
    """The engine and the settings that it was given."""
    import onnx

    return {
        "onnxruntime": str(_onnxruntime().__version__),
        "onnx": onnx.__version__,
        "provider": _PROVIDER,
        "graph_optimization": "all",
        "execution": "sequential",
        "inter_op_threads": "1",
        "spinning": "as shipped",
    }


def _threads_now() -> int | None:
    """Threads of this process; None where the system does not say."""
    try:
        return int(psutil.Process().num_threads())
    except Exception:  # A library that fails must not fail the case.
        return None


def _onnxruntime() -> ModuleType:
    """The engine without its telemetry, which starts a thread and talks to the network unless it is told not to."""
    before = os.environ.get(_TELEMETRY)
    os.environ[_TELEMETRY] = "1"  # Read when the library is loaded, and of no use to anybody afterwards.
    try:
        import onnxruntime
    finally:
        if before is None:
            del os.environ[_TELEMETRY]
        else:
            os.environ[_TELEMETRY] = before
    module: ModuleType = onnxruntime
    return module


def _passes_of(session: Any, name: str, outputs: Sequence[str], logits: int = 0) -> Any:  # noqa: ANN401 (no types)
    """What makes a pass.

    Args:
        session: of the engine.
        name: of its input.
        outputs: names of those that are computed.
        logits: the place of the one that is returned.
    """
    import torch

    names = list(outputs)

    def run(images: torch.Tensor) -> torch.Tensor:
        arrays: list[np.ndarray] = session.run(names, {name: images.numpy()})
        return torch.from_numpy(arrays[logits])

    return run
