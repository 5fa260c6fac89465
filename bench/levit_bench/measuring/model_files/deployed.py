"""A user's model as it is deployed: its file, run by a runtime, on images that are laid out as it takes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

import msgspec
import torch

from levit_bench.measuring import runtimes
from levit_bench.measuring.loaded_network import Loaded, copies_of
from levit_bench.measuring.model_files.description import ModelDescription
from levit_bench.records import Case

_TYPES = {"float32": torch.float32, "float16": torch.float16, "uint8": torch.uint8}


class _OpensFiles(Protocol):
    """What a runtime has that runs model files as they are."""

    def open_file(self, case: Case, model: Path, description: ModelDescription) -> Loaded:
        """The model of a file, whose passes read images in the file's own layout and number type."""


def fed(images: torch.Tensor, description: ModelDescription) -> torch.Tensor:
    """Images (batch, channels, height, width) as a model takes them: in its own layout and number type."""
    images = images.to(_TYPES[description.dtype])
    return images.contiguous() if description.layout == "NCHW" else images.permute(0, 2, 3, 1).contiguous()


class Arranged:
    """A loaded model whose images are in its own layout and number type, seen as (batch, channels, height, width)."""

    def __init__(self, loaded: Loaded, description: ModelDescription) -> None:
        self._loaded = loaded
        self._description = description
        self._is_last = description.layout == "NHWC"
        self._placed: torch.Tensor | None = None
        # Its own methods, so that a timed pass has no additional call.
        self.run: Callable[[torch.Tensor], torch.Tensor] = self._run_placed if self._is_last else loaded.run
        self.synchronise, self.device_seconds = loaded.synchronise, loaded.device_seconds

    def place(self, images: torch.Tensor) -> torch.Tensor:
        """Images where passes read them; writing to what is returned changes them."""
        placed = self._loaded.place(fed(images, self._description))
        if not self._is_last:
            return placed
        self._placed = placed
        return placed.permute(0, 3, 1, 2)

    def fetch(self, output: torch.Tensor) -> torch.Tensor:
        """Logits in fp32."""
        return self._loaded.fetch(output).float()

    def module(self) -> torch.nn.Module | None:
        """The module that a pass calls, where it is one of Python."""
        module: Callable[[], torch.nn.Module | None] = getattr(self._loaded, "module", lambda: None)
        return None if self._is_last else module()

    def copy_seconds(self, images: torch.Tensor) -> tuple[float | None, float | None]:
        """As `loaded_network.copies_of`."""
        return copies_of(self._loaded, images)

    def _run_placed(self, _: torch.Tensor) -> torch.Tensor:
        assert self._placed is not None
        return self._loaded.run(self._placed)


def opened(case: Case, model: Path, description: ModelDescription) -> Arranged:
    """The model of a file, ready to run in this process.

    Raises:
        ValueError: the runtime refuses it, with the reason.
    """
    runtime = cast("_OpensFiles", runtimes.get(case.runtime))
    return Arranged(runtime.open_file(case, model, description), description)


def opens_files(runtime: str) -> bool:
    """Whether a runtime opens model files itself; others of `FACTS.model_files` prepare the module in them."""
    return hasattr(runtimes.get(runtime), "open_file")


class ReferenceModel:
    """A model that answers any number of images in fp32, also where its file fixes the batch.

    What it is short of is filled up with the last image, whose answers are left out.
    """

    def __init__(self, case: Case, model: Path, description: ModelDescription) -> None:
        self.case = msgspec.structs.replace(case, precision="fp32")
        self.batch = description.batch
        """Images of every pass; absent where any number is taken."""
        self._model = model
        self._description = description
        self._opened: tuple[int, Arranged] | None = None

    @torch.inference_mode()
    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (batch, classes) of images (batch, channels, height, width)."""
        count = len(images)
        size = max(self.batch or count, count)
        missing = size - count
        batch = torch.cat([images, images[-1:].expand(missing, -1, -1, -1)]) if missing else images
        loaded = self._of_batch(size)
        output = loaded.run(loaded.place(batch))
        return loaded.fetch(output)[:count].clone()

    def _of_batch(self, size: int) -> Arranged:
        if self._opened is None or self._opened[0] != size:
            case = msgspec.structs.replace(self.case, batch=size)
            self._opened = size, opened(case, self._model, self._description)
        return self._opened[1]
