"""Recipe for building the same network again in another process: the seed and how logits are taken out of its output.

Stored beside the network's weights.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from levit_bench.errors import one_line

if TYPE_CHECKING:
    from torch import nn

_FILE = "recipe.json"
_SHIPPED = "shipped.safetensors"


class OutputStep(msgspec.Struct, frozen=True):
    """One step from what a network returns to its logits."""

    key: int | str
    """Place, key or name."""
    attribute: bool = False
    """Whether it is the name of an attribute."""


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """How the logits are taken out of a network's output."""

    steps: tuple[OutputStep, ...] = ()
    """Path to the logits, the outermost step first; empty where it returns them."""
    squeezed: bool = False
    """Whether it returns (classes,) for a batch of one."""
    grows: bool = False
    """Whether some of its parameters are created in its first pass."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that building depends on besides the name and the size of the images."""

    seed: int = 0
    """Of all generators, set before the network is built."""
    serving: Serving | None = None
    """Absent: not found out yet."""

    def write(self, folder: Path) -> None:
        """Store it in a prepared folder."""
        (folder / _FILE).write_bytes(msgspec.json.encode(self))


class Looked(NamedTuple):
    """Facts of a network from a throwaway build."""

    serving: Serving = Serving()
    outputs: tuple[str, ...] = ()
    """All tensors that it returns, by how they are named and their shape, where they are several."""
    chosen: str = ""
    """Which of them the user named; empty: none."""
    taken: tuple[str, ...] = ()
    """Wrappers of the plain module, such as `torch.compile`."""
    headless: bool = False
    """Whether it was built without its classifier, and returns features."""


def keep_weights(network: nn.Module, folder: Path) -> None:
    """Store the weights of a network as shipped, for forms that derive others from them."""
    import safetensors.torch

    safetensors.torch.save_model(network, str(folder / _SHIPPED))


def filling(folder: Path) -> Callable[[nn.Module], None] | None:
    """A function that loads the weights that `keep_weights` stored; None where it stored none."""
    file = folder / _SHIPPED
    if not file.is_file():
        return None

    def fill(network: nn.Module) -> None:
        load_weights(network, file)

    return fill


def load_weights(network: nn.Module, file: Path) -> None:
    """Load the weights of a prepared network into one that was built anew.

    Raises:
        ValueError: they do not fit.
    """
    import safetensors.torch

    try:
        safetensors.torch.load_model(network, file, strict=True)
    except RuntimeError as error:  # Torch's words begin with a heading; the first difference follows it.
        difference = next((line for line in str(error).splitlines()[1:] if line.strip()), str(error))
        raise ValueError(
            "its code builds another network in this process than where it was prepared "
            f"({one_line(difference)[:120]}). What it builds may depend on nothing but its arguments: not on time, "
            "process or files that change; after such a change, --fresh prepares it anew"
        ) from error


def read(folder: Path) -> Recipe:
    """The recipe of a prepared folder; the default where none is stored."""
    try:
        return msgspec.json.decode((folder / _FILE).read_bytes(), type=Recipe)
    except FileNotFoundError:
        return Recipe()
