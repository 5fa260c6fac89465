"""Torch's own switches that choose what an operator executes, and in which number format: read, and put back.

Refuses to know who turned one, and when.
"""

from __future__ import annotations

import torch

_CONTRADICTED = "what fp32_precision says"
_PLACES = [
    ("generic", "all"),
    *[(backend, operators) for backend in ("mkldnn", "cuda") for operators in ("all", "conv", "matmul", "rnn")],
]
"""What `fp32_precision` can be set for, what stands for others first: `torch.backends.mkldnn.conv.fp32_precision`."""


def fp32_precision(*backends: str) -> dict[str, str]:
    """The number format in which fp32 is multiplied, by backend and kind of operator."""
    read = torch._C._get_fp32_precision_getter
    return {f"{one}.{kind}": str(read(one, kind)) for one, kind in _PLACES if one in backends}


def set_fp32_precision(before: dict[str, str]) -> None:
    """Put back what `fp32_precision` returned."""
    for name, value in before.items():
        one, _, kind = name.partition(".")
        if torch._C._get_fp32_precision_getter(one, kind) != value:
            torch._C._set_fp32_precision_setter(one, kind, value)


def fp32_precision_of_gpus() -> dict[str, str]:
    """The same for CUDA, and `torch.set_float32_matmul_precision`, an older switch that keeps a value of its own."""
    try:
        older = torch.get_float32_matmul_precision()
    except RuntimeError:  # The newer ones say something else.
        older = _CONTRADICTED
    return {"matmul_precision": older, **fp32_precision("cuda")}


def set_fp32_precision_of_gpus(before: dict[str, str]) -> None:
    """Put back what `fp32_precision_of_gpus` returned."""
    older, others = before["matmul_precision"], fp32_precision("generic", "mkldnn")
    if older != _CONTRADICTED and fp32_precision_of_gpus()["matmul_precision"] != older:
        torch.set_float32_matmul_precision(older)  # Writes to some of the newer ones, too.
    set_fp32_precision(others)
    set_fp32_precision({name: value for name, value in before.items() if name != "matmul_precision"})


SWITCHES = (
    "blas_preferred_backend",
    "cpu_allow_fp16_reduced_precision_reduction",
    "cublas_allow_bf16_reduced_precision_reduction",
    "cublas_allow_fp16_accumulation",
    "cublas_allow_fp16_reduced_precision_reduction",
    "cudnn_depthwise_kernel",
    "graph_executor_optimize",
    "linalg_preferred_backend",
    "math_sdp_allow_fp16_bf16_reduction",
    "miopen_immediate",
    "mkldnn_deterministic",
    "nnpack_enabled",
    "qengine",
    "rocm_fa_preferred_backend",
    "sdp_priority_order",
)
"""Of torch's own pairs of functions that read and set one, those that choose what an operator executes."""
ATTENTION = ("cudnn", "fa3", "flash", "math", "mem_efficient", "overrideable")
"""Ways to compute attention that can be switched off."""


def switches() -> dict[str, object]:
    """Those of `SWITCHES` and `ATTENTION` that this torch has, by name."""
    found: dict[str, object] = {}
    for name in SWITCHES:
        read = getattr(torch._C, f"_get_{name}", None)
        if read is not None:
            found[name] = read()
    for name in ATTENTION:
        read = getattr(torch._C, f"_get_{name}_sdp_enabled", None)
        if read is not None:
            found[f"{name}_sdp"] = read()
    return found


def set_switches(before: dict[str, object]) -> None:
    """Put back what `switches` returned."""
    now = switches()
    for name, value in before.items():
        if now.get(name) == value:
            continue
        if name.endswith("_sdp"):
            getattr(torch._C, f"_set_sdp_use_{name.removesuffix('_sdp')}")(value)
        else:
            write = getattr(torch._C, f"_set_{name}")
            write(*value) if isinstance(value, tuple) else write(value)
