"""CUDA graphs: the kernels of one eager pass, recorded once and started together.

At small batches a GPU waits for Python to start the next kernel. A graph takes that away, and is bound to one batch
size and to the memory that it was recorded with.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from levit_bench.command_lines import command_line
from levit_bench.measuring.devices import cuda
from levit_bench.measuring.runtimes import eager, requirements
from levit_bench.measuring.runtimes.eager import prepare, threads, versions
from levit_bench.measuring.runtimes.facts import Facts
from levit_bench.records import Case

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = ["FACTS", "load", "prepare", "threads", "unavailable", "versions"]

FACTS = Facts(
    about="the kernels of one eager pass, started together",
    devices=("cuda",),
    builds_network=True,
    missing=requirements.gpu,
)
# Libraries choose their kernels and take their workspace in the first passes, which a graph may not hold.
_WARM_UPS = 3


class _Graph(cuda.OnCuda):
    """A recorded pass."""

    def __init__(self, module: nn.Module, dtype: torch.dtype) -> None:
        super().__init__(module, dtype)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._input: torch.Tensor = self._torch.empty(0)
        self._output: torch.Tensor = self._torch.empty(0)

    def place(self, images: torch.Tensor) -> torch.Tensor:
        """Copy images to where the graph reads them; record it when there is none for this batch.

        Raises:
            MemoryError: images or pass do not fit.
        """
        placed = super().place(images)
        if self._graph is None or self._input.shape != placed.shape:
            try:
                self._record(placed)
            except self._torch.OutOfMemoryError as error:
                raise self.too_large(len(images)) from error
        else:
            self._input.copy_(placed)
        return self._input

    def enqueue(self, images: torch.Tensor) -> torch.Tensor:
        """Start everything that was recorded. `images` is the memory that the graph reads."""
        assert self._graph is not None, "`place` records the graph"
        self._graph.replay()
        return self._output

    def _record(self, placed: torch.Tensor) -> None:
        torch = self._torch
        self._input = placed
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UPS):
                super().enqueue(placed)
        torch.cuda.current_stream().wait_stream(stream)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._output = super().enqueue(placed)
        self._graph = graph


def unavailable() -> str | None:
    """Why it cannot run here, or None."""
    import torch

    if not torch.cuda.is_available():
        see = command_line("plan", "--networks", "levit_128s", "--device", "cuda")
        return f"CUDA graphs need an NVIDIA GPU that torch can see. To see what is missing: {see}"
    return None


def load(case: Case, artifact: Path) -> _Graph:
    """The network on the GPU; its graph is recorded when the first images are placed.

    Raises:
        ValueError: the case is for another device.
    """
    if case.device != "cuda":
        raise ValueError(f"CUDA graphs run on cuda, not on {case.device}")
    cuda.prepare_process(case.precision)
    return _Graph(eager.rebuilt(case, artifact), cuda.dtype(case.precision))
