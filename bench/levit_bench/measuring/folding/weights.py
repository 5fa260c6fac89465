"""Folds a multiplication and an addition a channel into the weights of the layer before or behind it.

In double precision, cast back once. Whether that is allowed is decided in `batchnorms.py`.
"""

from __future__ import annotations

import torch
from torch import nn

from levit_bench.measuring.folding.dataflow import Layer
from levit_bench.measuring.folding.norms import Affine


def fold_backward(layer: Layer, affine: Affine) -> None:
    """Apply `affine` to the layer's outputs by its weights; one number for each output channel."""
    weight = layer.weight.double()
    groups = getattr(layer, "groups", 1)
    if getattr(layer, "transposed", False):
        # (inputs, outputs / groups, kernel): output channels of one group are contiguous.
        grouped = weight.unflatten(0, (groups, -1))
        scale = affine.scale.view(groups, 1, -1, *[1] * (weight.ndim - 2))
        scaled = (grouped * scale).flatten(0, 1)
    else:
        scaled = weight * affine.scale.view(-1, *[1] * (weight.ndim - 1))
    bias = affine.shift if layer.bias is None else affine.shift + layer.bias.double() * affine.scale
    _set(layer, scaled, bias)


def fold_forward(layer: Layer, affine: Affine) -> None:
    """Apply `affine` to the layer's inputs by its weights; one number for each input channel."""
    weight = layer.weight.double()
    groups = getattr(layer, "groups", 1)
    # Axes: groups, outputs of a group, inputs of a group, taps of the kernel.
    grouped = weight.unflatten(0, (groups, -1)).flatten(3) if weight.ndim > 2 else weight[None, :, :, None]
    scale, shift = (numbers.view(groups, 1, -1, 1) for numbers in affine)
    bias = (grouped * shift).sum((2, 3)).flatten()
    _set(layer, (grouped * scale).reshape(weight.shape), bias if layer.bias is None else bias + layer.bias.double())


def outputs_of(layer: Layer) -> int:
    """Output channels."""
    return layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels


def _set(layer: Layer, weight: torch.Tensor, bias: torch.Tensor) -> None:
    """Set new parameters: modules that share the old ones keep those."""
    kind = layer.weight
    layer.weight = nn.Parameter(weight.to(kind.dtype).contiguous(), requires_grad=False)
    layer.bias = nn.Parameter(bias.to(kind.dtype), requires_grad=False)
