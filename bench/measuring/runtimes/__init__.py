"""What executes a network: the contract, and the runtimes by name.

Refuses to know any runtime in particular: one file each, third parties under the entry-point group
`levit_bench.runtimes`.
"""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bench.errors import UsageError
from bench.measuring.loaded import InProcess, Loaded

if TYPE_CHECKING:
    # The parent asks for names only, and must stay light.
    import torch
    from torch import nn

    from bench.records import Case

__all__ = ["ENTRY_POINTS", "InProcess", "Loaded", "Runtime", "check_device", "get", "names"]

_BUILT_IN = {"eager": ("cpu", "cuda"), "cuda-graphs": ("cuda",)}
"""Those of the suite, with the devices they run on."""
ENTRY_POINTS = "levit_bench.runtimes"


class Runtime(Protocol):
    """What a runtime module or object offers."""

    def unavailable(self) -> str | None:
        """Why it cannot run here and what would make it run, or None."""

    def prepare(self, network: nn.Module, example: torch.Tensor, folder: Path) -> Path:
        """Do what is expensive, once a session; return the file that `load` reads. May use any number of threads.

        Args:
            network: in evaluation mode, with its weights, in the form that its case asks for.
            example: one image (1, channels, r, r).
            folder: where the file goes.
        """

    def load(self, case: Case, artifact: Path) -> Loaded:
        """Load in a fresh process, under `torch.inference_mode`, with threads and allocator already set.

        `bench.measuring.devices.get(case.device).hold` puts a module on the device of its case.

        Args:
            case: names the network, its form, resolution and precision, should the file not hold everything.
            artifact: what `prepare` returned.
        """

    def threads(self) -> int:
        """Intra-operator threads that it will really use."""

    def versions(self) -> dict[str, str]:
        """Versions and build flags that can change its speed."""


def names() -> tuple[str, ...]:
    """Registered runtimes, built-in ones first."""
    return (*_BUILT_IN, *sorted(point.name for point in entry_points(group=ENTRY_POINTS)))


def check_device(name: str, device: str) -> None:
    """Refuse a runtime of the suite on a device that it does not know; others say so themselves, in `load`.

    Raises:
        UsageError: naming the runtimes that do.
    """
    if device not in _BUILT_IN.get(name, (device,)):
        able = [other for other, devices in _BUILT_IN.items() if device in devices]
        raise UsageError(f"runtime {name!r} does not run on {device}. Choose from {', '.join(able)}.")


def get(name: str) -> Runtime:
    """The runtime of that name.

    Raises:
        LookupError: there is none.
    """
    if name in _BUILT_IN:
        runtime: Runtime = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
        return runtime
    for point in entry_points(group=ENTRY_POINTS, name=name):
        found: Runtime = point.load()
        return found
    raise LookupError(f"unknown runtime {name!r}; known are {', '.join(names())}")
