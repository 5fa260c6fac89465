"""Programs that `torch.export.save` stored.

Such a file holds pickles: its example inputs, and in some layouts its weights. They are read as weights alone (tensors
and plain containers), so that no pickle of a file can call anything. The program itself is code.
"""

from __future__ import annotations

import logging
import os
import pickle
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from levit_bench.errors import one_line
from levit_bench.measuring.model_files.description import (
    ModelDescription,
    fed_type,
    image_axes,
    of_images,
    one_input,
)
from levit_bench.measuring.runtimes.quiet_export import without_warnings

if TYPE_CHECKING:
    import torch
    from torch import nn


def describe(path: Path) -> ModelDescription:
    """What an exported program says of itself.

    Raises:
        ValueError: it is none, or not one of images.
    """
    program = _program(path)
    inputs = program.graph_signature.user_inputs
    one_input(list(map(str, inputs)))
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    name = str(inputs[0])
    image = values.get(name)
    if image is None or not hasattr(image, "shape"):
        raise ValueError(f"its input {name!r} is no tensor")
    dtype = fed_type(name, str(image.dtype).removeprefix("torch."))
    axes = image_axes(name, _sizes(image))
    outputs = [
        (str(output), _sizes(values[output]) if hasattr(values.get(output), "shape") else [])
        for output in program.graph_signature.user_outputs
    ]
    parameters = list(program.parameters())
    sizes = [parameter.dtype.itemsize for parameter in parameters if parameter.is_floating_point()]
    return of_images(
        path,
        name,
        dtype,
        axes,
        outputs,
        numbers="fp16" if sizes and min(sizes) < 4 else "fp32",
        params=sum(parameter.numel() for parameter in parameters) or None,
    )


def opened(path: Path, logits: int) -> nn.Module:
    """The program as a module that returns one of its outputs.

    Args:
        path: of the file.
        logits: the place of that output.

    Raises:
        ValueError: the file holds none.
    """
    from torch import nn
    from torch.utils._pytree import tree_leaves

    program = _program(path)
    module: nn.Module = program.module()
    # Its mode is part of the program: the module refuses to change it, also where nothing would change.
    module.train = lambda mode=True: module  # type: ignore[method-assign]
    module.eval = lambda: module  # type: ignore[method-assign]
    if program.call_spec.out_spec.is_leaf():
        return module

    class OneOutput(nn.Module):
        """Takes the logits out of the program's output."""

        def __init__(self) -> None:
            super().__init__()
            self.program = module

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            output: torch.Tensor = tree_leaves(self.program(images))[logits]
            return output

    return OneOutput()


def _program(path: Path) -> Any:  # noqa: ANN401 (torch's class is loaded late)
    """The program of a file.

    Raises:
        ValueError: the file holds none, or a pickle of something else than weights.
    """
    import torch

    names = _members(path)
    if any("/aotinductor/" in name for name in names):
        raise ValueError(
            "it is a package of AOTInductor, which does not say what images it takes. Give the program that it was "
            "compiled from (torch.export.save), and name --runtime compile"
        )
    # torch.export.load gives these to pickle itself, which has no way to read weights alone.
    if any(f"/constants/{_PICKLED_OBJECTS}" in name for name in names):
        raise ValueError(_OTHER_PICKLE)
    logger = logging.getLogger("torch.export")
    before, logger.disabled = logger.disabled, True  # It prints the traceback of what is raised below.
    try:
        with without_warnings(), _weights_alone():
            return torch.export.load(path)
    except Exception as error:
        if any(isinstance(one, pickle.UnpicklingError) for one in _chain(error)):
            raise ValueError(_OTHER_PICKLE) from error
        cause = error.__cause__ or error.__context__ or error
        raise ValueError(f"torch.export.load cannot read it: {one_line(str(cause))[:150]}") from error
    finally:
        logger.disabled = before


_PICKLED_OBJECTS = "opaque_obj"
"""Beginning of the names of constants that are pickles of any object."""
_OTHER_PICKLE = (
    "it holds a pickle of something else than tensors, which may call any function when it is read, and is not read. "
    "Save the program again with torch.export.save, exported from images alone"
)


def _members(path: Path) -> list[str]:
    """Names of the files in an archive, in lower case: torch looks them up in any case.

    Raises:
        ValueError: the file is not an archive.
    """
    import torch

    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise ValueError("it is no exported program, or not a whole one: save it with torch.export.save") from error
    # As torch's own reader sees it, too, which is the one that loads: two readers may disagree about a forged archive.
    # It refuses archives of torch 2.7 and earlier, which torch reads by `zipfile`.
    with suppress(RuntimeError):
        names += [f"/{name}" for name in torch._C.PyTorchFileReader(str(path)).get_all_records()]
    return [name.lower() for name in names]


@contextmanager
def _weights_alone() -> Iterator[None]:
    """Let each `torch.load` of this process read tensors and plain containers alone, also where it asks for more.

    `torch.export.load` asks for more, and tries the rest after a refusal. The variable is torch's own, and rules over
    the argument of the call.
    """
    before = {name: os.environ.pop(name, None) for name in _PICKLES_RULED_BY}
    os.environ[_PICKLES_RULED_BY[0]] = "1"
    try:
        yield
    finally:
        del os.environ[_PICKLES_RULED_BY[0]]
        os.environ.update({name: value for name, value in before.items() if value is not None})


_PICKLES_RULED_BY = ("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD")
"""The variable that forbids, and the one that allows and must not be set beside it."""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what it was raised from, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _sizes(tensor: Any) -> list[int | None]:  # noqa: ANN401
    """Sizes of a traced tensor; those that are symbols are open."""
    return [size if isinstance(size, int) else None for size in tensor.shape]
