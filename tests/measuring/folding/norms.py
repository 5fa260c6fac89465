"""What tests of folding share: norms with numbers of their own, and the distance that folding makes."""

from __future__ import annotations

import copy

import torch
from levit_bench.measuring.folding.batchnorms import Folding, fold
from torch import nn


def settled(network: nn.Module, seed: int = 0) -> nn.Module:
    """The network in evaluation mode, with statistics, gains and offsets that no norm may lose unnoticed."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in network.modules():
            for name, value in (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)):
                if value.is_floating_point() and value.ndim == 1:
                    low = 0.5 if name in ("running_var", "weight") else -0.5
                    value.copy_(low + torch.rand(value.shape, generator=generator))
    return network.eval().requires_grad_(requires_grad=False)


def folded(network: nn.Module, channels: int = 3, side: int = 12) -> tuple[nn.Module, Folding, float]:
    """The settled network folded, what was done, and the largest difference that it makes to two other images."""
    generator = torch.Generator().manual_seed(1)
    example, others = (torch.randn(count, channels, side, side, generator=generator) for count in (1, 2))
    settled(network)
    original = copy.deepcopy(network)
    new, report = fold(network, example)
    with torch.inference_mode():
        return new, report, float((new(others) - original(others)).abs().max())


def norms_in(network: nn.Module) -> int:
    """BatchNorms that are left, of whatever kind."""
    return sum(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in network.modules())
