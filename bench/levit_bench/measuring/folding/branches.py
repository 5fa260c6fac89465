"""Merges branches into one convolution by the modules' own methods, each checked before it is used.

timm's modules have `fuse`, `reparameterize` or `switch_to_deploy`; a user's network may have `for_inference`. Each is
tried on a copy with random weights and compared with the original on random inputs, so that the result depends on the
code alone and is the same in every process.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.utils._pytree import tree_leaves, tree_map_only

from levit_bench.measuring.evaluation_mode import rest
from levit_bench.measuring.folding.norms import replace_all

METHODS = ("for_inference", "fuse", "reparameterize", "switch_to_deploy")
"""In this order; the first one that a module has is called, without arguments."""
_TOLERANCE = 1e-4  # Relative L2: some 100 roundings of fp32.
_SEED = 1


class Branches(NamedTuple):
    """Modules that were rewritten by their own methods, and those whose methods were refused."""

    rewritten: int
    """How many were rewritten."""
    refused: dict[str, str]
    """By the name of the module: why its method is not used."""


class _Call(NamedTuple):
    """Arguments of a module's call; floating-point tensors are replaced by empty ones of their shape."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def join(network: nn.Module, example: torch.Tensor) -> Branches:
    """Let modules of the network rewrite themselves by their own methods, where that does not change what they compute.

    Args:
        network: in evaluation mode; its modules are replaced in place.
        example: images (1, channels, r, r).
    """
    names = [name for name, module in network.named_modules() if name and _method_of(module)]
    if not names:
        return Branches(0, {})
    calls = _calls(copy.deepcopy(network), example, names)
    rewritten, refused, objections = 0, {}, {}
    for name in names:
        # Outermost first: a module that its parent's method removed needs no rewriting.
        module = _submodule(network, name)
        method = None if module is None else _method_of(module)
        if module is None or method is None or name not in calls:
            continue
        alike = _signature(module, calls[name])
        if alike not in objections:
            objections[alike] = _objection(module, method, calls[name])
        if objections[alike] is None:
            _replace(network, module, called(module, method))
            rewritten += 1
        else:
            refused[name] = f"its {method} {objections[alike]}"
    return Branches(rewritten, refused)


def called(module: nn.Module, method: str) -> nn.Module:
    """The rewritten module: what the method returns, or the module itself where it returns None.

    Raises:
        TypeError: it returned something else.
    """
    with torch.no_grad():
        new = getattr(module, method)()
    if new is None:
        new = module
    if not isinstance(new, nn.Module):
        raise TypeError(f"{method} returned a {type(new).__name__}; a torch.nn.Module was expected")
    rest(new)
    return new


def _submodule(network: nn.Module, name: str) -> nn.Module | None:
    try:
        return network.get_submodule(name)
    except AttributeError:
        return None


def _replace(network: nn.Module, old: nn.Module, new: nn.Module) -> None:
    """Replace a module under all of its names."""
    if new is not old:
        replace_all(network, {id(old): new})


def _signature(module: nn.Module, call: _Call) -> str:
    """A key that is equal for modules of one kind, size and call: timm's networks repeat a few of them many times."""
    kinds = [(kind.__module__, kind.__qualname__) for kind in map(type, module.modules())]
    sizes = [(name, tuple(value.shape)) for name, value in module.state_dict().items()]
    signature = tree_map_only(torch.Tensor, lambda tensor: (tuple(tensor.shape), tensor.dtype), tuple(call))
    return repr((kinds, sizes, repr(module), signature))


def _method_of(module: nn.Module) -> str | None:
    return next((name for name in METHODS if callable(getattr(module, name, None))), None)


def _calls(network: nn.Module, example: torch.Tensor, names: list[str]) -> dict[str, _Call]:
    """The first call of each of these modules during one pass."""
    calls: dict[str, _Call] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            if name not in calls:
                calls[name] = _Call(*tree_map_only(torch.Tensor, _outline, (args, kwargs)))

        return hook

    handles = [network.get_submodule(name).register_forward_pre_hook(keep(name), with_kwargs=True) for name in names]
    try:
        with torch.inference_mode():
            network(example)
    finally:
        for handle in handles:
            handle.remove()
    return calls


def _outline(tensor: torch.Tensor) -> torch.Tensor:
    """Shape and type alone, without memory; integers and booleans may be indices or masks, and are copied."""
    return torch.empty_like(tensor, device="meta") if tensor.is_floating_point() else tensor.clone()


def _objection(module: nn.Module, method: str, call: _Call) -> str | None:
    """Why the method must not be used, or None."""
    generator = torch.Generator().manual_seed(_SEED)
    try:
        with torch.no_grad():
            before = copy.deepcopy(module)
            _redraw(before, generator)
            args, kwargs = tree_map_only(torch.Tensor, lambda tensor: _random_like(tensor, generator), tuple(call))
            after = called(copy.deepcopy(before), method)
            expected, outputs = (
                [t.double() for t in tree_leaves(net(*_copies(args), **_copies(kwargs))) if isinstance(t, torch.Tensor)]
                for net in (before, after)
            )
    except Exception as error:  # A method of that name may do something unrelated.
        return f"raises {type(error).__name__}"
    if not expected or [t.shape for t in expected] != [t.shape for t in outputs]:
        return "changes the shape of the output"
    for a, b in zip(expected, outputs, strict=True):
        distance = float((a - b).norm() / a.norm())
        if not distance <= _TOLERANCE:  # True for NaN, too.
            return f"changes the output by {distance:.2g} (relative L2)"
    return None


def _copies(values: Any) -> Any:  # noqa: ANN401 (a tree of anything)
    """Copies of all tensors: a module may write into its arguments."""
    return tree_map_only(torch.Tensor, torch.clone, values)


def _random_like(tensor: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return torch.randn(tensor.shape, generator=generator).to(tensor.dtype) if tensor.is_meta else tensor


def _redraw(module: nn.Module, generator: torch.Generator) -> None:
    """Draw new weights and statistics that are neither zero nor one, and keep outputs of order one."""
    for parameter in module.parameters():
        if parameter.ndim < 2:
            parameter.copy_(0.5 + torch.rand(parameter.shape, generator=generator))
        else:
            spread = (parameter.shape[0] / parameter.numel()) ** 0.5
            parameter.copy_(spread * torch.randn(parameter.shape, generator=generator))
    for norm in module.modules():
        if isinstance(norm, nn.modules.batchnorm._BatchNorm) and norm.running_mean is not None:
            assert norm.running_var is not None
            norm.running_mean.copy_(torch.rand(norm.running_mean.shape, generator=generator) - 0.5)
            norm.running_var.copy_(0.5 + torch.rand(norm.running_var.shape, generator=generator))
