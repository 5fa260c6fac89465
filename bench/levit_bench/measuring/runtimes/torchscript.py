"""TorchScript: a traced and frozen graph, run by torch's own interpreter. How the LeViT paper measured.

Frozen, because that folds BatchNorms and drops what training alone needs, and is what a deployed trace was. Not
`torch.jit.optimize_for_inference`: it converts to layouts that are not saved, so that each process would do it again.
Torch has deprecated TorchScript in favour of `torch.export`; what is still deployed can still be timed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from levit_bench.measuring import devices
from levit_bench.measuring.loaded_network import InProcess, Loaded
from levit_bench.measuring.runtimes.eager import threads, unavailable, versions
from levit_bench.measuring.runtimes.facts import Facts
from levit_bench.measuring.runtimes.quiet_export import without_warnings
from levit_bench.records import Case

if TYPE_CHECKING:
    import torch
    from torch import nn

    from levit_bench.measuring.model_files.description import ModelDescription

__all__ = ["FACTS", "load", "open_file", "prepare", "threads", "unavailable", "versions"]

FACTS = Facts(
    about="a traced and frozen graph",
    devices=("cpu",),
    artifact_of=("batch",),
    making_s=1.0,
    model_files=("torchscript",),
)


def prepare(case: Case, network: nn.Module, example: torch.Tensor, folder: Path) -> Path:
    """Trace one pass and freeze it. What Python computes from sizes becomes constant, so each batch has its own."""
    import torch

    artifact = folder / "traced.pt"
    placed = devices.get(case.device).hold(network, case.precision).place(example)
    with torch.no_grad(), without_warnings():
        network(placed)  # Values that it caches in its first pass are there, as in every later pass.
        # A second trace to compare with is not needed: the outputs are checked against eager, on two inputs.
        traced = torch.jit.trace(network, placed, check_trace=False)
        torch.jit.save(torch.jit.freeze(traced), artifact)
    return artifact


def load(case: Case, artifact: Path) -> Loaded:
    """The graph, with its weights as constants. It is optimised in its first two passes, which are slow."""
    import torch

    with without_warnings():
        return devices.get(case.device).hold(torch.jit.load(artifact), case.precision)


def open_file(case: Case, model: Path, description: ModelDescription) -> InProcess:
    """A user's module as it was saved: neither frozen nor converted here.

    Raises:
        ValueError: the file cannot be read.
    """
    from levit_bench.measuring.model_files import torchscript_models

    return InProcess(torchscript_models.passes_of(model))
