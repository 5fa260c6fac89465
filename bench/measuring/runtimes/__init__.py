"""What executes a network: the contract, and the runtimes by name.

Refuses to know any runtime in particular: one file each, third parties under the entry-point group
`levit_bench.runtimes`.
"""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # The parent asks for names only, and must stay light.
    import torch
    from torch import nn

    from bench.records import Case

_BUILT_IN = ("eager",)
ENTRY_POINTS = "levit_bench.runtimes"


class Loaded(Protocol):
    """A network ready to run in this process."""

    def run(self, images: torch.Tensor) -> torch.Tensor:
        """One pass over images (batch, 3, r, r); may return before the device is done."""

    def synchronise(self) -> None:
        """Wait until the device is done."""


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


def get(name: str) -> Runtime:
    """The runtime of that name.

    Raises:
        LookupError: there is none.
    """
    if name in _BUILT_IN:
        runtime: Runtime = importlib.import_module(f"{__name__}.{name}")
        return runtime
    for point in entry_points(group=ENTRY_POINTS, name=name):
        found: Runtime = point.load()
        return found
    raise LookupError(f"unknown runtime {name!r}; known are {', '.join(names())}")
