"""A network with extra work that changes nothing: copied into a repository of its own, it is a slowdown of known size.

`REPEATS` is all that differs between the two sides. The extra layer computes on a constant and its result is added
times zero, so that both sides have the same weights and the same outputs.
"""

from __future__ import annotations

import random

import torch
from torch import nn

REPEATS = {"levit_128s": 0, "mobilenetv3_large_100": 0}
"""How often each network applies the extra layer in every pass."""
IN_HALF_OF_THE_PROCESSES = {"levit_128s": 0, "mobilenetv3_large_100": 0}
"""How often more in a process that falls into the slower of two states."""
_IS_SLOWER = random.SystemRandom().random() < 0.5
"""The state of this process, which no seed decides."""


class Planted(nn.Module):
    """A network, and a layer that is applied to a constant so many times in each pass.

    Args:
        network: takes images (batch, 3, r, r), returns logits (batch, classes).
        name: its key in the tables above.
    """

    def __init__(self, network: nn.Module, name: str) -> None:
        super().__init__()
        self.network = network
        self.name = name
        self.more = nn.Linear(192, 192)
        self.constant = nn.Buffer(torch.linspace(-1.0, 1.0, 16 * 192).reshape(16, 192))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of the network alone, (batch, classes)."""
        added: torch.Tensor = self.constant
        for _ in range(REPEATS[self.name] + _IS_SLOWER * IN_HALF_OF_THE_PROCESSES[self.name]):
            added = torch.tanh(self.more(added))
        logits: torch.Tensor = self.network(images)
        return logits + 0.0 * added.mean()


def levit_128s() -> Planted:
    """LeViT-128S as this suite builds it, 1,000 classes."""
    from levit_bench.levit import levit

    return Planted(levit("levit_128s"), "levit_128s")


def mobilenetv3_large_100() -> Planted:
    """MobileNetV3-Large as timm builds it, 1,000 classes."""
    from levit_bench.measuring.networks.timm_import import import_timm

    return Planted(import_timm().create_model("mobilenetv3_large_100"), "mobilenetv3_large_100")
