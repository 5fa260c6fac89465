"""Networks of timm: by their catalog name, or by any name timm knows."""

from __future__ import annotations

from typing import Any

from torch import nn

from bench.catalog import entries
from bench.measuring.timm_import import import_timm
from bench.records import ImageShape


def owns(name: str) -> bool:
    """Every name that no other builder took."""
    return True


def names() -> list[str]:
    """All architectures that the installed timm builds, sorted."""
    timm: Any = import_timm()
    return sorted(timm.list_models())


def default_resolution(name: str) -> tuple[int, int]:
    """The catalog's height and width, or those that timm's own configuration states.

    Raises:
        LookupError: timm does not know the name.
    """
    entry = next((entry for entry in entries() if entry.name == name), None)
    if entry is not None:
        return entry.resolution, entry.resolution
    config = import_timm().models.get_pretrained_cfg(_architecture(name))
    height, width = config.input_size[-2:] if config else (224, 224)
    return int(height), int(width)


def build_for(name: str, shape: ImageShape) -> nn.Module:
    """A timm network without pretrained weights.

    Raises:
        LookupError: timm does not know the name.
        ValueError: the network cannot be built for images of that height and width.
    """
    timm: Any = import_timm()
    architecture = _architecture(name)
    config = timm.models.get_pretrained_cfg(architecture)
    wanted = (shape.height, shape.width)
    size = tuple(config.input_size)[-2:] if config else wanted
    # Position tables and attention biases are cut for one input size and must be told; convolutions need not.
    sized = config is not None and config.fixed_input_size and size != wanted
    kwargs = {"img_size": shape.height if shape.height == shape.width else wanted} if sized else {}
    try:
        network: nn.Module = timm.create_model(architecture, pretrained=False, **kwargs)
    except (TypeError, AssertionError) as error:
        raise ValueError(f"{architecture} cannot be built for {shape.size} px: {error}") from error
    return network


def _architecture(name: str) -> str:
    timm: Any = import_timm()
    architecture = next((entry.timm_name for entry in entries() if entry.name == name), None) or name
    if not timm.is_model(architecture):
        raise LookupError(f"timm {timm.__version__} does not know {architecture!r}")
    return architecture
