"""The interface of a network that is ready to run in this process, for all runtimes and devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # The parent uses names only, and must not import torch.
    import torch
    from torch import nn


class Loaded(Protocol):
    """A network ready to run in this process."""

    def place(self, images: torch.Tensor) -> torch.Tensor:
        """Images (batch, 3, r, r) in fp32, moved to the device and layout that passes read: once, untimed."""

    def run(self, images: torch.Tensor) -> torch.Tensor:
        """One pass over what `place` returned last; may return before the device is done."""

    def synchronise(self) -> None:
        """Wait until the device is done."""

    def fetch(self, output: torch.Tensor) -> torch.Tensor:
        """Output of a pass as fp32 logits (batch, classes) in the processor's memory: untimed."""

    def device_seconds(self) -> tuple[float, ...]:
        """Seconds of each pass since the last call, by the device's own clock; empty when it has none."""


def copies_of(loaded: Loaded, images: torch.Tensor) -> tuple[float | None, float | None]:
    """Seconds to copy images to the device, from pageable and from pinned memory; None where nothing is copied.

    From the object's own method `copy_seconds`, if it has one. On a device without room for another batch the figures
    are absent; the case is measured as usual.
    """
    copy_seconds: Callable[[torch.Tensor], tuple[float, float]] | None = getattr(loaded, "copy_seconds", None)
    try:
        return copy_seconds(images) if callable(copy_seconds) else (None, None)
    except (MemoryError, RuntimeError):  # torch's own errors of memory are of the latter kind.
        return None, None


def module_of(loaded: Loaded) -> nn.Module | None:
    """The module whose operators a pass calls one by one on the processor; None where there is nothing to look into.

    From the object's own method `module`, if it has one.
    """
    get_module: Callable[[], nn.Module | None] | None = getattr(loaded, "module", None)
    return get_module() if callable(get_module) else None


class InProcess:
    """A network that runs on the processor of this process: what most runtimes load."""

    def __init__(self, run: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self.run = run

    def module(self) -> nn.Module | None:
        """The network, where it is a plain Python module, neither compiled nor scripted; else None."""
        from torch import jit, nn

        run = self.run
        if not isinstance(run, nn.Module) or isinstance(run, jit.ScriptModule):
            return None
        compiled = hasattr(run, "_orig_mod") or getattr(run, "_compiled_call_impl", None) is not None
        return None if compiled else run

    def place(self, images: torch.Tensor) -> torch.Tensor:
        """The images as they are: already in the processor's memory."""
        return images

    def synchronise(self) -> None:
        """Nothing to do: passes on a processor are over when they return."""

    def fetch(self, output: torch.Tensor) -> torch.Tensor:
        """The output as it is: already in the processor's memory."""
        return output

    def device_seconds(self) -> tuple[float, ...]:
        """Empty: a processor has no clock of its own."""
        return ()


class Rearranged:
    """A loaded network that reads its images in another memory layout."""

    def __init__(self, loaded: Loaded, arrange: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self._loaded = loaded
        self._arrange = arrange
        # Its own methods, so that a timed pass has no additional call.
        self.run, self.synchronise = loaded.run, loaded.synchronise
        self.fetch, self.device_seconds = loaded.fetch, loaded.device_seconds
        self.copy_seconds: Callable[[torch.Tensor], tuple[float, float]] | None = getattr(loaded, "copy_seconds", None)

    def place(self, images: torch.Tensor) -> torch.Tensor:
        """Images in the layout and place that passes read."""
        return self._loaded.place(self._arrange(images))
