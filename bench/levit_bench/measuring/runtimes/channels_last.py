"""Eager PyTorch with the channels of a pixel side by side in memory: `torch.channels_last`.

Convolutions of processors and GPUs compute in that layout without converting. Images are converted untimed, as a
deployment would load them in that layout; conversions within the network are timed.
"""

from __future__ import annotations

from pathlib import Path

from levit_bench.measuring import devices
from levit_bench.measuring.loaded_network import Loaded, Rearranged
from levit_bench.measuring.runtimes import eager
from levit_bench.measuring.runtimes.eager import prepare, threads, unavailable, versions
from levit_bench.measuring.runtimes.facts import Facts
from levit_bench.records import Case

__all__ = ["FACTS", "load", "prepare", "threads", "unavailable", "versions"]

FACTS = Facts(about="the same with the channels of a pixel side by side in memory", builds_network=True)


def load(case: Case, artifact: Path) -> Loaded:
    """The network on its device, weights and images with the channels last."""
    import torch

    module = eager.rebuilt(case, artifact)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    loaded = devices.get(case.device).hold(module, case.precision)
    return Rearranged(loaded, lambda images: images.contiguous(memory_format=torch.channels_last))
