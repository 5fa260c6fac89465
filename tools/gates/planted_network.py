"""A network with extra work that changes nothing: copied into a repository of its own, it is a slowdown of known size.

`REPEATS` is all that differs between the two sides. The extra layer computes on a constant and its result is added
times zero, so that both sides have the same weights and the same outputs.
"""

from __future__ import annotations

import torch
from torch import nn

REPEATS = 0


class Planted(nn.Module):
    """A network, and a layer that is applied to a constant so many times in each pass.

    Args:
        network: takes images (batch, 3, r, r), returns logits (batch, classes).
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.more = nn.Linear(192, 192)
        self.constant = nn.Buffer(torch.linspace(-1.0, 1.0, 64 * 192).reshape(64, 192))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of the network alone, (batch, classes)."""
        added: torch.Tensor = self.constant
        for _ in range(REPEATS):
            added = torch.tanh(self.more(added))
        logits: torch.Tensor = self.network(images)
        return logits + 0.0 * added.mean()


def levit_128s() -> Planted:
    """LeViT-128S as this suite builds it, 1,000 classes."""
    from levit_bench.levit import levit

    return Planted(levit("levit_128s"))


def mobilenetv3_large_100() -> Planted:
    """MobileNetV3-Large as timm builds it, 1,000 classes."""
    from levit_bench.measuring.networks.timm_import import import_timm

    return Planted(import_timm().create_model("mobilenetv3_large_100"))
