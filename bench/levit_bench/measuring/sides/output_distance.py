"""How far the outputs of two sides lie apart: whether both compute the same network."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from levit_bench.measuring.pass_data.reference_files import common_outputs

_UNLIKE = 1e9
"""Stands for infinitely far: a file of results holds no infinity."""


class OutputDistance(NamedTuple):
    """Distance of the outputs of two sides for the same images."""

    apart: float
    """Relative L2 distance after each image's mean over classes was removed: the median over the images, since rounding
    alone can move the output for single ones."""
    allowed: float
    """The largest distance that rounding explains."""


def output_distance(first: Path, second: Path) -> OutputDistance:
    """Of the outputs that the preparation of both sides stored for the same images, in fp32.

    Two that return different numbers of classes are as far apart as can be told.

    Args:
        first: folder of side a's prepared network.
        second: that of side b's.
    """
    import numpy as np

    mine, theirs = common_outputs(first), common_outputs(second)
    allowed = max(mine.tolerance, theirs.tolerance)
    if mine.logits.shape != theirs.logits.shape:
        return OutputDistance(_UNLIKE, allowed)
    ours, others = (outputs.logits - outputs.logits.mean(1, keepdims=True) for outputs in (mine, theirs))
    norms = np.maximum(np.linalg.norm(ours, axis=1), np.finfo(np.float64).tiny)
    apart = float(np.median(np.linalg.norm(others - ours, axis=1) / norms))
    return OutputDistance(min(apart, _UNLIKE) if np.isfinite(apart) else _UNLIKE, allowed)
