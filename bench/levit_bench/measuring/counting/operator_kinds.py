"""Kinds of operators, by name and input shapes.

Names are those of torch without namespace and overload, such as `convolution`. Does not import torch.
"""

from __future__ import annotations

from collections.abc import Sequence

from levit_bench.profiles import VIEWS

Shape = Sequence[int]

MATMUL, NORM, COPY, OTHER = "matmul", "norm", "copy", "other"
DENSE, GROUPED = "convolution dense", "convolution grouped"
DEPTHWISE, POINTWISE = "convolution depthwise", "convolution pointwise"
ATTENTION, SOFTMAX, ACTIVATION = "attention, fused", "softmax", "activation"
POOLING, ELEMENTWISE = "pooling and sums", "elementwise"
RECURRENT = "recurrent, fused"

_CONVOLUTIONS = frozenset({
    "convolution", "_convolution", "mkldnn_convolution", "_slow_conv2d_forward", "thnn_conv2d", "slow_conv3d_forward",
    "_nnpack_spatial_convolution", "cudnn_convolution", "_conv_depthwise2d", "convolution_overrideable",
})  # fmt: skip
_NAMES = {
    MATMUL: "mm bmm addmm _addmm_activation addbmm baddbmm addmv mv dot vdot addr mkldnn_linear _scaled_mm _int_mm",
    # Fused layers, whose parts are not dispatched.
    ATTENTION: "_native_multi_head_attention _transformer_encoder_layer_fwd",
    RECURRENT: "mkldnn_rnn_layer",
    NORM: "native_batch_norm _native_batch_norm_legit_no_training _native_batch_norm_legit native_layer_norm "
    "native_group_norm _fused_rms_norm linalg_vector_norm cudnn_batch_norm",
    ACTIVATION: "relu hardswish silu gelu sigmoid hardsigmoid hardtanh clamp clamp_min tanh mish leaky_relu elu prelu "
    "_prelu_kernel softplus log_sigmoid glu threshold celu",
    SOFTMAX: "_softmax _log_softmax _safe_softmax",
    POOLING: "mean sum amax max _adaptive_avg_pool2d avg_pool2d max_pool2d_with_indices mkldnn_max_pool2d "
    "mkldnn_adaptive_avg_pool2d adaptive_max_pool2d avg_pool1d avg_pool3d _adaptive_avg_pool1d var var_mean std",
    ELEMENTWISE: "add sub rsub mul div pow sqrt rsqrt exp log abs neg maximum minimum where addcmul addcdiv eq ne lt "
    "gt le ge bitwise_and bitwise_not logical_not erf sin cos reciprocal lerp equal square",
    COPY: "clone copy _to_copy cat stack index gather index_select roll constant_pad_nd reflection_pad2d "
    "replication_pad2d pixel_shuffle pixel_unshuffle repeat flip im2col col2im upsample_bilinear2d upsample_nearest2d "
    "upsample_bicubic2d fill zero zeros ones full arange masked_fill embedding native_channel_shuffle scatter "
    "mkldnn_reorder_conv2d_weight to_mkldnn scalar_tensor",
}
_EXPLICIT = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_COMPOSED = {
    **dict.fromkeys(("linear", "matmul", "einsum"), MATMUL),
    **dict.fromkeys(("batch_norm", "_batch_norm_impl_index", "layer_norm", "group_norm", "instance_norm"), NORM),
    **dict.fromkeys(("softmax", "log_softmax"), SOFTMAX),
    **dict.fromkeys(("adaptive_avg_pool1d", "adaptive_avg_pool2d", "max_pool1d", "max_pool2d"), POOLING),
    **dict.fromkeys(("relu6", "selu"), ACTIVATION),
    **dict.fromkeys(("pad", "tile"), COPY),
    **dict.fromkeys(("scaled_dot_product_attention", "_scaled_dot_product_attention_math"), ATTENTION),
}
"""Composite operators, with the kind of their own work."""
_COMPOSED_CONVOLUTIONS = frozenset({"conv1d", "conv2d", "conv3d"})
_BOOKKEEPING = frozenset({
    "view", "reshape", "_unsafe_view", "_reshape_alias", "t", "transpose", "permute", "expand", "expand_as", "slice",
    "select", "split", "split_with_sizes", "chunk", "unbind", "unsqueeze", "squeeze", "flatten", "unflatten", "narrow",
    "as_strided", "as_strided_", "alias", "detach", "empty", "empty_like", "empty_strided", "new_empty", "resize_",
    "resolve_conj", "resolve_neg", "is_same_size", "contiguous", "to", "dropout", "lift_fresh", "movedim", "swapaxes",
    "numpy_T", "mT", "_nnpack_available", "unsafe_split", "unsafe_chunk", "view_as", "type_as", "size", "item",
})  # fmt: skip


def kind_of(name: str, shapes: Sequence[Shape]) -> str | None:
    """The kind of an operator that does its work itself; None for bookkeeping, for a composite operator, and for an
    unknown one, whose parts may be known.

    Args:
        name: with or without namespace; a trailing underscore, which says *in place*, changes nothing.
        shapes: of its inputs, in order; those of convolutions tell their kinds apart.
    """
    plain = _bare(name)
    if plain in _BOOKKEEPING or plain in _COMPOSED:
        return None
    for word in (plain, plain.removesuffix("_")):
        if word in _CONVOLUTIONS:
            return convolution(shapes)
        if word in _EXPLICIT:
            return _EXPLICIT[word]
    return ATTENTION if "scaled_dot_product" in plain or "flash_attention" in plain else None


def own_kind(name: str, shapes: Sequence[Shape]) -> str:
    """The kind of an operator's own work when `kind_of` gives it none."""
    plain = _bare(name)
    if plain in _COMPOSED_CONVOLUTIONS:
        return convolution(shapes)
    return VIEWS if plain in _BOOKKEEPING else _COMPOSED.get(plain, OTHER)


def has_products(name: str) -> bool:
    """Whether an operator multiplies matrices or the like, as far as its name says."""
    plain = _bare(name).removesuffix("_")
    if plain in _CONVOLUTIONS or plain in _COMPOSED_CONVOLUTIONS or "attention" in plain:
        return True
    return {_EXPLICIT.get(plain), _COMPOSED.get(plain)} & {MATMUL, RECURRENT, ATTENTION} != set()


def is_known(name: str) -> bool:
    """Whether an operator has a place in the tables here, bookkeeping included."""
    plain = _bare(name)
    words = (plain, plain.removesuffix("_"))
    return any(word in _EXPLICIT or word in _COMPOSED or word in _BOOKKEEPING for word in words) or has_products(name)


def _bare(name: str) -> str:
    """The name without namespace: `aten::add_` is `add_`."""
    return name.rpartition("::")[2]


def convolution(shapes: Sequence[Shape]) -> str:
    """Which convolution this is, from the shapes of images (batch, channels, …) and weight (out, in of a group, …)."""
    if len(shapes) < 2 or len(shapes[1]) < 3 or len(shapes[0]) < len(shapes[1]) - 1:
        return DENSE
    images, weight = shapes[0], shapes[1]
    channels, of_a_group = images[len(images) - len(weight) + 1], weight[1]
    if of_a_group < channels:
        return DEPTHWISE if of_a_group == 1 else GROUPED
    return POINTWISE if all(size == 1 for size in weight[2:]) else DENSE
