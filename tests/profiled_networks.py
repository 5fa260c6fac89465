"""Networks whose operators can be counted with a pencil. Built as `tests.profiled_networks:NAME`."""

from __future__ import annotations

import torch
from torch import nn

RESOLUTION = 32


class Counted(nn.Module):
    """Every kind of convolution, a norm, an activation, a sum and a product: see `KERNELS`."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8))
        self.blocks = nn.ModuleList([
            nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False),
            nn.Conv2d(8, 16, 1, bias=False),
            nn.Conv2d(16, 16, 3, padding=1, groups=4, bias=False),
        ])  # fmt: skip
        self.act = nn.ReLU()
        self.head = nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (batch, 3, 32, 32) to logits (batch, 10)."""
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        x = self.act(x)
        return self.head((x + x).mean((2, 3)).flatten(1))


KERNELS = {
    "convolution dense": 1, "convolution depthwise": 1, "convolution pointwise": 1, "convolution grouped": 1, "norm": 1,
    "activation": 1, "elementwise": 1, "pooling and sums": 1, "matmul": 1,
}  # fmt: skip
"""Operators of a pass of `Counted`."""
MACS = {
    "convolution dense": 16 * 16 * 8 * 3 * 9,
    "convolution depthwise": 16 * 16 * 8 * 9,
    "convolution pointwise": 16 * 16 * 16 * 8,
    "convolution grouped": 16 * 16 * 16 * 4 * 9,
    "matmul": 16 * 10,
}
"""Multiply-accumulates of one image."""
BYTES = {
    "convolution dense": 4 * (3 * 32 * 32 + 8 * 3 * 9 + 8 * 16 * 16),
    "convolution depthwise": 4 * (2 * 8 * 16 * 16 + 8 * 9),
    "convolution pointwise": 4 * (8 * 16 * 16 + 16 * 8 + 16 * 16 * 16),
    "activation": 4 * 2 * 16 * 16 * 16,
    "pooling and sums": 4 * (16 * 16 * 16 + 16),
    "matmul": 4 * (10 + 16 + 16 * 10 + 10),
}
"""Inputs, weights and outputs of one image in fp32, but those of the norm and of the sum of a tensor and itself."""


def counted() -> nn.Module:
    """`Counted`."""
    return Counted()


counted.resolution = RESOLUTION  # type: ignore[attr-defined]


class Wrapped(nn.Module):
    """A network inside another, as adapters make them."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Counted()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """As the network inside."""
        return self.network(x)


class Attention(nn.Module):
    """One fused attention over 16 tokens with two heads of width 4."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, 2, 16, 4) to the same."""
        return nn.functional.scaled_dot_product_attention(x, x, x)
