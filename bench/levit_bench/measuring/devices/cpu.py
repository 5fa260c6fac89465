"""The processor of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from levit_bench.measuring import precisions
from levit_bench.measuring.evaluation_mode import renew
from levit_bench.measuring.loaded_network import InProcess

if TYPE_CHECKING:
    import torch
    from torch import nn


class OnCpu(InProcess):
    """A module on the processor, in a number format of its own."""

    def __init__(self, module: nn.Module, dtype: torch.dtype) -> None:
        module.to(dtype)
        renew(module)
        super().__init__(module)
        self._dtype = dtype

    def place(self, images: torch.Tensor) -> torch.Tensor:
        """Images in the format of the weights; unchanged in fp32, and where they are whole numbers."""
        return images.to(self._dtype) if images.is_floating_point() else images

    def fetch(self, output: torch.Tensor) -> torch.Tensor:
        """Logits in fp32."""
        return output.float()


def resolve() -> str:
    """Always available."""
    return "cpu"


def hold(module: nn.Module, precision: str) -> OnCpu:
    """The module in that format.

    Raises:
        ValueError: it is a format of other devices alone.
    """
    return OnCpu(module, precisions.dtype(precision, "cpu"))
