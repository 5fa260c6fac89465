"""Checks that a checkpoint's tensors fit a network, with errors that name the cause: size, heads, image size, values.

Nothing is changed here. Of several causes, the error names the one that explains the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import torch
from msgspec.structs import replace

from levit_bench.levit.attention_bias import distances
from levit_bench.levit.checkpoint import WeightsError, listed
from levit_bench.levit.checkpoint_layouts import State
from levit_bench.levit.network import LeViT
from levit_bench.levit.sizes import SIZES, Grid, Size, grids

TABLES = ("bias.table", "position.table")
"""How the names of learned positions end."""
_FIRST = "stem.layers.0.conv.weight"
_HEAD = "head.linear.weight"
_SECOND = "distilled_head."
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_Shapes = Mapping[str, tuple[int, ...]]


def check_shapes(state: State, network: LeViT) -> None:
    """Every tensor of the network is there and no other, each of its shape; tables of positions may differ in length.

    Raises:
        WeightsError: otherwise.
    """
    file_shapes, network_shapes = shapes(state.tensors), shapes(network.state_dict())
    if _body(file_shapes) != _body(network_shapes):
        _check_size(state, network, file_shapes, network_shapes)
    _check_heads(state, file_shapes, network_shapes)
    _check_names(state, file_shapes, network_shapes)
    differing = [name for name in network_shapes if not _alike(name, file_shapes[name], network_shapes[name])]
    if differing:
        _refuse_shapes(state, differing, file_shapes, network_shapes)


def check_tables(state: State, size: Size, image_size: Grid) -> None:
    """Every table of positions has the length that images of (height, width) pixels give it.

    Raises:
        WeightsError: a table has another; names the image size that it belongs to, if there is one.
        ValueError: the image is too small for that LeViT.
    """
    token_grids = grids(size, image_size)
    for name, tensor in state.tensors.items():
        rows, columns = _grid_of(name, token_grids)
        if name.endswith(TABLES) and _places(name, tuple(tensor.shape)) != rows * columns:
            fitting_sizes = image_sizes(shapes(state.tensors), size)
            raise WeightsError(
                f"{state.path}: {listed([state.named(name)])} is {tuple(tensor.shape)} and should be "
                f"{_with_places(name, tuple(tensor.shape), rows * columns)}, {rows}×{columns} places, if the weights "
                f"were made for images of {_pixels(image_size)}. "
                + (
                    f"Its tables begin with {_pixels(grids(size, fitting_sizes[0])[0])} places: "
                    f"say image_size={_either(fitting_sizes)}."
                    if fitting_sizes
                    else "Its tables belong to no image size."
                )
            )
        if _is_index(name, state.tensors):
            place = distances((rows, columns), 2 if ".shrink." in name else 1)
            if tensor.shape != place.shape or not torch.equal(tensor.long(), place):
                raise WeightsError(
                    f"{state.path}: {listed([state.named(name)])} orders the table of biases otherwise than the "
                    "published networks do. Load the file with the program that wrote it, and sort the table by rows."
                )


def check_numbers(state: State, network: LeViT) -> None:
    """Every tensor converts to the network's type and stays finite.

    Raises:
        WeightsError: otherwise.
    """
    for name, parameter in network.state_dict().items():
        tensor, key = state.tensors[name], listed([state.named(name)])
        fits = tensor.dtype in _FLOATS if parameter.is_floating_point() else _is_integer(tensor)
        if not fits:
            raise WeightsError(
                f"{state.path}: {key} is {tensor.dtype} and should be {parameter.dtype} or what converts to it. "
                "Save the network as it was trained; what counts batches stays an integer."
            )
        if not bool(tensor.isfinite().all()):
            count = int((~tensor.isfinite()).sum())
            raise WeightsError(
                f"{state.path}: {key} has {count} numbers of {tensor.numel()} that are infinite or none (NaN). "
                "One is enough to spoil every logit: take an earlier checkpoint of that training."
            )
        if not bool(tensor.to(parameter.dtype).isfinite().all()):
            raise WeightsError(
                f"{state.path}: {key} holds numbers too large for the network's {parameter.dtype}, up to "
                f"{float(tensor.abs().max()):.3g}. Load into a float32 network."
            )
        if name.endswith("running_var") and bool((tensor < 0).any()):
            raise WeightsError(f"{state.path}: {key} holds a variance below zero. {_TRAINED}")


def shapes(tensors: Mapping[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    """Shapes by name, without the indices into tables, which are not weights."""
    return {name: tuple(tensor.shape) for name, tensor in tensors.items() if not _is_index(name, tensors)}


def sizes_held(file_shapes: _Shapes) -> dict[str, Size]:
    """The sizes that have those shapes, whatever the image, the classes and the channels of images.

    Where only the number of heads is another, the size with that number.
    """
    body, heads = _body(file_shapes), 2 if any(name.startswith(_SECOND) for name in file_shapes) else 1
    out = {}
    for name, size in SIZES.items():
        if file_shapes.get(_FIRST, ())[:1] == (size.stem[0].width,):  # building them all takes a second
            with torch.device("meta"):
                like = LeViT(size)
            if _body(shapes(like.state_dict())) == body:
                out[name] = size
    with_heads = {name: size for name, size in out.items() if size.classifiers == heads}
    return with_heads or {name: replace(size, classifiers=heads) for name, size in out.items()}


def image_sizes(file_shapes: _Shapes, size: Size) -> list[Grid]:
    """The (height, width) for which all tables have those lengths, in steps of the stem's stride; square ones first."""
    step = prod(layer.stride for layer in size.stem)
    lengths = {name: _places(name, shape) for name, shape in file_shapes.items() if name.endswith(TABLES)}
    longest = min(max(lengths.values(), default=0), 10**6)
    out = []
    for rows in (rows for rows in range(1, longest + 1) if longest % rows == 0):
        image = (rows * step, longest // rows * step)
        try:
            token_grids = grids(size, image)
        except ValueError:
            continue
        if all(prod(_grid_of(name, token_grids)) == length for name, length in lengths.items()):
            out.append(image)
    return sorted(out, key=lambda image: abs(image[0] - image[1]))


_TRAINED = "Save the network as it was trained."


def _check_size(state: State, network: LeViT, file_shapes: _Shapes, network_shapes: _Shapes) -> None:
    file_sizes = sizes_held(file_shapes)
    if not file_sizes:
        return
    own_name = next((name for name, size in SIZES.items() if size == network.size), "a size of its own")
    where = [
        name
        for name in network_shapes
        if name in file_shapes and not _alike(name, file_shapes[name], network_shapes[name])
    ]
    example = f": {_difference(state, where[0], file_shapes, network_shapes)}" if where else ""
    name = next(iter(file_sizes))
    raise WeightsError(
        f"{state.path}: holds {name}, and the network is {own_name}{example}. Build what the file holds: "
        f"levit({name!r})."
    )


def _check_heads(state: State, file_shapes: _Shapes, network_shapes: _Shapes) -> None:
    added = {name for name in file_shapes.keys() ^ network_shapes.keys() if name.startswith(_SECOND)}
    if added and not any(name.startswith(_SECOND) for name in network_shapes):
        raise WeightsError(
            f"{state.path}: has two heads, the second trained by a teacher ({listed(map(state.named, added))}), and "
            "the network has one. The published accuracies are those of both together: build the size with two, "
            "such as levit('levit_128s') where 'levit_128s_one_head' has one."
        )
    if added and not any(name.startswith(_SECOND) for name in file_shapes):
        raise WeightsError(
            f"{state.path}: has one head, and the network two ({listed(added)} are missing). Build the size with one: "
            "levit(msgspec.structs.replace(SIZES[name], classifiers=1))."
        )


def _check_names(state: State, file_shapes: _Shapes, network_shapes: _Shapes) -> None:
    missing, extra = network_shapes.keys() - file_shapes.keys(), file_shapes.keys() - network_shapes.keys()
    folded = [name for name in extra if name.endswith(("linear.bias", "conv.bias"))]
    if folded and any(".norm." in name for name in missing):
        raise WeightsError(
            f"{state.path}: BatchNorm is folded away: {listed(map(state.named, folded))} stand where {listed(missing)} "
            "should be. Folding cannot be undone: load the file as it was trained."
        )
    problems = []
    if missing:
        problems.append(f"{len(missing)} tensors of the network are missing ({listed(missing)}, by our names)")
    if extra:
        problems.append(f"{len(extra)} tensors of the file belong nowhere ({listed(map(state.named, extra))})")
    if problems:
        raise WeightsError(
            f"{state.path}: {', and '.join(problems)}. A file has to hold every tensor of the network and no other: "
            "save the whole state_dict() of the same LeViT."
        )


def _refuse_shapes(state: State, differing: list[str], file_shapes: _Shapes, network_shapes: _Shapes) -> None:
    problem = f"{state.path}: {_difference(state, differing[0], file_shapes, network_shapes)}"
    more = f" ({len(differing) - 1} more differ)" if len(differing) > 1 else ""
    if all(
        "head.linear." in name and file_shapes[name][1:] == network_shapes[name][1:] != file_shapes[name]
        for name in differing
    ):
        head = _HEAD if _HEAD in differing else differing[0]
        problem = f"{state.path}: {_difference(state, head, file_shapes, network_shapes)}"
        classes = {file_shapes[name][0] for name in differing}
        if len(classes) == 1 and len(differing) == sum("head.linear." in name for name in network_shapes):
            count = classes.pop()
            raise WeightsError(
                f"{problem}{more}: its heads tell {count} classes apart, the network's {network_shapes[_HEAD][0]}. "
                f"Build the network with classes={count}; to train others, load first and then replace the heads."
            )
    if (
        differing == [_FIRST]
        and len(file_shapes[_FIRST]) == 4
        and file_shapes[_FIRST][2:] == network_shapes[_FIRST][2:]
    ):
        raise WeightsError(
            f"{problem}: it was made for images of {file_shapes[_FIRST][1]} channels. "
            f"Build the network with in_channels={file_shapes[_FIRST][1]}."
        )
    if turned := next(
        (
            name
            for name in differing
            if len(network_shapes[name]) == 2 and file_shapes[name] == network_shapes[name][::-1]
        ),
        None,
    ):
        raise WeightsError(
            f"{state.path}: {_difference(state, turned, file_shapes, network_shapes)}{more}: it is transposed, as "
            "other frameworks keep it (inputs × outputs). Transpose every matrix, the square ones too, or take a file "
            "of PyTorch's."
        )
    if any(sorted(file_shapes[name]) == sorted(network_shapes[name]) for name in differing):
        raise WeightsError(
            f"{problem}{more}: the axes are in another order, as other frameworks keep them. Take a file of PyTorch's."
        )
    raise WeightsError(f"{problem}{more}. It is of another network: build the size that the file was saved from.")


def _difference(state: State, name: str, file_shapes: _Shapes, network_shapes: _Shapes) -> str:
    shape = str(file_shapes[name])[:80]
    return f"{listed([state.named(name)])} is {shape} in the file and {network_shapes[name]} in the network"


def _alike(name: str, file_shape: tuple[int, ...], network_shape: tuple[int, ...]) -> bool:
    if name.endswith(TABLES):
        return len(file_shape) == len(network_shape) and _with_places(name, file_shape, 0) == _with_places(
            name, network_shape, 0
        )
    return file_shape == network_shape


def _body(file_shapes: _Shapes) -> dict[str, tuple[int, ...]]:
    """Shapes that distinguish sizes: all but heads, lengths of tables and channels of images."""
    out = {}
    for name, shape in file_shapes.items():
        if name.startswith((_SECOND, "head.")):
            continue
        if name.endswith(TABLES):
            out[name] = _with_places(name, shape, 0)
        else:
            out[name] = shape[:1] + shape[2:] if name == _FIRST else shape
    return out


def _places(name: str, shape: tuple[int, ...]) -> int:
    """Places of a table: a bias is laid out as (heads, places), an embedding as (places, channels)."""
    return shape[-1] if name.endswith("bias.table") else shape[0]


def _with_places(name: str, shape: tuple[int, ...], places: int) -> tuple[int, ...]:
    return (*shape[:-1], places) if name.endswith("bias.table") else (places, *shape[1:])


def _grid_of(name: str, token_grids: tuple[Grid, ...]) -> Grid:
    """The grid of the keys that a table is about: a shrink's keys are the stage's before."""
    if not name.startswith("stages."):
        return token_grids[0]
    return token_grids[int(name.split(".")[1]) - (".shrink." in name)]


def _is_index(name: str, tensors: Mapping[str, torch.Tensor]) -> bool:
    """Whether it is the index from query and key to the table: not a weight, and equal in all networks of a size."""
    return name.endswith("bias.index") and name.removesuffix("index") + "table" in tensors


def _is_integer(tensor: torch.Tensor) -> bool:
    return not tensor.is_floating_point() and not tensor.is_complex() and tensor.dtype != torch.bool


def _either(images: list[Grid]) -> str:
    """The square image sizes, or all where none is square, in words."""
    square = [image for image in images if image[0] == image[1]]
    return " or ".join(map(str, (square or images)[:4]))


def _pixels(pair: Grid) -> str:
    return f"{pair[0]}×{pair[1]}"
