"""The plain module within what a user's function returns: compiled and parallel ones are taken out of their wrappers.

A runtime is named with `--runtime`, and eager PyTorch means the network's own code. What torch.compile, DataParallel
and DistributedDataParallel wrap computes the same without them, at any depth; scripted, traced, exported, quantised and
sharded modules are other programs, and are refused.
"""

from __future__ import annotations

import types
from collections.abc import Iterator

import torch
from torch import nn

_LAZY = (nn.UninitializedParameter, nn.UninitializedBuffer)
_PARALLEL = (nn.DataParallel, nn.parallel.DistributedDataParallel)
# By name: importing torch's compiler takes a second.
_COMPILED = ("torch._dynamo.eval_frame", "OptimizedModule")
_EXPORTED = ("torch.export._unlift", "_StatefulGraphModule")
_QUANTISED = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized", "torch.ao.nn.sparse.quantized", "torchao.")
_WATCHED = ("torch.ao.quantization.observer", "torch.ao.quantization.fake_quantize")
_SHARDED = ("torch.distributed.fsdp",)
_ORIGINAL = "_torchdynamo_orig_callable"
_FLOAT = "Give the network in floating point; number formats are chosen with --precision"


def plain(network: nn.Module) -> tuple[nn.Module, tuple[str, ...]]:
    """The network without its wrappers, and the kinds of wrappers, each once.

    Raises:
        ValueError: a part of it is another program than its Python code, with what it is and what to do.
    """
    wrappers: dict[str, None] = {}
    network = _unwrap(network, "", wrappers, set())
    _check_tensors(network)
    return network, tuple(wrappers)


def compiled_frames() -> int:
    """Number of functions that torch.compile was started on in this process."""
    import sys

    counting = sys.modules.get("torch._dynamo.utils")
    return int(counting.counters["frames"]["total"]) if counting is not None else 0


def _unwrap(module: nn.Module, name: str, wrappers: dict[str, None], visited: set[int]) -> nn.Module:
    while (inner := _wrapped_module(module, wrappers)) is not None:
        module = inner
    if id(module) in visited:
        return module
    visited.add(id(module))
    problem = _problem_of(module)
    if problem:
        raise ValueError(f"{f'its module {name}' if name else 'it'} is {problem}")
    _uncompile(module, wrappers)
    for key, child in module._modules.items():
        if child is not None:
            module._modules[key] = _unwrap(child, f"{name}.{key}" if name else key, wrappers, visited)
    return module


def _wrapped_module(module: nn.Module, wrappers: dict[str, None]) -> nn.Module | None:
    """The module within a compiled or parallel one; None for any other."""
    if isinstance(module, _PARALLEL):
        wrappers[type(module).__name__] = None
        wrapped: nn.Module = module.module
        return wrapped
    if _COMPILED in _kinds(module):
        wrappers["torch.compile"] = None
        return module._orig_mod  # type: ignore[return-value]
    return None


def _uncompile(module: nn.Module, wrappers: dict[str, None]) -> None:
    """Undo `module.compile()`, and put methods in the place of those that torch.compile wraps."""
    if getattr(module, "_compiled_call_impl", None) is not None:
        module._compiled_call_impl = None
        wrappers["torch.compile"] = None
    for name, function in _functions(module):
        original = getattr(function, _ORIGINAL, None)
        # Functions that must not be compiled carry the same mark.
        if original is None or getattr(function, "_torchdynamo_disable", False):
            continue
        bound = isinstance(original, types.MethodType) or name in vars(module)
        module.__dict__[name] = original if bound else types.MethodType(original, module)
        wrappers["torch.compile"] = None


def _functions(module: nn.Module) -> Iterator[tuple[str, object]]:
    """Functions among the attributes of the module and of its own classes."""
    attributes = dict(vars(module))
    for kind in type(module).__mro__:
        if kind is nn.Module:
            break
        attributes = {**vars(kind), **attributes}
    return (
        (name, value)
        for name, value in attributes.items()
        if callable(value) and not isinstance(value, nn.Module | type)
    )


def _problem_of(module: nn.Module) -> str | None:
    """What the module is, where it is not a plain one, and what to do; else None."""
    kinds = _kinds(module)
    homes = tuple(home for home, _ in kinds)
    if isinstance(module, torch.jit.ScriptModule):
        kind = "traced" if "Traced" in type(module).__name__ else "scripted"
        return f"a {kind} module. Give the plain module, and name --runtime torchscript to time it traced and frozen"
    if _EXPORTED in kinds:
        return "the module of an exported program. Give the plain module, and name --runtime compile to time it so"
    if any(home.startswith(_QUANTISED) for home in homes):
        return f"quantised ({type(module).__name__}). {_FLOAT}"
    if any(home in _WATCHED for home in homes):
        return f"prepared for quantisation ({type(module).__name__}), which changes in every pass. {_FLOAT}"
    if any(home.startswith(_SHARDED) for home in homes):
        return f"sharded over processes ({type(module).__name__}). Give the module that is within it"
    return None


def _check_tensors(network: nn.Module) -> None:
    """Refuse parameters and buffers that are not plain tensors in the processor's memory."""
    for name, tensor in (*network.named_parameters(), *network.named_buffers()):
        if isinstance(tensor, _LAZY):
            continue
        is_own = type(tensor).__torch_dispatch__ is not torch.Tensor.__torch_dispatch__
        if tensor.is_quantized or is_own:
            kind = type(tensor).__name__ if is_own else str(tensor.dtype)
            raise ValueError(f"its {name} is a {kind}: it is quantised or sharded. {_FLOAT}")
        if isinstance(tensor, nn.Parameter) and not (tensor.is_floating_point() or tensor.is_complex()):
            raise ValueError(f"its parameter {name} is {tensor.dtype}: it is quantised. {_FLOAT}")
        if tensor.device.type != "cpu":
            raise ValueError(
                f"its {name} is on the device {tensor.device}. Build it on the processor; --device moves it"
            )


def _kinds(module: nn.Module) -> tuple[tuple[str, str], ...]:
    return tuple((kind.__module__, kind.__name__) for kind in type(module).__mro__)
