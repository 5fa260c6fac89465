"""A network that is ready to run in this process: what seats need of it, whatever executes it and wherever it is.

Refuses to know runtimes and devices: both make such objects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # The parent asks for names only, and must stay light.
    import torch
    from torch import nn


class Loaded(Protocol):
    """A network ready to run in this process."""

    def place(self, images: torch.Tensor) -> torch.Tensor:
        """Images (batch, 3, r, r) in fp32, put where and how passes read them: once, untimed."""

    def run(self, images: torch.Tensor) -> torch.Tensor:
        """One pass over what `place` returned last; may return before the device is done."""

    def synchronise(self) -> None:
        """Wait until the device is done."""

    def fetch(self, output: torch.Tensor) -> torch.Tensor:
        """What a pass returned, as fp32 logits (batch, classes) in the processor's memory: untimed."""

    def device_seconds(self) -> tuple[float, ...]:
        """Seconds that the device itself says each pass took, since asked last; empty when it has no clock."""


def copies_of(loaded: Loaded, images: torch.Tensor) -> tuple[float | None, float | None]:
    """Seconds in which images are copied to the device, from usual and from pinned memory; None where nothing is.

    Asked of the object's own method `copy_seconds`, if it has one. A device without room for another batch has no such
    figure, and its case is as good as any.
    """
    told: Callable[[torch.Tensor], tuple[float, float]] | None = getattr(loaded, "copy_seconds", None)
    try:
        return told(images) if callable(told) else (None, None)
    except (MemoryError, RuntimeError):  # torch's own errors of memory are of the latter kind.
        return None, None


def module_of(loaded: Loaded) -> nn.Module | None:
    """The module whose operators a pass calls one by one on the processor; None where there is nothing to look into.

    Asked of the object's own method `module`, if it has one: a runtime that knows better says so.
    """
    told: Callable[[], nn.Module | None] | None = getattr(loaded, "module", None)
    return told() if callable(told) else None


class InProcess:
    """A network that runs on the processor of this process: what most runtimes load."""

    def __init__(self, run: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self.run = run

    def module(self) -> nn.Module | None:
        """What is run, where that is a module of Python's: neither compiled nor of a script's."""
        from torch import jit, nn

        run = self.run
        if not isinstance(run, nn.Module) or isinstance(run, jit.ScriptModule):
            return None
        compiled = hasattr(run, "_orig_mod") or getattr(run, "_compiled_call_impl", None) is not None
        return None if compiled else run

    def place(self, images: torch.Tensor) -> torch.Tensor:
        """They are where they should be."""
        return images

    def synchronise(self) -> None:
        """A processor has nothing to wait for."""

    def fetch(self, output: torch.Tensor) -> torch.Tensor:
        """It is where it should be."""
        return output

    def device_seconds(self) -> tuple[float, ...]:
        """No clock but the one that passes are timed with."""
        return ()


class Rearranged:
    """A loaded network that is handed its images in another arrangement."""

    def __init__(self, held: Loaded, arrange: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self._held = held
        self._arrange = arrange
        # Its own: a pass goes through nothing in between.
        self.run, self.synchronise = held.run, held.synchronise
        self.fetch, self.device_seconds = held.fetch, held.device_seconds
        self.copy_seconds: Callable[[torch.Tensor], tuple[float, float]] | None = getattr(held, "copy_seconds", None)

    def place(self, images: torch.Tensor) -> torch.Tensor:
        """Where and how passes read them."""
        return self._held.place(self._arrange(images))
