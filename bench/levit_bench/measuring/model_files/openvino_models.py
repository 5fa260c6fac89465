"""Descriptions of models in OpenVINO's own format, an `.xml` beside a `.bin`, which the engine reads."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

from levit_bench.measuring.model_files.description import (
    ModelDescription,
    Numbers,
    fed_type,
    image_axes,
    of_images,
    one_input,
)
from levit_bench.measuring.runtimes.openvino import engine, reason_of

_FLOATS = ("float32", "float16", "bfloat16", "float64")


_INTEGERS = {"int8", "uint8", "int4", "uint4"}


def describe(path: Path) -> ModelDescription:
    """What a model in OpenVINO's format says of itself.

    Raises:
        ValueError: it is none, or not one of images.
    """
    if not path.read_bytes()[:200].lstrip().startswith((b"<?xml", b"<net")):
        raise ValueError("it is no model of OpenVINO: it does not begin with <?xml or <net")
    try:
        model = engine().Core().read_model(str(path))
    except RuntimeError as error:
        raise ValueError(f"OpenVINO cannot read it: {reason_of(error)}") from error
    names = [_name(port) for port in model.inputs]
    one_input(names)
    image = model.inputs[0]
    dtype = fed_type(names[0], _type_name(image))
    axes = image_axes(names[0], _sizes(image))
    outputs = [(_name(port), _sizes(port)) for port in model.outputs]
    kinds = {operation.get_type_name() for operation in model.get_ops()}
    return of_images(
        path,
        names[0],
        dtype,
        axes,
        outputs,
        numbers="int8" if "FakeQuantize" in kinds else "fp32",  # It computes in fp32 on half-precision weights.
        stored=_stored(model),
        params=None if "FakeQuantize" in kinds else _params(model),
    )


def _stored(model: Any) -> Numbers:  # noqa: ANN401 (the engine has no types)
    types = _constant_types(model)
    if types & _INTEGERS:
        return "int8"
    return "fp16" if types & {"float16", "bfloat16"} else "fp32"


def _constant_types(model: Any) -> set[str]:  # noqa: ANN401
    """Number types of its constants, but for single numbers."""
    constants = [operation.output(0) for operation in model.get_ops() if operation.get_type_name() == "Constant"]
    return {_type_name(port) for port in constants if prod(port.get_shape()) > 1}


def _params(model: Any) -> int | None:  # noqa: ANN401 (the engine has no types)
    """Numbers in constants of floating point, but for single ones; None where some weights are integers."""
    constants = [operation.output(0) for operation in model.get_ops() if operation.get_type_name() == "Constant"]
    if _constant_types(model) & _INTEGERS:
        return None
    return sum(n for port in constants if _type_name(port) in _FLOATS and (n := prod(port.get_shape())) > 1) or None


def _name(port: Any) -> str:  # noqa: ANN401
    return str(port.get_any_name()) if port.get_names() else f"port {port.get_index()}"


def _type_name(port: Any) -> str:  # noqa: ANN401
    name = str(port.get_element_type().get_type_name())
    short = {"f32": "float32", "f16": "float16", "bf16": "bfloat16", "f64": "float64", "u8": "uint8", "i8": "int8"}
    return short.get(name, name.replace("i", "int") if name[:1] == "i" else name)


def _sizes(port: Any) -> list[int | None]:  # noqa: ANN401
    shape = port.get_partial_shape()
    if shape.rank.is_dynamic:
        return []
    return [None if size.is_dynamic else size.get_length() for size in shape]
