"""yardstick-1: the frozen reference network that is timed in every round.

The shape of LeViT-128S, written once and never changed: results of all machines refer to it. It imports torch alone,
and a test holds the digest of this file. A better yardstick would be a new file with a new number.
"""

from __future__ import annotations

import torch
from torch import nn

# Two names for one network: timing it twice a round is a standing A/A comparison.
NAMES = ("yardstick-1a", "yardstick-1b")
RESOLUTION = 224


def _conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs))


class _LinearNorm(nn.Module):
    """Linear and BatchNorm over tokens (batch, tokens, channels)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=False)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.linear(x)
        return self.norm(x.flatten(0, 1)).reshape_as(x)


class _Attention(nn.Module):
    """Attention with a learned bias; with stride 2, queries come from every second row and column."""

    def __init__(self, inputs: int, outputs: int, heads: int, ratio: int, side: int, stride: int) -> None:
        super().__init__()
        self.heads, self.key, self.side, self.stride = heads, 16, side, stride
        self.value = ratio * self.key
        self.key_value = _LinearNorm(inputs, heads * (self.key + self.value))
        self.query = _LinearNorm(inputs, heads * self.key)
        self.project = nn.Sequential(nn.Hardswish(), _LinearNorm(heads * self.value, outputs))
        queries = ((side - 1) // stride + 1) ** 2
        self.bias = nn.Parameter(torch.zeros(heads, queries, side * side))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, tokens, channels = x.shape
        shape = (batch, tokens, self.heads, self.key + self.value)
        k, v = self.key_value(x).view(shape).split([self.key, self.value], dim=3)
        grid = x.view(batch, self.side, self.side, channels)[:, :: self.stride, :: self.stride]
        q = self.query(grid.reshape(batch, -1, channels)).view(batch, -1, self.heads, self.key)
        q, k, v = q.transpose(1, 2), k.permute(0, 2, 3, 1), v.transpose(1, 2)
        weights = (q @ k * self.key**-0.5 + self.bias).softmax(dim=-1)
        return self.project((weights @ v).transpose(1, 2).flatten(2))


class _Residual(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.inner(x)


def _mlp(width: int) -> nn.Module:
    return _Residual(nn.Sequential(_LinearNorm(width, 2 * width), nn.Hardswish(), _LinearNorm(2 * width, width)))


class Yardstick(nn.Module):
    """Stem 224 to 14 px, three stages of 14, 7 and 4 px with 2, 3 and 4 blocks, one head."""

    def __init__(self) -> None:
        super().__init__()
        act = nn.Hardswish
        self.stem = nn.Sequential(_conv(3, 16), act(), _conv(16, 32), act(), _conv(32, 64), act(), _conv(64, 128))
        blocks: list[nn.Module] = []
        for width, heads, depth, side in ((128, 4, 2, 14), (256, 6, 3, 7), (384, 8, 4, 4)):
            for _ in range(depth):
                blocks += [_Residual(_Attention(width, width, heads, 2, side, 1)), _mlp(width)]
            if side > 4:
                wider = width + 128
                blocks += [_Attention(width, wider, width // 16, 4, side, 2), _mlp(wider)]
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(384, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (batch, 3, 224, 224) to logits (batch, 1000)."""
        tokens = self.stem(x).flatten(2).transpose(1, 2)
        return self.head(self.blocks(tokens).mean(1))


def owns(name: str) -> bool:
    """Whether the name is one of the yardstick's two."""
    return name in NAMES


def default_resolution(name: str) -> int:
    """The only one it takes."""
    return RESOLUTION


def build(name: str, resolution: int) -> nn.Module:
    """The yardstick; the name and the resolution do not matter."""
    return Yardstick()
