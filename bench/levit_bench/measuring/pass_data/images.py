"""Random images drawn from a seed: the same ones in every process.

Smooth blobs with noise on top, in the range of normalised photographs: white noise alone averages out in global
pooling, and every image would look the same to a convolutional network.
"""

from __future__ import annotations

import torch

from levit_bench.records import ImageShape

__all__ = ["DISTINCT", "ImageShape", "images"]

DISTINCT = 64
"""Number of distinct images; larger batches repeat them, so that outputs are checked without a large reference."""
GREY = 116.0
"""Mean of ImageNet's bytes, near enough."""
_SPREAD = 58.0  # Their deviation.


def images(count: int, shape: ImageShape, seed: int, stream: int) -> torch.Tensor:
    """Images of shape (count, channels, height, width): float32 with mean 0 and deviation of order one, or uint8.

    Images of float16 come as float32, too: they are rounded where a pass reads them.

    Args:
        count: how many; the first k of a larger count are the same images, and image k + 64 is image k.
        shape: of one image. An image with fewer channels has the first channels of one with more.
        seed: the session's seed.
        stream: 0 and 1 are the two sets that outputs are checked on; others are for calibration.
    """
    seeds = [(seed * 1_000_003 + stream * 10_007 + index) % 2**63 for index in range(min(count, DISTINCT))]
    distinct = torch.stack([_as_stored(_image(shape, image_seed), shape) for image_seed in seeds])
    return distinct if count <= DISTINCT else distinct[torch.arange(count) % DISTINCT]


def _image(shape: ImageShape, seed: int) -> torch.Tensor:
    """Channels in groups of three, as red, green and blue: the first three do not depend on how many follow."""
    generator = torch.Generator().manual_seed(seed)
    size = (shape.height, shape.width)
    contrast: torch.Tensor | None = None
    threes = []
    for _ in range(0, shape.channels, 3):
        blobs = torch.randn(1, 3, 7, 7, generator=generator)
        smooth = torch.nn.functional.interpolate(blobs, size=size, mode="bilinear", align_corners=False)[0]
        if contrast is None:
            # Near one: an image far outside the calibrated statistics saturates attention, and rounding errors grow.
            contrast = 0.8 + 0.4 * torch.rand(1, generator=generator)
        tint = 0.25 * torch.randn(3, 1, 1, generator=generator)
        threes.append(contrast * smooth + tint + 0.25 * torch.randn(3, *size, generator=generator))
    return torch.cat(threes)[: shape.channels]


def _as_stored(image: torch.Tensor, shape: ImageShape) -> torch.Tensor:
    """The image as float32, or as the bytes that it is the normalised form of."""
    if shape.dtype != "uint8":
        return image
    return (GREY + _SPREAD * image).round().clamp(0, 255).to(torch.uint8)
