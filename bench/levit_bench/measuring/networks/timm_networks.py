"""Builder of timm's networks, by their catalog name or by any name that timm has.

Both refer to timm's registry as it was when timm was imported, without what users' files registered since.
"""

from __future__ import annotations

from functools import cache

from torch import nn

from levit_bench.catalog.entries import entries
from levit_bench.catalog.installed import timm_architectures
from levit_bench.measuring.networks import timm_registry
from levit_bench.measuring.networks.timm_import import import_timm
from levit_bench.records import ImageShape


def owns(name: str) -> bool:
    """Whether it is a name of the catalog or of timm, without importing timm."""
    if ":" in name:  # A user's; timm's files need not be read to know.
        return False
    return any(entry.name == name for entry in entries()) or name.partition(".")[0] in _timm_names()


def names() -> list[str]:
    """All architectures that the installed timm builds, sorted."""
    return _timm().names()


def default_resolution(name: str) -> tuple[int, int]:
    """The catalog's height and width, or those that timm's own configuration states.

    Raises:
        LookupError: timm does not know the name.
    """
    entry = next((entry for entry in entries() if entry.name == name), None)
    if entry is not None:
        return entry.resolution, entry.resolution
    config = _timm().config(_architecture(name))
    height, width = config.input_size[-2:] if config else (224, 224)
    return int(height), int(width)


def build_for(name: str, shape: ImageShape) -> nn.Module:
    """A timm network without pretrained weights.

    Raises:
        LookupError: timm does not know the name, or is no longer itself in this process.
        ValueError: the network cannot be built for images of that height and width.
    """
    architecture, timm = _architecture(name), _timm()
    config = timm.config(architecture)
    asked_size = (shape.height, shape.width)
    size = tuple(config.input_size)[-2:] if config else asked_size
    # Position tables and attention biases are made for one input size, which must be passed; convolutions fit any.
    sized = config is not None and config.fixed_input_size and size != asked_size
    kwargs = {"img_size": shape.height if shape.height == shape.width else asked_size} if sized else {}
    try:
        return timm.build(architecture, **kwargs)
    except (TypeError, AssertionError) as error:
        raise ValueError(f"{architecture} cannot be built for {shape.size} px: {error}") from error


def _architecture(name: str) -> str:
    architecture = next((entry.timm_name for entry in entries() if entry.name == name), None) or name
    timm = _timm()
    if not timm.knows(architecture):
        raise LookupError(f"timm {timm.version} does not know {architecture!r}")
    return architecture


@cache
def _timm_names() -> frozenset[str]:
    return timm_architectures() or frozenset()


def _timm() -> timm_registry.Timm:
    return timm_registry.copy_of(import_timm())
