"""Torch's own switches that choose kernels and number formats of operators: read and restored."""

from __future__ import annotations

import torch

_CONTRADICTED = "what fp32_precision says"
_PLACES = [
    ("generic", "all"),
    *[(backend, operators) for backend in ("mkldnn", "cuda") for operators in ("all", "conv", "matmul", "rnn")],
]
"""Backends and operators that have `fp32_precision`, such as `torch.backends.mkldnn.conv`; general ones first."""
_OLDER = {"cuda": "cudnn_allow_tf32", "mkldnn": "onednn_allow_tf32"}
"""The switch of a backend in torch up to 2.8, which has `torch.set_float32_matmul_precision` in place of the others."""


def fp32_precision(*backends: str) -> dict[str, str]:
    """The number format in which fp32 is multiplied, by backend and kind of operator; older switches by their names."""
    getter = getattr(torch._C, "_get_fp32_precision_getter", None)
    if getter is None:
        getters = {name: getattr(torch._C, f"_get_{name}", None) for name in map(_OLDER.get, backends) if name}
        return {name: str(read()) for name, read in getters.items() if read is not None}
    return {f"{place}.{kind}": str(getter(place, kind)) for place, kind in _PLACES if place in backends}


def set_fp32_precision(before: dict[str, str]) -> None:
    """Restore what `fp32_precision` returned."""
    for name, value in before.items():
        place, _, kind = name.partition(".")
        if not kind:
            getattr(torch._C, f"_set_{name}")(value == "True")
        elif torch._C._get_fp32_precision_getter(place, kind) != value:
            torch._C._set_fp32_precision_setter(place, kind, value)


def fp32_precision_of_gpus() -> dict[str, str]:
    """The same for CUDA, and `torch.set_float32_matmul_precision`, an older switch that keeps a value of its own."""
    try:
        older = torch.get_float32_matmul_precision()
    except RuntimeError:  # The newer ones say something else.
        older = _CONTRADICTED
    return {"matmul_precision": older, **fp32_precision("cuda")}


def set_fp32_precision_of_gpus(before: dict[str, str]) -> None:
    """Restore what `fp32_precision_of_gpus` returned."""
    older, other_formats = before["matmul_precision"], fp32_precision("generic", "mkldnn")
    if older != _CONTRADICTED and fp32_precision_of_gpus()["matmul_precision"] != older:
        torch.set_float32_matmul_precision(older)  # Writes to some of the newer ones, too.
    set_fp32_precision(other_formats)
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
    states: dict[str, object] = {}
    for name in SWITCHES:
        getter = getattr(torch._C, f"_get_{name}", None)
        if getter is not None:
            states[name] = getter()
    for name in ATTENTION:
        getter = getattr(torch._C, f"_get_{name}_sdp_enabled", None)
        if getter is not None:
            states[f"{name}_sdp"] = getter()
    return states


def set_switches(before: dict[str, object]) -> None:
    """Restore what `switches` returned."""
    now = switches()
    for name, value in before.items():
        if now.get(name) == value:
            continue
        if name.endswith("_sdp"):
            getattr(torch._C, f"_set_sdp_use_{name.removesuffix('_sdp')}")(value)
        else:
            write = getattr(torch._C, f"_set_{name}")
            write(*value) if isinstance(value, tuple) else write(value)
