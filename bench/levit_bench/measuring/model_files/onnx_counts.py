"""Multiply-accumulates of an ONNX file, by the shapes that its own inference of shapes finds.

As `levit_bench.measuring.counting` counts modules: products that are summed count, and nothing else. An operator that
is not listed here is unknown, and then so is the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from levit_bench.measuring.counting.operation_counts import Count

if TYPE_CHECKING:
    from onnx import NodeProto

_FREE = frozenset({
    "Abs", "Add", "And", "ArgMax", "ArgMin", "AveragePool", "BatchNormalization", "Cast", "CastLike", "Ceil", "Celu",
    "Clip", "Concat", "Constant", "ConstantOfShape", "Cos", "DepthToSpace", "DequantizeLinear", "Div", "Dropout", "Elu",
    "Equal", "Erf", "Exp", "Expand", "Flatten", "Floor", "Gather", "GatherElements", "GatherND", "Gelu",
    "GlobalAveragePool", "GlobalMaxPool", "Greater", "GreaterOrEqual", "GroupNormalization", "HardSigmoid", "HardSwish",
    "Hardmax", "Identity", "InstanceNormalization", "LayerNormalization", "LeakyRelu", "Less", "LessOrEqual", "Log",
    "LogSoftmax", "Max", "MaxPool", "Mean", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or", "PRelu", "Pad", "Pow",
    "QuantizeLinear", "Range", "Reciprocal", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
    "ReduceSum", "Relu", "Reshape", "Resize", "Round", "Selu", "Shape", "Sigmoid", "Sign", "Sin", "Size", "Slice",
    "Softmax", "Softplus", "Softsign", "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "Tile",
    "TopK", "Transpose", "Trilu", "Unsqueeze", "Where",
})  # fmt: skip
"""Operators without products that are summed, of ONNX's own domain."""
_OWN_DOMAINS = ("", "ai.onnx")


def counted(path: Path, sizes: Sequence[int]) -> Count:
    """Multiply-accumulates of one image, and the operators of which they are unknown, which leave the sum unknown.

    Args:
        path: of the file, whose external data are not read.
        sizes: of its input, the batch first.
    """
    import onnx

    model = onnx.load(path, load_external_data=False)
    unknown = {
        f"{node.domain}::{node.op_type}" if node.domain else node.op_type
        for node in model.graph.node
        if node.domain not in _OWN_DOMAINS or node.op_type not in _FREE | _FORMULAS.keys()
    }
    if unknown:
        return Count(0, tuple(sorted(unknown)))
    constants = {tensor.name for tensor in model.graph.initializer}
    for value in model.graph.input:
        if value.name not in constants:
            for dim, size in zip(value.type.tensor_type.shape.dim, sizes, strict=True):
                dim.Clear()
                dim.dim_value = size
    # Shapes that the exporter wrote down may hold names for what is fixed now.
    del model.graph.value_info[:]
    try:
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception:  # Inference fails with errors of its own; the file may still run.
        return Count(0, ("any operator, since the shapes of the file cannot be inferred",))
    shapes = {tensor.name: tuple(tensor.dims) for tensor in inferred.graph.initializer}
    for value in (*inferred.graph.value_info, *inferred.graph.input, *inferred.graph.output):
        shapes.setdefault(value.name, tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim))
    total = 0
    for node in inferred.graph.node:
        formula = _FORMULAS.get(node.op_type)
        if formula is None:
            continue
        used = [shapes.get(name, ()) for name in (*node.input[:2], node.output[0])]
        if any(not shape or not all(shape) for shape in used):
            return Count(0, (f"{node.op_type} of unknown shape",))
        total += formula(node, *used)
    images = sizes[0]
    return Count(total // images, ("work that images share",) if total % images else ())


def _convolution(node: NodeProto, images: tuple[int, ...], weights: tuple[int, ...], out: tuple[int, ...]) -> int:
    return prod(out) * prod(weights[1:])  # Weights are (out, in / groups, ...).


def _transposed(node: NodeProto, images: tuple[int, ...], weights: tuple[int, ...], out: tuple[int, ...]) -> int:
    return prod(images) * prod(weights[1:])  # Weights are (in, out / groups, ...).


def _matrix(node: NodeProto, first: tuple[int, ...], second: tuple[int, ...], out: tuple[int, ...]) -> int:
    return prod(out) * first[-1]


def _gemm(node: NodeProto, first: tuple[int, ...], second: tuple[int, ...], out: tuple[int, ...]) -> int:
    transposed = next((attribute.i for attribute in node.attribute if attribute.name == "transA"), 0)
    return prod(out) * first[0 if transposed else 1]


_FORMULAS: dict[str, Any] = {
    "Conv": _convolution, "ConvTranspose": _transposed, "MatMul": _matrix, "Gemm": _gemm,
}  # fmt: skip
"""Of a node and the shapes of its first two inputs and its output."""
