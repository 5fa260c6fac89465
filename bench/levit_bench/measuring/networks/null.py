"""The null network, which computes nothing: its pass time is the overhead of the measurement itself."""

from __future__ import annotations

import torch
from torch import nn

from levit_bench.measuring.reference_cases import NULL, NULL_RESOLUTION

CLASSES = 1000


class Null(nn.Module):
    """Returns the first thousand numbers of each image: a view, no arithmetic."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (batch, 3, 32, 32) to (batch, 1000)."""
        return x.view(x.shape[0], -1)[:, :CLASSES]


def owns(name: str) -> bool:
    """Whether the name is the null network."""
    return name == NULL


def default_resolution(name: str) -> int:
    """Large enough for a thousand numbers."""
    return NULL_RESOLUTION


def build(name: str, resolution: int) -> nn.Module:
    """The null network; the name and the resolution do not matter."""
    return Null()
