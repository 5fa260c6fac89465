"""Loads published and own weights into this suite's LeViT, all of them or none, and saves them.

read      tensors of a file, nothing executed (`checkpoint.py`)
rename    timm's or the authors' names to ours (`checkpoint_layouts.py`)
check     names, shapes, tables, types, values; on any error nothing is written (`mismatches.py`)
fit       tables of positions, to the network's image size
write     in place: an optimizer, an average or a hook that holds the parameters keeps them
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import safetensors.torch
import torch
from msgspec.structs import replace

from levit_bench.levit.checkpoint import FilePath, WeightsError, listed, read, shown
from levit_bench.levit.checkpoint_layouts import State, by_our_names
from levit_bench.levit.mismatches import (
    TABLES,
    check_numbers,
    check_shapes,
    check_tables,
    image_sizes,
    shapes,
    sizes_held,
)
from levit_bench.levit.network import LeViT
from levit_bench.levit.resizing import fitted
from levit_bench.levit.sizes import SIZES, Grid, Size

PUBLISHED = (224, 224)
"""(height, width) in pixels that all published weights were made for."""
_SIZE = "levit_bench.size"
_IMAGE_SIZE = "levit_bench.image_size"


def load_weights(network: LeViT, path: FilePath, *, image_size: int | Grid | None = None) -> None:
    """Fill a LeViT from a file: every parameter and statistic, or none.

    Numbers are converted to the network's type and device: a half-precision file serves a float32 network. Mode,
    `requires_grad` and the parameters' identity stay.

    Args:
        network: the same LeViT as in the file, for images of any size.
        path: ends in .safetensors, .pth, .pt or .bin; from timm 1.0, the authors or `save_weights`.
        image_size: pixels that the weights were made for; when absent, that of the file's metadata, else 224. Tables
            of positions are resized from there to the network's (`resizing.py`).

    Raises:
        WeightsError: the file cannot be read, or does not fit; the network is then unchanged, bit for bit.
        ValueError: the image is too small for that LeViT.
    """
    _check_writable(network)
    state, stated_size, stated_image = _state(path)
    check_shapes(state, network)
    if stated_size and _without_drop(SIZES[stated_size]) != _without_drop(network.size):
        raise WeightsError(
            f"{state.path}: says that it holds {stated_size}, and the network has the same shapes but is another. "
            f"Build what the file holds: levit({stated_size!r})."
        )
    _fill(network, state, _agreed(state, image_size, stated_image) or PUBLISHED)


def levit_from(path: FilePath) -> LeViT:
    """A LeViT as a file holds it: its size, heads, classes, channels and image size; float32, in training mode.

    Files of `save_weights` name their size and image size. Otherwise they follow from shapes, as far as these tell: a
    square image if its grids fit.

    Raises:
        WeightsError: the file cannot be read, is not a size of `SIZES`, or may be several.
    """
    state, stated_size, stated_image = _state(path)
    file_shapes = shapes(state.tensors)
    sizes = sizes_held(file_shapes)
    if stated_size and stated_size not in sizes:
        raise WeightsError(
            f"{state.path}: says that it holds {stated_size}, and its shapes are those of "
            f"{' or '.join(sizes) or 'no LeViT that has a name'}. Fetch the file again."
        )
    if stated_size:
        sizes = {stated_size: sizes[stated_size]}
    if len({_without_drop(size) for size in sizes.values()}) != 1:
        raise WeightsError(
            f"{state.path}: its shapes are those of {' and of '.join(sizes) or 'no LeViT that has a name'}. "
            "Build the network that is meant, and call load_weights(network, path)."
        )
    size = next(iter(sizes.values()))
    head, stem = (file_shapes.get(name, ()) for name in ("head.linear.weight", "stem.layers.0.conv.weight"))
    images = [stated_image] if stated_image else image_sizes(file_shapes, size)
    if len(head) != 2 or not images or not head[0] * stem[1]:
        raise WeightsError(
            f"{state.path}: its heads, stem or tables of positions have shapes that no LeViT has. "
            "Save the network as it was trained."
        )
    image = images[0]
    if len(images) > 1 and image[0] != image[1]:
        raise WeightsError(
            f"{state.path}: does not say which way its images lie: image_size {' or '.join(map(str, images))}. "
            "Build the network, and call load_weights(network, path, image_size=...)."
        )
    network = LeViT(size, image_size=image, classes=head[0], in_channels=stem[1])
    check_shapes(state, network)
    _fill(network, state, image)
    return network


def save_weights(network: LeViT, path: FilePath) -> None:
    """Write a LeViT's weights by our names, with its size's name and image size in the header. Replaces a file at once.

    Raises:
        ValueError: the path does not end in .safetensors.
        OSError: it cannot be written.
    """
    file = Path(path)
    if file.suffix.lower() != ".safetensors":
        raise ValueError(f"weights are saved as .safetensors, and {shown(str(path))} ends otherwise")
    metadata = {"format": "pt", _IMAGE_SIZE: "x".join(map(str, network.image_size))}
    if name := next((name for name, size in SIZES.items() if size == network.size), None):
        metadata[_SIZE] = name
    state = {name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}
    unfinished = file.with_name(f"{file.name}.{os.getpid()}.unfinished")
    try:
        unfinished.write_bytes(safetensors.torch.save(state, metadata))
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _state(path: FilePath) -> tuple[State, str | None, Grid | None]:
    """The tensors by our names, and size and image size from the file's metadata."""
    checkpoint = read(path)
    stated, image = checkpoint.metadata.get(_SIZE), checkpoint.metadata.get(_IMAGE_SIZE)
    if stated is not None and stated not in SIZES:
        raise WeightsError(
            f"{checkpoint.path}: says that it holds {shown(stated)}, which is not a size of this version. "
            f"There are {', '.join(SIZES)}."
        )
    if image is None:
        return by_our_names(checkpoint), stated, None
    if not (pair := re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", image)):
        raise WeightsError(
            f"{checkpoint.path}: says that it was made for images of {shown(image)}; height x width in pixels is meant."
        )
    return by_our_names(checkpoint), stated, (int(pair[1]), int(pair[2]))


def _agreed(state: State, image_size: int | Grid | None, stated: Grid | None) -> Grid | None:
    """The image size that the caller or the file states; both have to agree."""
    pair = (image_size, image_size) if isinstance(image_size, int) else image_size
    if pair and stated and pair != stated:
        raise WeightsError(
            f"{state.path}: says that it was made for images of {stated} (height, width), not {pair}. "
            "Leave image_size out."
        )
    return pair or stated


def _fill(network: LeViT, state: State, image_size: Grid) -> None:
    """Check tables and values, and write."""
    check_tables(state, network.size, image_size)
    check_numbers(state, network)
    tensors = network.state_dict(keep_vars=True)
    values = {name: state.tensors[name] for name in tensors}
    if image_size != network.image_size:
        # In double precision, so that tables are rounded once, to the network's type.
        values |= {name: tensor.double() for name, tensor in values.items() if name.endswith(TABLES)}
        values = fitted(values, network, image_size)
    _write(values, tensors)


def _write(values: dict[str, torch.Tensor], tensors: dict[str, torch.Tensor]) -> None:
    before = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    try:
        _copy(values, tensors)
    except BaseException:  # an interrupt, too
        _copy(before, tensors)
        raise


def _copy(values: dict[str, torch.Tensor], tensors: dict[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, tensor in tensors.items():
            tensor.copy_(values[name])


def _check_writable(network: LeViT) -> None:
    tensors = network.state_dict(keep_vars=True)
    if nowhere := [name for name, tensor in tensors.items() if tensor.is_meta]:
        raise WeightsError(f"the network has no memory for {listed(nowhere)}. Build it on a device.")
    if fixed := [name for name, tensor in tensors.items() if tensor.is_inference()]:
        raise WeightsError(f"the network was built in torch.inference_mode ({listed(fixed)}). Build it outside.")


def _without_drop(size: Size) -> Size:
    return replace(size, drop_path=0.0)
