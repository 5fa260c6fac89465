"""Builder of the LeViT networks: their names, and the network for images of a size."""

from __future__ import annotations

from levit_bench.levit import RESOLUTION, LeViT, levit
from levit_bench.levit.sizes import SIZES, size_of
from levit_bench.records import ImageShape


def owns(name: str) -> bool:
    """Whether the name is one of `SIZES`, exactly."""
    return name in SIZES


def default_resolution(name: str) -> int:
    """224 pixels.

    Raises:
        LookupError: no size has that name.
    """
    size_of(name)
    return RESOLUTION


def build_for(name: str, shape: ImageShape) -> LeViT:
    """The network of that name for images of that height and width.

    Raises:
        LookupError: no size has that name.
        ValueError: the images are too small for it.
    """
    return levit(name, image_size=(shape.height, shape.width), in_channels=shape.channels)
