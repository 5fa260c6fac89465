"""What a model file says of itself: the images that it takes, the outputs that it gives, and the numbers in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from levit_bench.records import MOST_CHANNELS, Dtype, ImageShape

_STORED = "model.json"
_USUAL_RESOLUTION = 224
_IMAGE_CHANNELS = (1, 3, 4)
"""Channels by which an axis is told from height and width."""

Layout = Literal["NCHW", "NHWC"]
Numbers = Literal["fp32", "fp16", "int8"]


class ModelDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What a model file says of itself. Sizes that it leaves open are absent."""

    file: str
    """Its name, without its folder."""
    input: str = ""
    """Name of its input."""
    layout: Layout = "NCHW"
    """Order of batch, channels, height and width in its input."""
    dtype: Dtype = "float32"
    """Number type of its input."""
    is_typed: bool = True
    """Whether it says which channels and number type it takes; TorchScript does not."""
    batch: int | None = None
    """Images that every pass takes."""
    channels: int | None = None
    """Channels of its images."""
    height: int | None = None
    """In pixels."""
    width: int | None = None
    """In pixels."""
    symbols: tuple[str, ...] = ()
    """Names of the axes of its input that have one instead of a size; empty texts for the others."""
    outputs: tuple[str, ...] = ()
    """Its outputs, in their order, as messages name them."""
    logits: int = 0
    """Which of them is checked as logits."""
    numbers: Numbers = "fp32"
    """The coarsest number format that it computes in by itself."""
    stored: Numbers = "fp32"
    """The coarsest number format that its weights are kept in, whatever it computes in."""
    params: int | None = None
    """Its parameters; absent where they cannot be told from other constants."""

    @property
    def shape(self) -> ImageShape:
        """The images that it is meant for: the usual size and channels where it leaves them open."""
        height = self.height or self.width or _USUAL_RESOLUTION
        return ImageShape(self.channels or 3, height, self.width or height, self.dtype)

    def sizes(self, batch: int, shape: ImageShape) -> tuple[int, int, int, int]:
        """Sizes of its input for a batch of images, in its own order."""
        if self.layout == "NCHW":
            return batch, shape.channels, shape.height, shape.width
        return batch, shape.height, shape.width, shape.channels

    def problem_with(self, shape: ImageShape) -> str | None:
        """Why it cannot take such images; None where it can."""
        for axis in ("height", "width"):
            own, asked = getattr(self, axis), getattr(shape, axis)
            if own not in (None, asked):
                return f"its {axis} is fixed at {own} pixels, and {asked} are asked for"
        if not self.is_typed:
            return None
        if shape.channels != self.shape.channels:
            return f"it takes {self.shape.channels} channels, and {shape.channels} are stated"
        if shape.dtype != self.dtype:
            return f"it takes {self.dtype}, and {shape.dtype} is stated"
        return None

    def write(self, folder: Path) -> None:
        """Store it in a prepared folder."""
        (folder / _STORED).write_bytes(msgspec.json.encode(self))


def description_in(folder: Path) -> ModelDescription:
    """The description that `write` stored."""
    return msgspec.json.decode((folder / _STORED).read_bytes(), type=ModelDescription)


class Axes(msgspec.Struct, frozen=True, kw_only=True):
    """The axes of an input that holds images."""

    layout: Layout
    batch: int | None
    channels: int | None
    height: int | None
    width: int | None


def image_axes(name: str, sizes: Sequence[int | None]) -> Axes:
    """The axes of an input, by its sizes.

    Args:
        name: of the input.
        sizes: of its axes; None where one is open.

    Raises:
        ValueError: it holds no images, or its channels cannot be told from its height and width.
    """
    words = f"{name!r} ({', '.join('any' if size is None else str(size) for size in sizes)})"
    if len(sizes) != 4:
        raise ValueError(
            f"its input {words} is no batch of images, which has four axes: batch, channels, height, width"
        )
    layout = _layout(sizes[1:])
    if layout is None:
        raise ValueError(
            f"its input {words} does not say which axis holds the channels: {_IMAGE_CHANNELS[0]}, {_IMAGE_CHANNELS[1]} "
            f"or {_IMAGE_CHANNELS[2]}, or up to {MOST_CHANNELS} beside two equal sizes, are expected in the second "
            "(NCHW) or in the last one (NHWC). Export it with that size fixed"
        )
    batch, second, third, last = sizes
    if layout == "NCHW":
        return Axes(layout=layout, batch=batch, channels=second, height=third, width=last)
    return Axes(layout=layout, batch=batch, channels=last, height=second, width=third)


def _layout(sizes: Sequence[int | None]) -> Layout | None:
    """The order of channels, height and width in three sizes; None where they do not tell."""
    first, middle, last = sizes
    may_be_first, may_be_last = (size is not None and 1 <= size <= MOST_CHANNELS for size in (first, last))
    if may_be_first != may_be_last:
        return "NCHW" if may_be_first else "NHWC"
    if not may_be_first:
        return None
    if first in _IMAGE_CHANNELS or last in _IMAGE_CHANNELS:
        return "NCHW" if first in _IMAGE_CHANNELS else "NHWC"
    if (first == middle) == (middle == last):
        return None
    return "NCHW" if middle == last else "NHWC"


def one_input(names: Sequence[str]) -> None:
    """Refuse a model with no input, or several.

    Raises:
        ValueError: naming them.
    """
    if len(names) != 1:
        listing = ", ".join(map(repr, names[:4])) or "none"
        raise ValueError(f"it takes {len(names)} inputs ({listing}), and an image classifier takes one batch of images")


_FED: dict[str, Dtype] = {"float32": "float32", "float16": "float16", "uint8": "uint8"}


def fed_type(name: str, dtype: str) -> Dtype:
    """The number type of an input, by its name in numpy.

    Raises:
        ValueError: no images are fed in it.
    """
    if dtype not in _FED:
        raise ValueError(f"its input {name!r} holds {dtype}, and images are fed as {', '.join(_FED)}")
    return _FED[dtype]


def of_images(
    path: Path,
    image: str,
    dtype: Dtype,
    axes: Axes,
    outputs: Sequence[tuple[str, Sequence[int | None] | None]],
    *,
    numbers: Numbers,
    params: int | None,
    stored: Numbers = "fp32",
    symbols: tuple[str, ...] = (),
) -> ModelDescription:
    """The description of a model of images.

    Args:
        path: of its file.
        image: name of its input.
        dtype: number type that the input takes.
        axes: of the input.
        outputs: name and sizes of each; sizes are None where the file does not say.
        numbers: number format that it computes in.
        params: its parameters; None where they cannot be told.
        stored: number format that its weights are kept in.
        symbols: names of the input's open axes; empty texts for fixed ones.

    Raises:
        ValueError: no output can be logits.
    """
    return ModelDescription(
        file=path.name,
        input=image,
        layout=axes.layout,
        dtype=dtype,
        batch=axes.batch,
        channels=axes.channels,
        height=axes.height,
        width=axes.width,
        symbols=symbols,
        outputs=tuple(name for name, _ in outputs),
        logits=logits_among(outputs),
        numbers=numbers,
        stored=stored,
        params=params,
    )


def logits_among(outputs: Sequence[tuple[str, Sequence[int | None] | None]]) -> int:
    """Which output is checked as logits: the first of two axes.

    Args:
        outputs: name and sizes of each; sizes are None where the file does not say.

    Raises:
        ValueError: none can be logits (batch, classes).
    """
    for place, (_, sizes) in enumerate(outputs):
        if sizes is None or len(sizes) == 2:
            return place
    listing = ", ".join(
        f"{name!r} ({', '.join('any' if size is None else str(size) for size in sizes or ())})"
        for name, sizes in outputs[:4]
    )
    raise ValueError(f"none of its outputs holds logits (batch, classes): {listing or 'it has none'}")
