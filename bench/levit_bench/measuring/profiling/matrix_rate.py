"""Rate at which this machine multiplies square matrices: that of a network that is one large product."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import torch

_SIZES = (256, 512, 1024, 2048, 4096, 8192)
_TIMES = 5
LONG_S = 0.05
"""A product that takes longer is the last one, unless the rate still grows with the size."""
_GROWS = 1.5
"""Times the rate of the size before from which the rate is said to grow. Where other work interrupts the threads, each
small product waits longer for them than it computes, and only a large one shows the rate."""


class MatrixRate(NamedTuple):
    """The fastest product of those tried."""

    flops: float
    """Floating-point operations a second: two for each multiply-accumulate."""
    size: int
    """Rows and columns of its matrices."""


def best_rate(like: torch.Tensor, synchronise: Callable[[], None], *, longest_s: float = LONG_S) -> MatrixRate:
    """The rate of the best of several products, with the threads of this process.

    Args:
        like: gives the matrices' device and, where it is in floating point, their number format.
        synchronise: waits until the device is done.
        longest_s: a product that takes longer is the last, unless the rate still grows with the size.
    """
    best = MatrixRate(0.0, 0)
    for size in _SIZES:
        seconds = _best_s(size, like, synchronise)
        rate = 2 * size**3 / seconds
        grows = rate > _GROWS * best.flops
        best = max(best, MatrixRate(rate, size))
        if seconds > longest_s and not grows:
            break
    return best


def format_like(like: torch.Tensor) -> torch.dtype:
    """The number format that products are made in."""
    return like.dtype if like.is_floating_point() else torch.float32


def _best_s(size: int, like: torch.Tensor, synchronise: Callable[[], None]) -> float:
    first, second = (torch.ones(size, size, dtype=format_like(like), device=like.device) for _ in range(2))
    out = torch.mm(first, second)
    synchronise()
    seconds = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        torch.mm(first, second, out=out)
        synchronise()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
