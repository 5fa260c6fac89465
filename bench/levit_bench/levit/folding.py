"""Folds normalisations into the linear layers and convolutions beside them: the same functions in fewer steps.

Everything is computed in float64 and rounded once, to the type of the layer's own weights; no random numbers are drawn,
and nothing of the originals is changed or shared.

    y = g · x + s          what BatchNorm is in evaluation: g = γ / √(σ² + ε), s = β − g · μ
    behind a layer         g · (W · x + b) + s  =  (g · W) · x + (g · b + s)
    before a layer         W · (g · x + s) + b  =  (W · g) · x + (W · s + b)

LayerNorm depends on its input and cannot be folded, but its gain and shift can, in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.utils import skip_init

from levit_bench.levit.layers import Classifier, ConvNorm, LinearNorm

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.SyncBatchNorm)


class ChannelAffine(NamedTuple):
    """x ↦ gain · x + shift, channel by channel, in float64."""

    gain: torch.Tensor | float = 1.0
    shift: torch.Tensor | float = 0.0


class Folded(NamedTuple):
    """A linear layer in float64."""

    weight: torch.Tensor
    bias: torch.Tensor


def affine(norm: nn.Module) -> ChannelAffine:
    """What a normalisation multiplies and adds: all of an evaluating BatchNorm, the learned half of a LayerNorm.

    Raises:
        TypeError: it is another kind of module.
    """
    if isinstance(norm, nn.Identity):
        return ChannelAffine()
    if isinstance(norm, nn.LayerNorm):
        return ChannelAffine(exact(norm.weight), exact(norm.bias))
    if not isinstance(norm, BATCH_NORMS):
        raise TypeError(f"{type(norm).__name__} cannot be folded; known are BatchNorm, LayerNorm and nothing")
    assert norm.running_mean is not None
    assert norm.running_var is not None
    gain, shift = exact(norm.weight), exact(norm.bias)
    gain = gain / (exact(norm.running_var) + norm.eps).sqrt()
    return ChannelAffine(gain, shift - gain * exact(norm.running_mean))


def rest(norm: nn.Module) -> nn.Module:
    """The part of a normalisation that remains after `affine` is folded away."""
    if isinstance(norm, nn.LayerNorm):
        return nn.LayerNorm(norm.normalized_shape, norm.eps, elementwise_affine=False)
    return nn.Identity()


def linear(layer: LinearNorm, before: nn.Module | None = None, rows: torch.Tensor | None = None) -> nn.Linear:
    """A linear layer with the BatchNorm behind it and the normalisation before it.

    Args:
        layer: the layer and its BatchNorm.
        before: a normalisation whose output it takes; what `rest` leaves of it has to stay before the result.
        rows: (outputs,), factors for the outputs.
    """
    original = layer.linear
    weight, bias = _folded(original.weight, original.bias, affine(before or nn.Identity()), affine(layer.norm))
    if rows is not None:
        weight, bias = weight * rows[:, None].to(weight), bias * rows.to(bias)
    return _as_linear(Folded(weight, bias), original.weight)


def convolution(layer: ConvNorm) -> nn.Conv2d:
    """A convolution with the BatchNorm behind it, its weights channels last."""
    original = layer.conv
    weight, bias = _folded(original.weight.flatten(1), original.bias, ChannelAffine(), affine(layer.norm))
    shape = (original.in_channels, original.out_channels, original.kernel_size, original.stride, original.padding)
    folded = skip_init(nn.Conv2d, *shape, device=original.weight.device, dtype=original.weight.dtype)
    _fill(folded, Folded(weight.view_as(original.weight), bias))
    return folded.to(memory_format=torch.channels_last)


def mean_classifier(heads: Sequence[Classifier]) -> nn.Linear:
    """One linear layer for the mean of classifiers on the same features; `rest` of their norm has to stay before it."""
    layers = [_folded(head.linear.weight, head.linear.bias, affine(head.norm), ChannelAffine()) for head in heads]
    weights, biases = zip(*layers, strict=True)
    mean = Folded(torch.stack(weights).mean(0), torch.stack(biases).mean(0))
    return _as_linear(mean, heads[0].linear.weight)


def exact(values: torch.Tensor) -> torch.Tensor:
    """The values in float64, detached, on their device; on the CPU for devices without float64."""
    device = "cpu" if values.device.type == "mps" else values.device
    return values.detach().to(device, torch.float64)


def _folded(weight: torch.Tensor, bias: torch.Tensor | None, before: ChannelAffine, behind: ChannelAffine) -> Folded:
    weight = exact(weight)
    constant = (weight * before.shift).sum(1)
    if bias is not None:
        constant = constant + exact(bias)
    gain = behind.gain[:, None] if isinstance(behind.gain, torch.Tensor) else behind.gain
    return Folded(gain * weight * before.gain, behind.gain * constant + behind.shift)


def _as_linear(folded: Folded, like: torch.Tensor) -> nn.Linear:
    outputs, inputs = folded.weight.shape
    layer = skip_init(nn.Linear, inputs, outputs, device=like.device, dtype=like.dtype)
    _fill(layer, folded)
    return layer


def _fill(layer: nn.Linear | nn.Conv2d, folded: Folded) -> None:
    assert layer.bias is not None
    with torch.no_grad():
        layer.weight.copy_(folded.weight)
        layer.bias.copy_(folded.bias)
