"""The five LeViT of the paper and the networks of its ablation, as plain data, and the token grids they work on.

Needs no torch; `network.py` builds the networks.

Source: Graham et al., "LeViT: a Vision Transformer in ConvNet's Clothing for Faster Inference", ICCV 2021,
arXiv:2104.01136v2: Table 2 (sizes), Table 5 and appendix A.2 (ablation). Where Table 2 gives LeViT-384's second shrink
18 heads, the authors' own code has 16, and so do the published weights and this file.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

Grid = tuple[int, int]
"""Rows and columns: of pixels, or of tokens."""
Three = tuple[int, int, int]
"""One number a stage."""


class Convolution(NamedTuple):
    """One layer of the stem."""

    width: int
    """Channels it gives."""
    kernel: int = 3
    stride: int = 2
    padding: int = 1


class StageSize(NamedTuple):
    """Blocks that share a token grid."""

    width: int
    """Channels of a token; C in the paper."""
    heads: int
    """Heads of its attention; N."""
    depth: int
    """Pairs of attention and MLP; X."""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """The hyperparameters of a LeViT. The defaults are those that the five of the paper share."""

    stem: tuple[Convolution, ...]
    """Pixels to tokens; Hardswish between the layers. The last width is the first stage's."""
    stages: tuple[StageSize, ...]
    """Between two of them stands a shrinking attention, which halves the grid."""
    key: int
    """Channels of a query and of a key, per head; D in the paper."""
    shrink_heads: tuple[int, ...]
    """Heads of each shrinking attention: one fewer than stages."""
    value_ratio: int = 2
    """Channels of a value over those of a key."""
    shrink_value_ratio: int = 4
    """The same in a shrinking attention."""
    mlp_ratio: int = 2
    """Hidden channels of an MLP over its width."""
    classifiers: int = 2
    """2: one learns from labels, one from a teacher. 1: no teacher."""
    drop_path: float = 0.0
    """Probability that training drops a residual branch, drawn for each image."""
    norm: Literal["batch", "layer"] = "batch"
    """batch: BatchNorm behind every convolution and linear layer, folded away for inference. layer: LayerNorm before
    every attention, MLP and classifier as in DeiT, biases in the layers, and no residual branch that starts at zero.
    The paper does not specify row A3 further; a stem with biases and without any normalisation is our reading."""
    position: Literal["bias", "embedding"] = "bias"
    """bias: learned per head and offset, added to the scores of every attention. embedding: added once, to the tokens
    that leave the stem."""
    value_activation: bool = True
    """Hardswish between an attention's sum of values and its projection."""


def _stem(width: int) -> tuple[Convolution, ...]:
    """Four 3×3 convolutions of stride 2, from an eighth of the width to all of it (section 4.2)."""
    return tuple(Convolution(width // part) for part in (8, 4, 2, 1))


def _size(widths: Three, key: int, heads: Three, depths: Three = (4, 4, 4), drop_path: float = 0.0) -> Size:
    """A size by Table 2: between stages, as many heads as keys fit into the width before."""
    return Size(
        stem=_stem(widths[0]),
        stages=tuple(StageSize(*row) for row in zip(widths, heads, depths, strict=True)),
        key=key,
        shrink_heads=tuple(width // key for width in widths[:-1]),
        drop_path=drop_path,
    )


_128S = _size((128, 256, 384), 16, (4, 6, 8), (2, 3, 4))
_ONE_HEAD = replace(_128S, classifiers=1)

SIZES = {
    "levit_128s": _128S,
    "levit_128": _size((128, 256, 384), 16, (4, 8, 12)),
    "levit_192": _size((192, 288, 384), 32, (3, 5, 6)),
    "levit_256": _size((256, 384, 512), 32, (4, 6, 8)),
    "levit_384": _size((384, 512, 768), 32, (6, 9, 12), drop_path=0.1),
    # The ablation of LeViT-128S, named by the rows of Table 5. All have one head, as its figures show.
    "levit_128s_one_head": _ONE_HEAD,
    # A1, without pyramid: one stage of the first grid throughout.
    "levit_128s_a1": replace(_ONE_HEAD, stem=_stem(114), stages=(StageSize(114, 3, 11),), key=19, shrink_heads=()),
    # A2, without the convolutions: 16×16 patches, as in ViT.
    "levit_128s_a2": replace(_ONE_HEAD, stem=(Convolution(128, kernel=16, stride=16, padding=0),)),
    # A3, without BatchNorm.
    "levit_128s_a3": replace(_ONE_HEAD, norm="layer"),
    # A4, without distillation: training differs, the network is the base.
    "levit_128s_a4": _ONE_HEAD,
    # A5, without attention bias.
    "levit_128s_a5": replace(_ONE_HEAD, position="embedding"),
    # A6, without wider blocks: values as narrow as keys, and an MLP ratio of 4 instead.
    "levit_128s_a6": replace(
        _ONE_HEAD,
        stem=_stem(120),
        stages=(StageSize(120, 4, 2), StageSize(180, 6, 3), StageSize(240, 8, 4)),
        key=30,
        shrink_heads=(16, 24),
        value_ratio=1,
        shrink_value_ratio=1,
        mlp_ratio=4,
    ),
    # A7, without attention activation.
    "levit_128s_a7": replace(_ONE_HEAD, value_activation=False),
}
"""By name. `levit_128s_one_head` is the base of the ablation, `levit_128s_a1` to `levit_128s_a7` are its rows."""


def grids(size: Size, image: Grid) -> tuple[Grid, ...]:
    """The token grid (rows, columns) of each stage for images of (height, width) pixels.

    Raises:
        ValueError: a shrink would meet a grid of one row or column, or the stem leaves nothing.
    """
    by_axis = [_sides(size, side) for side in image]
    if not all(by_axis):
        least = next(side for side in range(1, 10_000) if _sides(size, side))
        raise ValueError(
            f"an image of {image[0]}×{image[1]} pixels is too small for {len(size.stages)} stages: "
            f"height and width must be at least {least}. Enlarge the images first."
        )
    return tuple(zip(*by_axis, strict=True))


def _sides(size: Size, pixels: int) -> list[int]:
    """Tokens along one axis in each stage; empty when there are too few pixels."""
    side = pixels
    for layer in size.stem:
        side = (side + 2 * layer.padding - layer.kernel) // layer.stride + 1
    sides = [side]
    for _ in size.shrink_heads:
        sides.append(shrunk(sides[-1]))
    # Every shrink has to make the grid smaller; a kernel larger than the image leaves no token.
    return sides if pixels > 0 and min(sides) > 0 and len(set(sides)) == len(sides) else []


def shrunk(side: int) -> int:
    """Tokens along one axis after a shrinking attention, which keeps every second, the first included."""
    return (side - 1) // 2 + 1


def size_of(name: str) -> Size:
    """The size of that name.

    Raises:
        LookupError: no size has that name.
    """
    if name not in SIZES:
        raise LookupError(f"no LeViT is called {name!r}; there are {', '.join(SIZES)}")
    return SIZES[name]
