"""An NVIDIA GPU, through torch: the first that CUDA_VISIBLE_DEVICES leaves visible.

A pass is timed from the call until the GPU has finished; the time between two events of the GPU's own is kept beside
it. Images are copied there beforehand, and logits are fetched afterwards, untimed.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import re
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from levit_bench.errors import UsageError
from levit_bench.measuring import precisions
from levit_bench.measuring.evaluation_mode import renew
from levit_bench.measuring.machine.visible_gpus import hides_all

if TYPE_CHECKING:
    import torch
    from torch import nn

HAS_OWN_MEMORY = True
_GIB = 1 << 30
_COPIES = 6  # The first one finds the memory to copy into.


class OnCuda:
    """A module on the GPU; each pass is enqueued between two events."""

    def __init__(self, module: nn.Module, dtype: torch.dtype) -> None:
        import torch

        self._torch = torch
        self._dtype = dtype
        module.to(device="cuda", dtype=dtype)
        renew(module)
        self._module = module
        self._events: list[tuple[torch.cuda.Event, torch.cuda.Event]] = []

    def place(self, images: torch.Tensor) -> torch.Tensor:
        """Images in the GPU's memory, in the format of the weights; whole numbers stay what they are.

        Raises:
            MemoryError: they do not fit.
        """
        try:
            return images.to("cuda", self._dtype if images.is_floating_point() else images.dtype)
        except self._torch.OutOfMemoryError as error:
            raise self.too_large(len(images)) from error

    def run(self, images: torch.Tensor) -> torch.Tensor:
        """Enqueue one pass; the result is there after `synchronise`.

        Raises:
            MemoryError: the pass does not fit, with what it would need to be smaller than.
        """
        start, end = (self._torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        try:
            output = self.enqueue(images)
        except self._torch.OutOfMemoryError as error:
            raise self.too_large(len(images)) from error
        end.record()
        self._events.append((start, end))
        return output

    def enqueue(self, images: torch.Tensor) -> torch.Tensor:
        """The work between the two events."""
        output: torch.Tensor = self._module(images)
        return output

    def fetch(self, output: torch.Tensor) -> torch.Tensor:
        """Logits in fp32, in the processor's memory."""
        return output.float().cpu()

    def synchronise(self) -> None:
        """Wait until the GPU has nothing left to do."""
        self._torch.cuda.synchronize()

    def device_seconds(self) -> tuple[float, ...]:
        """Seconds between the events of each pass since the last call, in order."""
        out = tuple(start.elapsed_time(end) / 1e3 for start, end in self._events)
        self._events.clear()
        return out

    def copy_seconds(self, images: torch.Tensor) -> tuple[float, float]:
        """Seconds in which these images are copied to the GPU, from pageable and from pinned memory: medians.

        Passes do not include them, as images are placed beforehand: a user who does not copy ahead has to add them.
        """
        pageable, pinned = ([self._copy_s(source) for _ in range(_COPIES)] for source in (images, images.pin_memory()))
        return median(pageable[1:]), median(pinned[1:])

    def _copy_s(self, images: torch.Tensor) -> float:
        self.synchronise()
        began = time.perf_counter()
        images.to("cuda", non_blocking=True)
        self.synchronise()
        return time.perf_counter() - began

    def too_large(self, batch: int) -> MemoryError:
        """The error to raise; frees the failed pass's memory, so that the next case of the process finds room."""
        cuda = self._torch.cuda
        total = cuda.get_device_properties(cuda.current_device()).total_memory
        cuda.empty_cache()
        return MemoryError(
            f"out of GPU memory at batch {batch}: more than is left of {total / _GIB:.0f} GiB. Choose a smaller --batch"
        )


def resolve() -> str:
    """The GPU, if the driver is installed and torch was built for it.

    Raises:
        UsageError: what is missing, and what to do.
    """
    if ctypes.util.find_library("cuda") is None:
        raise UsageError("--device cuda needs an NVIDIA GPU, and no NVIDIA driver is installed here. Use --device cpu.")
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hides_all(hidden):
        raise UsageError(
            f"--device cuda: CUDA_VISIBLE_DEVICES={(hidden or '')[:80]!r} hides every GPU. Unset it, name one, or use "
            "--device cpu."
        )
    if _built_for() is None:
        raise UsageError(
            "--device cuda needs a torch that was built for CUDA; the one installed here was built for processors "
            "alone. See pytorch.org for the build that fits, or use --device cpu."
        )
    return "cuda"


def hold(module: nn.Module, precision: str) -> OnCuda:
    """The module on the GPU, in that format; fp32 is fp32 throughout.

    Raises:
        RuntimeError: torch does not see a GPU.
        ValueError: it is a format of other devices alone.
    """
    prepare_process(precision)
    return OnCuda(module, dtype(precision))


def dtype(precision: str) -> torch.dtype:
    """How weights and activations are stored.

    Raises:
        ValueError: it is a format of other devices alone.
    """
    return precisions.dtype(precision, "cuda")


def prepare_process(precision: str) -> None:
    """Set whether fp32 matrices may be multiplied in TF32. By default torch does so in convolutions alone.

    A setting of the whole process, which is why a seat holds cases of one precision.
    """
    import torch

    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"


def _built_for() -> str | None:
    """Version of CUDA that the installed torch was built with, read from its source; None for other builds."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    text = Path(spec.origin).with_name("version.py").read_text(encoding="utf-8", errors="replace")
    line = re.search(r"^cuda\b[^=\n]*= *'([0-9.]+)'", text, re.MULTILINE)
    return line[1] if line else None
