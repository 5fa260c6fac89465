"""Recognises the naming of a checkpoint's tensors (this suite's, timm's or the authors'), and renames them to ours.

Names alone decide, in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch

from levit_bench.levit.checkpoint import Checkpoint, WeightsError, listed
from levit_bench.levit.weight_names import authors_shrinks, from_authors, from_timm, to_timm

_WRAPPERS = ("module.", "_orig_mod.")
"""Prefixes that DistributedDataParallel and torch.compile add to every name."""


class State(NamedTuple):
    """A checkpoint's tensors by our names."""

    path: str
    """The path, quoted for messages."""
    tensors: dict[str, torch.Tensor]
    """By our names; a tensor without a name of ours keeps its own."""
    keys: dict[str, str]
    """The file's own name for each of ours."""

    def named(self, name: str) -> str:
        """The file's name of a tensor, for messages."""
        return self.keys.get(name, name)


class _Layout(NamedTuple):
    rename: Callable[[str], str]
    """Converts their name to ours; KeyError where there is none."""
    weight: str
    """The part of their layers that holds the weight, before BatchNorm is folded into it."""


def by_our_names(checkpoint: Checkpoint) -> State:
    """The tensors by our names, weights of 1×1 convolutions in the shape of linear layers.

    Raises:
        WeightsError: the names are not those of a LeViT, BatchNorm is folded away, or two names mean the same tensor.
    """
    unwrapped = {_without_wrappers(key): key for key in checkpoint.tensors}
    if len(unwrapped) < len(checkpoint.tensors):
        twice = set(checkpoint.tensors) - set(unwrapped.values())
        raise WeightsError(f"{checkpoint.path}: holds some tensors twice, such as {listed(twice)}. Keep one of each.")
    layout = _layout_of(checkpoint.path, unwrapped)
    tensors: dict[str, torch.Tensor] = {}
    keys: dict[str, str] = {}
    for file_name, key in unwrapped.items():
        our_name = _renamed(layout, file_name) or file_name
        if our_name in tensors:
            raise WeightsError(
                f"{checkpoint.path}: {listed([keys[our_name], key])} both name {our_name}. Keep the one that is meant."
            )
        tensors[our_name] = _as_linear(our_name, checkpoint.tensors[key])
        keys[our_name] = key
    return State(checkpoint.path, tensors, keys)


def _layout_of(path: str, names: Iterable[str]) -> _Layout:
    """The layout that most of the names belong to."""
    names = list(names)
    shrinks = authors_shrinks(names)
    layouts = (
        _Layout(_our_name, "linear"),
        _Layout(from_timm, "linear"),
        _Layout(lambda name: from_authors(name, shrinks), "c"),
    )
    counts = [sum(_renamed(layout, name) is not None for name in names) for layout in layouts]
    folded = [[name for name in names if _is_folded(layout, name)] for layout in layouts]
    if any(folded):
        affected = next(layout_names for layout_names in folded if layout_names)
        raise WeightsError(
            f"{path}: BatchNorm is folded into {len(affected)} of its tensors, such as {listed(affected[:1])}: layers "
            "have biases where normalisations should be. Folding cannot be undone: load the file as it was trained. "
            "The authors' own program folds when it is called with --eval, also what it then saves."
        )
    if not max(counts):
        raise WeightsError(
            f"{path}: holds no LeViT whose names are known: {listed(names) or 'no tensor at all'}. Names are read as "
            "this package, timm 1.0 (levit_*, levit_conv_*) and the authors' own code give them"
            + ("; transformers' are not" if any(name.startswith("levit.") for name in names) else "")
            + "."
        )
    return layouts[counts.index(max(counts))]


def _our_name(name: str) -> str:
    # Only row A3 of the ablation has norms before layers, and only A5 an embedding; timm has neither.
    if name != "position.table" and ".before." not in name:
        to_timm(name)
    return name


def _renamed(layout: _Layout, name: str) -> str | None:
    try:
        return layout.rename(name)
    except KeyError:
        return None


def _is_folded(layout: _Layout, name: str) -> bool:
    """Whether a layer that should have parts is itself a weight or a bias."""
    place, _, tensor = name.rpartition(".")
    return (
        tensor in {"weight", "bias"}
        and "." in place  # a head's name alone says too little
        and _renamed(layout, name) is None
        and _renamed(layout, f"{place}.{layout.weight}.{tensor}") is not None
    )


def _without_wrappers(name: str) -> str:
    while wrapper := next((prefix for prefix in _WRAPPERS if name.startswith(prefix)), None):
        name = name.removeprefix(wrapper)
    return name


def _as_linear(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """The weight of a 1×1 convolution without its last two axes."""
    if name.endswith("linear.weight") and tensor.ndim == 4 and tensor.shape[2:] == (1, 1):
        return tensor[:, :, 0, 0]
    return tensor
