"""The form for deployment: parallel branches become one convolution, and BatchNorm is folded into its neighbour.

A network with a method `for_inference()` is rewritten by that alone. The outputs are checked elsewhere.
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
