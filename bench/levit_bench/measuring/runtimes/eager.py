"""Eager PyTorch: the forward of the network in its form, under inference mode."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from levit_bench.measuring import devices, evaluation_mode, forms
from levit_bench.measuring.loaded_network import InProcess, Loaded
from levit_bench.measuring.runtimes.facts import Facts
from levit_bench.records import Case

if TYPE_CHECKING:
    import torch
    from torch import nn

    from levit_bench.measuring.model_files.description import ModelDescription

FACTS = Facts(about="PyTorch as the network's code calls it", builds_network=True, model_files=("exported",))


def unavailable() -> str | None:
    """Always available: torch is a dependency."""
    return None


def prepare(case: Case, network: nn.Module, example: torch.Tensor, folder: Path) -> Path:
    """Store the weights and statistics; the code is the network's own."""
    import safetensors.torch

    artifact = folder / "eager.safetensors"
    safetensors.torch.save_model(network, str(artifact))
    return artifact


def load(case: Case, artifact: Path) -> Loaded:
    """Build the network anew, bring it into its form, fill in the prepared weights, and put it on its device."""
    return devices.get(case.device).hold(rebuilt(case, artifact), case.precision)


def open_file(case: Case, model: Path, description: ModelDescription) -> InProcess:
    """A user's exported program, operator by operator, in the numbers that it has.

    Raises:
        ValueError: the file cannot be read.
    """
    from levit_bench.measuring.model_files import exported_programs

    return InProcess(exported_programs.opened(model, description.logits))


def rebuilt(case: Case, artifact: Path) -> nn.Module:
    """The network in its form with the prepared weights, in evaluation mode, on the processor.

    No pass is made on it, and values that it caches from its parameters are computed anew after these were loaded.
    """
    from levit_bench.measuring.networks import recipe

    module = forms.build(case, recipe.read(artifact.parent), recipe.filling(artifact.parent))
    recipe.load_weights(module, artifact)
    evaluation_mode.renew(module)
    return module


def threads() -> int:
    """Threads of torch's own pool."""
    import torch

    return torch.get_num_threads()


def versions() -> dict[str, str]:
    """Versions of torch and of its libraries for products of matrices."""
    import torch

    out = {"torch": str(torch.__version__), "mkldnn": str(torch.backends.mkldnn.is_available())}
    if torch.cuda.is_initialized():
        cudnn = torch.backends.cudnn
        out |= {
            "gpu": torch.cuda.get_device_name(),
            "cuda": str(torch.version.cuda),
            "cudnn": str(cudnn.version()),
            "cudnn.benchmark": str(cudnn.benchmark),
            "cudnn.allow_tf32": str(cudnn.allow_tf32),
            "matmul.allow_tf32": str(torch.backends.cuda.matmul.allow_tf32),
        }
    return out
