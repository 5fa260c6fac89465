"""Eager PyTorch: the forward of the network in its form, under inference mode."""

from __future__ import annotations

from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from bench.measuring import forms
from bench.records import Case


class _Eager:
    """A module in this process."""

    def __init__(self, network: nn.Module) -> None:
        self.run = network

    def synchronise(self) -> None:
        """A processor has nothing to wait for."""


def unavailable() -> str | None:
    """Always available: torch is a dependency."""
    return None


def prepare(network: nn.Module, example: torch.Tensor, folder: Path) -> Path:
    """Keep the weights and statistics; the code is the network's own."""
    artifact = folder / "eager.safetensors"
    safetensors.torch.save_model(network, str(artifact))
    return artifact


def load(case: Case, artifact: Path) -> _Eager:
    """Build the network anew, bring it into its form and fill in the prepared weights."""
    module = forms.build(case)
    safetensors.torch.load_model(module, artifact, strict=True)
    return _Eager(module.eval().requires_grad_(requires_grad=False))


def threads() -> int:
    """Threads of torch's own pool."""
    return torch.get_num_threads()


def versions() -> dict[str, str]:
    """Torch and what it multiplies with."""
    return {"torch": str(torch.__version__), "mkldnn": str(torch.backends.mkldnn.is_available())}
