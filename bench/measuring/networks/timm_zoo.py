"""Networks of timm: by their catalog name, or by any name timm knows."""

from __future__ import annotations

from typing import Any

from torch import nn

from bench.catalog import entries
from bench.measuring.timm_import import import_timm


def owns(name: str) -> bool:
    """Every name that no other builder took."""
    return True


def names() -> list[str]:
    """All architectures that the installed timm builds, sorted."""
    timm: Any = import_timm()
    return sorted(timm.list_models())


def default_resolution(name: str) -> int:
    """The catalog's resolution, or the one timm's own configuration states.

    Raises:
        LookupError: timm does not know the name.
    """
    entry = next((entry for entry in entries() if entry.name == name), None)
    if entry is not None:
        return entry.resolution
    config = import_timm().models.get_pretrained_cfg(_architecture(name))
    return int(config.input_size[-1]) if config else 224


def build(name: str, resolution: int) -> nn.Module:
    """A timm network without pretrained weights.

    Raises:
        LookupError: timm does not know the name.
        ValueError: the network cannot be built for that resolution.
    """
    timm: Any = import_timm()
    architecture = _architecture(name)
    config = timm.models.get_pretrained_cfg(architecture)
    size = tuple(config.input_size)[-2:] if config else (resolution, resolution)
    # Position tables and attention biases are cut for one input size and must be told; convolutions need not.
    sized = config is not None and config.fixed_input_size and size != (resolution, resolution)
    kwargs = {"img_size": resolution} if sized else {}
    try:
        network: nn.Module = timm.create_model(architecture, pretrained=False, **kwargs)
    except (TypeError, AssertionError) as error:
        raise ValueError(f"{architecture} cannot be built for {resolution} px: {error}") from error
    return network


def _architecture(name: str) -> str:
    timm: Any = import_timm()
    architecture = next((entry.timm_name for entry in entries() if entry.name == name), None) or name
    if not timm.is_model(architecture):
        raise LookupError(f"timm {timm.__version__} does not know {architecture!r}")
    return architecture
