"""OpenVINO on a processor: the network exported by torch, compiled by the engine when it is loaded.

It reads the same ONNX file as ONNX Runtime, so that the two differ in their engines alone; its own conversion of torch
fails for LeViT. One stream, the threads of the case, and the hint for latency. By default it computes in bf16 where the
processor can, whatever the network's numbers are: here it computes in the precision of the case, or not at all.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from levit_bench.errors import one_line
from levit_bench.measuring.loaded_network import InProcess
from levit_bench.measuring.runtimes import onnx_file, requirements
from levit_bench.measuring.runtimes.facts import Facts
from levit_bench.records import Case

if TYPE_CHECKING:
    import torch
    from torch import nn

    from levit_bench.measuring.model_files.description import ModelDescription

FACTS = Facts(
    about="Intel's engine, on what torch exports as ONNX",
    devices=("cpu",),
    precisions=("fp32", "fp16", "bf16"),
    artifact_of=("batch",),
    making_s=8.0,
    own_threads=True,
    extensions={
        # Its kernels for bf16 are written for AVX-512 and for AVX-NE-CONVERT (`hasHardwareSupport` of its CPU plugin).
        "bf16": ("avx512bw", "avx_ne_convert", "asimd"),
        "fp16": ("avx512_fp16", "avx_ne_convert", "asimdhp"),
    },
    asked_about=("bf16", "fp16"),
    distribution="openvino",
    model_files=("onnx", "openvino"),
    converts_files=True,
    missing=lambda: requirements.packages("openvino", "openvino", "onnx", "onnxscript"),
)
_PRECISIONS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
_CAPABILITIES = {"bf16": "BF16", "fp16": "FP16"}
_PROPERTIES = (
    "INFERENCE_PRECISION_HINT",
    "NUM_STREAMS",
    "PERFORMANCE_HINT",
    "ENABLE_CPU_PINNING",
    "ENABLE_HYPER_THREADING",
)
_compiled: list[Any] = []


def unavailable() -> str | None:
    """Why it cannot run here, or None."""
    return FACTS.missing()


def lacks(precision: str) -> str | None:
    """Why the engine does not compute in the precision on this processor, by what it says itself, or None."""
    offered = engine().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision not in _CAPABILITIES or _CAPABILITIES[precision] in offered:
        return None
    return f"OpenVINO offers {', '.join(map(str, offered))} on this processor, and no {_CAPABILITIES[precision]}"


def prepare(case: Case, network: nn.Module, example: torch.Tensor, folder: Path) -> Path:
    """Export the network in fp32; the engine converts to the precision of the case."""
    return onnx_file.export(network, example, folder)


def load(case: Case, artifact: Path) -> InProcess:
    """The network compiled for the threads and the precision of the case.

    Raises:
        ValueError: the engine does not know the precision, or computes in another one on this processor.
    """
    return InProcess(_passes_of(_compiled_model(case, str(artifact))))


def open_file(case: Case, model: Path, description: ModelDescription) -> InProcess:
    """A user's model compiled for the threads and precision of the case. What its input leaves open is set to the
    case's sizes; all of its outputs are computed.

    Raises:
        ValueError: as `load`, or the engine refuses the model.
    """
    try:
        network = engine().Core().read_model(str(model))
        if network.is_dynamic():
            network.reshape({network.inputs[0]: list(description.sizes(case.batch, case.shape))})
        compiled = _compiled_model(case, network)
    except RuntimeError as error:
        raise ValueError(f"OpenVINO cannot load it: {reason_of(error)}") from error
    return InProcess(_passes_of(compiled, description.logits))


def reason_of(error: Exception) -> str:
    """What is wrong by the engine's message; the lines before it say where in its own source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and "Exception from" not in line]
    return one_line(" ".join(lines[:2]) if lines else "no reason given")[:200]


def _compiled_model(case: Case, network: Any) -> Any:  # noqa: ANN401 (the engine has no types)
    """A network, or the path of one, compiled for the case.

    Raises:
        ValueError: the engine does not know the precision, or computes in another one on this processor.
    """
    if case.precision not in _PRECISIONS:
        raise ValueError(f"OpenVINO computes in {', '.join(_PRECISIONS)} on a processor, not in {case.precision}")
    hint = _PRECISIONS[case.precision]
    settings = {
        "INFERENCE_NUM_THREADS": case.threads,
        "INFERENCE_PRECISION_HINT": hint,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled = engine().Core().compile_model(network, "CPU", settings)
    precision = _property_text(compiled, "INFERENCE_PRECISION_HINT")
    if precision != hint:
        raise ValueError(
            f"OpenVINO computes in {precision} where {hint} is asked for: this processor cannot. Choose fp32"
        )
    _compiled.append(compiled)
    return compiled


def _passes_of(compiled: Any, logits: int = 0) -> Any:  # noqa: ANN401 (the engine has no types)
    """What makes a pass; `logits` is the place of the output that it returns."""
    import torch

    request = compiled.create_infer_request()

    def run(images: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(request.infer([images.numpy()], share_inputs=True)[logits])

    return run


def threads() -> int:
    """Threads of the compiled networks, as the engine reports them."""
    return max((int(network.get_property("INFERENCE_NUM_THREADS")) for network in _compiled), default=1)


def versions() -> dict[str, str]:
    """Version of the engine, and the settings that it reports as in force."""
    properties = {name.lower(): _property_text(network, name) for network in _compiled[-1:] for name in _PROPERTIES}
    return {"openvino": str(engine().__version__), **properties}


def _property_text(compiled: Any, name: str) -> str:  # noqa: ANN401 (the engine's)
    """A property of a compiled network, as text."""
    value = compiled.get_property(name)
    return str(value.to_string() if hasattr(value, "to_string") else value)


def engine() -> ModuleType:
    """The engine without its telemetry, which starts processes that talk to the network unless it is told not to."""
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    module: ModuleType = openvino
    return module
