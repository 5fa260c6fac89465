"""An Apple GPU, through torch's Metal backend.

A pass is timed from the call until the GPU has finished. Metal shares the processor's memory, and torch still copies
images there: beforehand, untimed, as logits are fetched afterwards.
"""

from __future__ import annotations

import importlib.util
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from levit_bench.errors import UsageError
from levit_bench.measuring import precisions
from levit_bench.measuring.evaluation_mode import renew

if TYPE_CHECKING:
    import torch
    from torch import nn

HAS_OWN_MEMORY = True
"""Shared with the processor, and limited by the system."""


class OnMps:
    """A module on the GPU."""

    def __init__(self, module: nn.Module, dtype: torch.dtype) -> None:
        import torch

        self._torch = torch
        self._dtype = dtype
        module.to(device="mps", dtype=dtype)
        renew(module)
        self._module = module

    def place(self, images: torch.Tensor) -> torch.Tensor:
        """Images in the GPU's memory, in the format of the weights; whole numbers stay what they are.

        Raises:
            MemoryError: they do not fit.
        """
        try:
            return images.to("mps", self._dtype if images.is_floating_point() else images.dtype)
        except RuntimeError as error:
            raise self._memory_error(error, len(images)) from error

    def run(self, images: torch.Tensor) -> torch.Tensor:
        """Enqueue one pass; the result is there after `synchronise`.

        Raises:
            MemoryError: the pass does not fit.
        """
        try:
            output: torch.Tensor = self._module(images)
        except RuntimeError as error:
            raise self._memory_error(error, len(images)) from error
        return output

    def synchronise(self) -> None:
        """Wait until the GPU has nothing left to do."""
        self._torch.mps.synchronize()

    def fetch(self, output: torch.Tensor) -> torch.Tensor:
        """Logits in fp32, in the processor's memory."""
        return output.float().cpu()

    def device_seconds(self) -> tuple[float, ...]:
        """Empty: torch cannot read a clock of the GPU without waiting for each pass."""
        return ()

    def _memory_error(self, error: RuntimeError, batch: int) -> Exception:
        """A MemoryError where memory ran out, as torch has no error of its own for it; frees the failed pass's memory.

        Any other error is returned as it is.
        """
        if "out of memory" not in str(error).lower():
            return error
        self._torch.mps.empty_cache()
        return MemoryError(f"out of GPU memory at batch {batch}. Choose a smaller --batch")


def resolve() -> str:
    """The GPU, if this is an Apple processor and torch was built with Metal.

    Raises:
        UsageError: what is missing.
    """
    if platform.system() != "Darwin" or platform.machine() != "arm64":
        raise UsageError(
            "--device mps needs an Apple processor under macOS, and a process that is not translated. Use --device cpu."
        )
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None or not (Path(spec.origin).parent / "mps").is_dir():
        raise UsageError(
            "--device mps needs a torch with the Metal backend. Install a current one, or use --device cpu."
        )
    return "mps"


def hold(module: nn.Module, precision: str) -> OnMps:
    """The module on the GPU, in that format.

    Raises:
        ValueError: it is a format of other devices alone.
        RuntimeError: torch does not see the GPU.
    """
    import torch

    dtype = precisions.dtype(precision, "mps")
    if not torch.backends.mps.is_available():
        raise RuntimeError("torch sees no Metal device here; choose --device cpu")
    return OnMps(module, dtype)
