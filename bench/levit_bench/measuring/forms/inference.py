"""As it would be deployed: branches are one convolution, and BatchNorm is part of its neighbour.

A network that knows better brings a method `for_inference()` and is taken at its word. Refuses to know how norms are
folded, and whether the outputs are right: the suite compares them.
"""

from __future__ import annotations

import torch
from torch import nn

from levit_bench.measuring.folding.batchnorms import fold
from levit_bench.measuring.folding.branches import called


def apply(network: nn.Module, example: torch.Tensor) -> nn.Module:
    """The network's own form for inference, or the network with its norms folded in place.

    Args:
        network: in evaluation mode.
        example: one image (1, channels, r, r).

    Raises:
        TypeError: its own `for_inference` returned no network.
    """
    if callable(getattr(network, "for_inference", None)):
        return called(network, "for_inference")
    return fold(network, example)[0]
