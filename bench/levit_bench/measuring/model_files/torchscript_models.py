"""TorchScript files: `torch.jit.save` of a traced, scripted or frozen module.

The format does not say which images a module takes: the size is the one that is asked for, else 224 pixels.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from levit_bench.errors import one_line
from levit_bench.measuring.model_files.description import ModelDescription, one_input
from levit_bench.measuring.runtimes.quiet_export import without_warnings

if TYPE_CHECKING:
    import torch
    from torch import nn


def describe(path: Path) -> ModelDescription:
    """What a TorchScript file says of itself.

    Raises:
        ValueError: it is none, or its forward takes other arguments than one tensor.
    """
    module: Any = opened(path)
    arguments = [argument for argument in module.forward.schema.arguments[1:] if not argument.has_default_value()]
    one_input([argument.name for argument in arguments])
    if str(arguments[0].type) != "Tensor":
        raise ValueError(f"its input {arguments[0].name!r} is a {arguments[0].type}, and images are one tensor")
    returned = str(module.forward.schema.returns[0].type)
    if returned != "Tensor" and not returned.startswith(("Tuple[Tensor", "Tensor[]", "List[Tensor")):
        raise ValueError(f"it returns a {returned}. Save a module that returns logits (batch, classes), or them first")
    floats = [parameter.dtype.itemsize for parameter in module.parameters() if parameter.is_floating_point()]
    return ModelDescription(
        file=path.name,
        input=arguments[0].name,
        is_typed=False,
        outputs=("output",) if returned == "Tensor" else ("output[0]", "further ones"),
        numbers="fp16" if floats and min(floats) < 4 else "fp32",
        params=sum(parameter.numel() for parameter in module.parameters()) or None,  # A frozen one has none.
    )


def passes_of(path: Path) -> Callable[[torch.Tensor], torch.Tensor]:
    """What makes a pass and returns the first output.

    Raises:
        ValueError: as `opened`.
    """
    module: Any = opened(path)
    if str(module.forward.schema.returns[0].type) == "Tensor":
        passes: Callable[[torch.Tensor], torch.Tensor] = module
        return passes
    return lambda images: module(images)[0]


def opened(path: Path) -> nn.Module:
    """The module, in evaluation mode. Code of its own is executed in passes, by torch's interpreter.

    Raises:
        ValueError: the file holds none.
    """
    import torch

    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.partition("/")[2] for name in archive.namelist()]
    except zipfile.BadZipFile as error:
        raise ValueError("it is no TorchScript file, or not a whole one: save it with torch.jit.save") from error
    if "constants.pkl" not in names:
        raise ValueError(
            "it is no TorchScript file but one of torch.save, such as a checkpoint. Name a function that builds the "
            "network (nets.py:build), or save the network with torch.jit.save(torch.jit.trace(network, images), file)"
        )
    try:
        with without_warnings():
            module: nn.Module = torch.jit.load(path, map_location="cpu")
    except Exception as error:
        raise ValueError(f"torch.jit.load cannot read it: {one_line(str(error))[:150]}") from error
    if getattr(module, "training", False):
        module.eval()
    return module
