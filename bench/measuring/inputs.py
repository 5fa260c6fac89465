"""Images made from a seed: the same ones in every process.

Refuses to know which network they are for. Smooth blobs with noise on top, in the range of normalised photographs:
white noise alone averages out in global pooling, and every image would look the same to a convolutional network.
"""

from __future__ import annotations

import torch

DISTINCT = 64
"""So many images differ; in larger batches they come again: outputs are checked without a large reference."""


def images(count: int, resolution: int, seed: int, stream: int, channels: int = 3) -> torch.Tensor:
    """Float32 images of shape (count, channels, resolution, resolution), mean 0 and deviation of order one.

    Args:
        count: how many; the first k of a larger count are the same images, and image k + 64 is image k.
        resolution: height and width in pixels.
        seed: the session's seed.
        stream: 0 and 1 are the two sets that outputs are checked on; others are for calibration.
        channels: 3, or 1 for the first of them alone.
    """
    seeds = [(seed * 1_000_003 + stream * 10_007 + index) % 2**63 for index in range(min(count, DISTINCT))]
    distinct = torch.stack([_image(resolution, one)[:channels] for one in seeds])
    return distinct if count <= DISTINCT else distinct[torch.arange(count) % DISTINCT]


def _image(resolution: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    blobs = torch.randn(1, 3, 7, 7, generator=generator)
    size = (resolution, resolution)
    smooth = torch.nn.functional.interpolate(blobs, size=size, mode="bilinear", align_corners=False)[0]
    # Near one: an image far outside the calibrated statistics saturates attention, and rounding errors grow.
    contrast = 0.8 + 0.4 * torch.rand(1, generator=generator)
    tint = 0.25 * torch.randn(3, 1, 1, generator=generator)
    return contrast * smooth + tint + 0.25 * torch.randn(3, *size, generator=generator)
