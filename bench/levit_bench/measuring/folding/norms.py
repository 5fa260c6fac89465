"""BatchNorm at inference as an affine map: one multiplication and one addition a channel.

Covers the classes whose forward is that and nothing more, or that and an activation; any other class is left alone.
timm's BatchNormAct2d contains the activation of its block, which must stay when the norm is folded.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

_PLAIN = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
# By name: a network without timm or torchvision must not import them.
_WITH_ACTIVATION = {("timm.layers.norm_act", "BatchNormAct2d"), ("timm.layers.norm_act", "SyncBatchNormAct")}
_FROZEN = {("torchvision.ops.misc", "FrozenBatchNorm2d"), ("timm.layers.norm_act", "FrozenBatchNormAct2d")}


class Affine(NamedTuple):
    """`scale * x + shift`, float64, one number a channel."""

    scale: torch.Tensor
    shift: torch.Tensor


def affine_of(norm: nn.Module) -> Affine:
    """The affine map of a norm in evaluation mode, with or without learnt weights."""
    assert isinstance(norm, nn.modules.batchnorm._BatchNorm)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    gain, offset = norm._parameters.get("weight"), norm._parameters.get("bias")
    scale = (norm.running_var.double() + norm.eps).rsqrt()
    if gain is not None:
        scale = scale * gain.double()
    shift = -norm.running_mean.double() * scale
    return Affine(scale, shift if offset is None else shift + offset.double())


def remainder(norm: nn.Module) -> nn.Module | None:
    """The module without its norm: an identity or its activation. None where the class is not known."""
    if type(norm) in _PLAIN:
        return nn.Identity()
    if _kind(norm) in _WITH_ACTIVATION:
        return _activation(norm)
    return None


def thaw(network: nn.Module) -> nn.Module:
    """Replace frozen norms, which consist of elementary operations, by ordinary ones with the same numbers."""
    replace_all(network, {id(m): _unfrozen(m) for m in network.modules() if _kind(m) in _FROZEN})
    return _unfrozen(network) if _kind(network) in _FROZEN else network


def replace_all(network: nn.Module, replacements: dict[int, nn.Module]) -> None:
    """Replace modules under all of their names; `replacements` are by the id of the old module."""
    for parent in list(network.modules()):
        for name, child in parent._modules.items():
            if id(child) in replacements:
                parent._modules[name] = replacements[id(child)]


def _kind(module: nn.Module) -> tuple[str, str]:
    return type(module).__module__, type(module).__name__


def _activation(norm: nn.Module) -> nn.Module:
    """The drop layer and the activation of timm's combined modules."""
    parts = [
        part
        for part in (getattr(norm, "drop", None), getattr(norm, "act", None))
        if isinstance(part, nn.Module) and not isinstance(part, nn.Identity)
    ]
    if len(parts) == 1:
        return parts[0]
    return nn.Sequential(*parts) if parts else nn.Identity()


def _unfrozen(frozen: nn.Module) -> nn.Module:
    numbers = dict(frozen.named_buffers(recurse=False))
    norm = nn.BatchNorm2d(len(numbers["weight"]), eps=float(frozen.eps))  # type: ignore[arg-type]
    norm.weight, norm.bias = nn.Parameter(numbers["weight"]), nn.Parameter(numbers["bias"])
    norm.running_mean, norm.running_var = numbers["running_mean"], numbers["running_var"]
    activation = _activation(frozen)
    whole = norm if isinstance(activation, nn.Identity) else nn.Sequential(norm, activation)
    return whole.requires_grad_(requires_grad=False).eval()
