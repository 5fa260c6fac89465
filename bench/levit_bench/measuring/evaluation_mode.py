"""Puts a network into evaluation mode, also where its own `train` and `eval` are overridden.

Backbones that freeze their first stage override `train` and return nothing, so nothing here is chained on what these
methods return. Others keep what they derive from their parameters until their mode changes, as the LeViT authors' code
keeps its attention biases: after weights were loaded, converted or moved, the mode is changed there and back.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The parent uses only the names of devices and forms, and must not import torch.
    from torch import nn


def rest(network: nn.Module) -> None:
    """Put the network into evaluation mode, with gradients off for all parameters."""
    from torch import nn

    network.eval()
    for parameter in network.parameters():
        if not isinstance(parameter, nn.UninitializedParameter):  # One whose size is set by its first pass.
            parameter.requires_grad_(False)


def renew(network: nn.Module) -> None:
    """As `rest`, and values that the network caches from its parameters until its mode changes are computed anew."""
    from torch import jit

    if isinstance(network, jit.ScriptModule):  # Its cached values became constants when it was recorded.
        return
    with suppress(Exception):  # Some networks are folded for good and cannot go back to training mode.
        network.train()
    rest(network)
