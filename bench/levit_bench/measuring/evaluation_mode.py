"""Evaluation mode, whatever a network's own `train` and `eval` do and return; refuses to know whose network it is.

Backbones that freeze their first stage override `train` and return nothing, so nothing here is chained on what these
methods return. Others keep what they derive from their parameters until their mode changes, as the LeViT authors' code
keeps its attention biases: after weights were loaded, converted or moved, the mode is changed there and back.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The parent asks devices and forms for names only, and must stay light.
    from torch import nn


def rest(network: nn.Module) -> None:
    """Evaluation mode, and nothing learns."""
    from torch import nn

    network.eval()
    for parameter in network.parameters():
        if not isinstance(parameter, nn.UninitializedParameter):  # One whose size comes of its first pass.
            parameter.requires_grad_(False)


def renew(network: nn.Module) -> None:
    """As `rest`, and what the network keeps of its parameters until its mode changes is made anew."""
    from torch import jit

    if isinstance(network, jit.ScriptModule):  # Whatever it kept became a constant when it was recorded.
        return
    with suppress(Exception):  # Some are folded for good; what they keep then, they keep whatever is done.
        network.train()
    rest(network)
