"""This suite's implementation of LeViT: the five sizes of the paper, and the networks of its ablation.

Start with `network.py`; `sizes.py` defines the named sizes, and `loading.py` loads published weights. Fresh weights are
drawn from torch's global generator.
"""

from __future__ import annotations

from levit_bench.levit.checkpoint import WeightsError
from levit_bench.levit.loading import levit_from, load_weights, save_weights
from levit_bench.levit.network import LeViT
from levit_bench.levit.resizing import fitted, resized
from levit_bench.levit.sizes import SIZES, Grid, Size, size_of

__all__ = [
    "RESOLUTION",
    "SIZES",
    "LeViT",
    "Size",
    "WeightsError",
    "fitted",
    "levit",
    "levit_from",
    "load_weights",
    "resized",
    "save_weights",
]

RESOLUTION = 224


def levit(
    size: Size | str,
    *,
    image_size: int | Grid = RESOLUTION,
    classes: int = 1000,
    in_channels: int = 3,
    drop_path: float | None = None,
) -> LeViT:
    """A LeViT with fresh weights, in training mode.

    Args:
        size: a name such as "levit_128s", or a size of your own.
        image_size: pixels of a square, or (height, width). Nothing is published about accuracy at sizes but 224.
        classes: logits per image.
        in_channels: channels of the images.
        drop_path: probability that training drops a residual branch; the size's own when absent.

    Raises:
        LookupError: no size has that name.
        ValueError: the image is too small, or `drop_path` is not a probability.
    """
    return LeViT(
        size_of(size) if isinstance(size, str) else size,
        image_size=(image_size, image_size) if isinstance(image_size, int) else image_size,
        classes=classes,
        in_channels=in_channels,
        drop_path=drop_path,
    )
