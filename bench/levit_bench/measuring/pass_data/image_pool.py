"""A pool of many distinct images for passes, stored as a few parts.

Each is the sum of one of `side` left parts and one of `side` right ones, so that side² of them take the memory of two
times `side`, and writing one is a single pass over its pixels. The right part is rolled by a number of rows that
depends on the left part: else an image would be the sum and difference of three others, and so would a linear layer's
output.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import torch

from levit_bench.measuring.pass_data.images import GREY, images
from levit_bench.records import ImageShape

PARTS = (0, 1)
"""The sets of images that left and right parts are made of."""
_SHARE = 0.5**0.5  # The sum of two independent parts has the deviation of one image.


class ImagePool(NamedTuple):
    """Parts of images, and the images that are their sums."""

    left: torch.Tensor
    """(side, channels, height, width), in the number type of the images."""
    right: torch.Tensor
    """The same for the right parts."""
    sums: tuple[int, ...]
    """Which sums are images of the pool: left part times `side` plus right part."""

    @property
    def size(self) -> int:
        """Number of distinct images."""
        return len(self.sums)

    def write(self, index: int, out: torch.Tensor, change: float = 0.0) -> None:
        """Write image `index` (channels, height, width) into `out`, which has its device and number format.

        Args:
            index: from 0 to `size` - 1.
            out: where it is written.
            change: relative change of its right part, for a slightly different image; ignored for bytes.
        """
        side, height = len(self.right), out.shape[1]
        left, right = divmod(self.sums[index], side)
        alpha = 1.0 + change if self.left.is_floating_point() else 1
        rows = (left * max(1, height // side) + right) % height
        left_part, right_part = self.left[left], self.right[right]
        upper, lower = slice(None, height - rows), slice(height - rows, None)
        torch.add(left_part[:, upper], right_part[:, rows:], alpha=alpha, out=out[:, upper])
        torch.add(left_part[:, lower], right_part[:, :rows], alpha=alpha, out=out[:, lower])

    def batch(self, indices: Sequence[int], change: float = 0.0) -> torch.Tensor:
        """These images in memory of their own: (len(indices), channels, height, width)."""
        out = torch.empty(len(indices), *self.left.shape[1:], dtype=self.left.dtype, device=self.left.device)
        for row, index in zip(out, indices, strict=True):
            self.write(index, row, change)
        return out

    def on(self, device: torch.device) -> ImagePool:
        """The same pool in the memory of a device."""
        return self._replace(left=self.left.to(device), right=self.right.to(device))


@functools.lru_cache(maxsize=4)
def image_pool(side: int, shape: ImageShape, seed: int) -> ImagePool:
    """A pool of all side² images; the parts of a smaller pool are the first ones of a larger.

    The cases of a process share it, so its parts must not be written to.

    Args:
        side: parts of each kind.
        shape: of an image.
        seed: the session's seed.
    """
    with torch.inference_mode(mode=False):  # The result is cached for callers outside of it, too.
        left, right = (images(side, shape, seed, stream) for stream in PARTS)
    if left.is_floating_point():
        left, right = left * _SHARE, right * _SHARE
    else:
        left, right = _bytes(left), _bytes(right)
    return ImagePool(left, right, tuple(range(side**2)))


def _bytes(part: torch.Tensor) -> torch.Tensor:
    """Bytes whose sums neither overflow nor differ from an image in mean and deviation, near enough."""
    shifted = part.float() * _SHARE - (_SHARE - 0.5) * GREY
    return shifted.round().clamp(0, 127).to(torch.uint8)
