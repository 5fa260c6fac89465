"""Descriptions of ONNX files, read without running them."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from levit_bench.errors import one_line
from levit_bench.measuring.model_files.description import (
    ModelDescription,
    Numbers,
    fed_type,
    image_axes,
    of_images,
    one_input,
)

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

_INTEGERS = ("QuantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "ConvInteger", "QLinearConv", "QLinearMatMul")


def describe(path: Path) -> ModelDescription:
    """What an ONNX file says of itself; its external data are not read.

    Raises:
        ValueError: it is no ONNX model, or not one of images.
    """
    import onnx

    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:  # The parser raises errors of several libraries.
        raise ValueError(f"it is no ONNX model: {one_line(str(error))[:120]}") from error
    graph = model.graph
    if not graph.node:
        raise ValueError("it is no ONNX model: it has no operator")
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]  # Old files list their weights, too.
    one_input([value.name for value in inputs])
    image = inputs[0]
    dtype = fed_type(image.name, _type_name(image))
    sizes = _sizes(image)
    axes = image_axes(image.name, [] if sizes is None else sizes)
    outputs = [(value.name, _sizes(value)) for value in graph.output]
    return of_images(
        path,
        image.name,
        dtype,
        axes,
        outputs,
        symbols=tuple(dim.dim_param for dim in image.type.tensor_type.shape.dim),
        numbers=_numbers(model),
        stored="int8" if any(node.op_type == "DequantizeLinear" for node in graph.node) else _numbers(model),
        params=_params(model),
    )


def _type_name(value: ValueInfoProto) -> str:
    """The number type of a value, as numpy calls it; the type's own name for others."""
    import onnx

    kind = value.type.tensor_type.elem_type
    if not value.type.HasField("tensor_type") or not kind:
        return "no tensor"
    name = str(onnx.TensorProto.DataType.Name(kind)).lower()
    return {"float": "float32", "double": "float64"}.get(name, name)


def _sizes(value: ValueInfoProto) -> list[int | None] | None:
    """Sizes of the axes of a value, None where one is open; None where the file does not say how many there are."""
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return [dim.dim_value if dim.dim_value > 0 else None for dim in tensor.shape.dim]


def _numbers(model: ModelProto) -> Numbers:
    import onnx

    if any(node.op_type in _INTEGERS for node in model.graph.node):
        return "int8"
    short = (onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)
    return "fp16" if any(tensor.data_type in short for tensor in model.graph.initializer) else "fp32"


def _params(model: ModelProto) -> int | None:
    """Numbers in constants of floating point, but for single ones and the statistics of BatchNorms.

    None where weights are quantised, since their scales cannot be told from weights.
    """
    import onnx

    if _numbers(model) == "int8" or any(node.op_type == "DequantizeLinear" for node in model.graph.node):
        return None
    kinds = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE)
    statistics = {name for node in model.graph.node if node.op_type == "BatchNormalization" for name in node.input[3:5]}
    tensors = [tensor for tensor in model.graph.initializer if tensor.name not in statistics]
    return sum(prod(tensor.dims) for tensor in tensors if tensor.data_type in kinds and tensor.dims) or None
