"""LeViT with weights that hide nothing: fresh ones leave every residual branch, bias table and BatchNorm inert."""

from __future__ import annotations

import torch
from levit_bench.levit import LeViT, levit
from levit_bench.levit.sizes import Convolution, Size, StageSize
from torch import nn

# As small as a LeViT can be with everything in it: milliseconds a pass.
TINY = Size(
    stem=tuple(Convolution(width) for width in (4, 4, 8, 8)),
    stages=(StageSize(8, 2, 1), StageSize(12, 3, 1), StageSize(16, 2, 1)),
    key=4,
    shrink_heads=(2, 3),
)


def drawn(size: Size | str, *, seed: int = 0, **how) -> LeViT:
    """A LeViT, redrawn, in float64 and evaluation mode."""
    torch.manual_seed(seed)
    return redraw(levit(size, **how).double(), seed).eval()


def redraw(network: LeViT, seed: int) -> LeViT:
    """Gains, shifts, tables and statistics at random, in place."""
    generator = torch.Generator().manual_seed(seed)

    def normal(like: torch.Tensor) -> torch.Tensor:
        return torch.randn(like.shape, generator=generator, dtype=like.dtype)

    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("table"):
                parameter.copy_(2 * normal(parameter))
        for part in network.modules():
            if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d | nn.LayerNorm):
                part.weight.copy_(0.5 + normal(part.weight).abs() / 2)
                part.bias.copy_(normal(part.bias) / 4)
            if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
                part.running_mean.copy_(normal(part.running_mean) / 4)
                part.running_var.copy_(0.5 + normal(part.running_var).abs() / 2)
    return network


def images(*shape: int, seed: int = 1) -> torch.Tensor:
    """Normal noise in float64, around a colour and brightness of each image's own, which averages would keep."""
    generator = torch.Generator().manual_seed(seed)
    own = torch.randn((*shape[:2], *(1 for _ in shape[2:])), generator=generator, dtype=torch.float64)
    return 2 * own + torch.randn(shape, generator=generator, dtype=torch.float64)


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Relative to the second, in the Euclidean norm."""
    return float(((one - other).norm() / other.norm()).detach())
