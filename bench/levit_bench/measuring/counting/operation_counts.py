"""Multiply-accumulates of a pass, counted where torch dispatches its operators.

    products of matrices, convolutions     the product of their sizes; padding counts as if it were image
    fused attention                        its two products, whether masked or not
    fused layers (attention, transformer   the products that they are made of
    encoder, recurrent)
    element by element, pooling, norms,    nothing: by the field's convention only products that are summed count
    softmax, resizing, moving values
    any other operator                     unknown, and named: then the sum is unknown, too

A count that leaves out half of the work is worse than none, so free operators are listed, and what is not listed is
unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from levit_bench.measuring.counting.operator_kinds import has_products, is_known


class Count(NamedTuple):
    """Operation count of one pass."""

    macs: int
    """Of the operators whose products are known."""
    unknown: tuple[str, ...]
    """Names of the others, such as `mylib::attention`; where there is one, `macs` is not the whole."""


def counted_macs(run: Callable[[], object]) -> Count:
    """Multiply-accumulates of one call of `run`, which must not record gradients: fused layers differ with them."""
    with _Counter() as counter:
        run()
    return Count(counter.macs, tuple(counter.unknown))


def hidden_in(network: nn.Module) -> list[str]:
    """Operators of scripted modules that torch executes without dispatching them, so that no count sees them."""
    operators: dict[str, None] = {}
    for module in network.modules():
        if isinstance(module, torch.jit.ScriptModule) and hasattr(module, "inlined_graph"):
            graph: Any = module.inlined_graph
            operators |= dict.fromkeys(kind for kind in _HIDDEN if graph.findNode(kind, recurse=True) is not None)
    return list(operators)


def macs_of(func: Any, args: Sequence[Any], keywords: Mapping[str, Any], out: object) -> int | None:  # noqa: ANN401
    """Multiply-accumulates of one operator; None where they are unknown.

    Args:
        func: an overload, as a dispatch mode is given it, that is not made of others; or a higher-order operator.
        args: its positional arguments.
        keywords: its keyword arguments.
        out: its output.
    """
    if not isinstance(func, torch._ops.OpOverload):
        formula = flop_registry.get(func)
        return None if formula is None else int(formula(*args, **keywords, out_val=out)) // 2
    space, _, name = func._schema.name.partition("::")
    if space in _FREE_SPACES or (space in _OWN_SPACES and _is_free(func, name)):
        return 0
    arguments = _by_name(func, args, keywords)
    tensors = [value for value in arguments.values() if isinstance(value, torch.Tensor)]
    if space != "aten" or not all(tensor.layout in _DENSE and not tensor.is_nested for tensor in tensors):
        return None
    own = _FORMULAS.get(name.removesuffix("_"))
    if own is not None:
        macs = own(arguments, out)
    elif func.overloadpacket in flop_registry:
        macs = int(flop_registry[func.overloadpacket](*args, **keywords, out_val=out)) // 2
    else:
        return None
    # One product of complex numbers is four of real ones.
    return macs * 4 if all(tensor.is_complex() for tensor in tensors) else macs


class SingleOperators(TorchDispatchMode):
    """A dispatch mode that sees every operator once composite ones are decomposed, and before a kernel runs."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401 (the signature is torch's)
        types: Any,  # noqa: ANN401
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        keywords = dict(kwargs or {})
        if isinstance(func, torch._ops.OpOverload):
            # Under inference mode a composite operator arrives undecomposed.
            with self:
                parts = func.decompose(*args, **keywords)
            if parts is not NotImplemented:
                return parts
        out = func(*args, **keywords)
        self.saw(func, args, keywords, out)
        return out

    def saw(self, func: Any, args: Sequence[Any], keywords: Mapping[str, Any], out: object) -> None:  # noqa: ANN401
        """Called for each operator, with its arguments and its output."""
        raise NotImplementedError


class _Counter(SingleOperators):
    supports_higher_order_operators = True

    def __init__(self) -> None:
        super().__init__()
        self.macs = 0
        self.unknown: dict[str, None] = {}

    def saw(self, func: Any, args: Sequence[Any], keywords: Mapping[str, Any], out: object) -> None:  # noqa: ANN401
        macs = macs_of(func, args, keywords, out)
        if macs is None:
            self.unknown[name_of(func)] = None
        else:
            self.macs += macs


def name_of(func: Any) -> str:  # noqa: ANN401
    """An operator's name with its namespace, without its overload."""
    return str(func._schema.name if isinstance(func, torch._ops.OpOverload) else func.name())


_HIDDEN = (
    "prim::mkldnn_convolution", "prim::MKLDNNGroup", "prim::TensorExprGroup", "prim::FusionGroup",
    "prim::oneDNNFusionGroup", "prim::CudaFusionGroup",
)  # fmt: skip
_OWN_SPACES = frozenset({"aten", "prims"})
"""Torch's own operators: only of these does the name say what they compute."""
_FREE_SPACES = frozenset({"prim", "profiler", "debugprims", "rngprims"})
_FREE_TAGS = frozenset({torch.Tag.pointwise, torch.Tag.view_copy})
_DENSE = (torch.strided, torch._mkldnn)  # type: ignore[attr-defined]


def _is_free(func: torch._ops.OpOverload, name: str) -> bool:
    """Whether it sums no products: by its name, or by torch's own tags."""
    if has_products(name):
        return False
    return func.is_view or not _FREE_TAGS.isdisjoint(func.tags) or is_known(name) or name.removesuffix("_") in _FREE


def _by_name(func: torch._ops.OpOverload, args: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by the names that the operator's schema gives them, in its order."""
    return {argument.name: value for argument, value in zip(func._schema.arguments, args, strict=False)} | dict(
        keywords
    )


_Arguments = Mapping[str, Any]


def _first_two(arguments: _Arguments, _out: object) -> int:
    """(…, m, k) times (…, k, n), or (m, k) times (k)."""
    left, right = list(arguments.values())[:2]
    return _product(left, right)


def _behind_the_sum(arguments: _Arguments, _out: object) -> int:
    """As `_first_two`, for the second and third argument: the first is added to the product."""
    left, right = list(arguments.values())[1:3]
    return _product(left, right)


def _product(left: torch.Tensor, right: torch.Tensor) -> int:
    return left.numel() * (right.shape[-1] if right.ndim > 1 else 1)


def _outer(arguments: _Arguments, _out: object) -> int:
    return int(arguments["vec1"].numel() * arguments["vec2"].numel())


def _linear(arguments: _Arguments, _out: object) -> int:
    """Any (…, in) times the weight (out, in)."""
    images, weight = list(arguments.values())[:2]
    return int(images.numel() * weight.shape[0])


def _convolution(arguments: _Arguments, out: Any) -> int:  # noqa: ANN401
    """Every value of the output is a sum over one filter (in of a group, …); transposed, every value of the input
    goes into so many sums.
    """
    images, weight = list(arguments.values())[:2]
    sums = images if arguments.get("transposed", False) else out
    return int(sums.numel() * prod(weight.shape[1:]))


def _transposed(arguments: _Arguments, _out: object) -> int:
    images, weight = list(arguments.values())[:2]
    return int(images.numel() * prod(weight.shape[1:]))


def _convolution_tbc(arguments: _Arguments, out: Any) -> int:  # noqa: ANN401
    """Weight (width, in, out)."""
    return int(out.numel() * prod(arguments["weight"].shape[:2]))


def _attention(arguments: _Arguments, _out: object) -> int:
    """Query (…, heads, l, e), key (…, s, e), value (…, s, v): two products, for every head of the query."""
    query, key, value = list(arguments.values())[:3]
    return int(query.shape[:-1].numel() * key.shape[-2] * (query.shape[-1] + value.shape[-1]))


def _attention_layer(arguments: _Arguments, _out: object) -> int:
    """Query (batch, l, embedding), key and value (batch, s, embedding): four linear layers and the attention."""
    query, key, value, width = arguments["query"], arguments["key"], arguments["value"], arguments["embed_dim"]
    linear = (2 * query.numel() + key.numel() + value.numel()) * width
    return int(linear + 2 * query.numel() * key.shape[1])


def _encoder_layer(arguments: _Arguments, _out: object) -> int:
    """Tokens (batch, l, embedding): an attention layer on themselves, and two linear layers."""
    tokens, wide = arguments["src"], arguments["ffn_weight_1"]
    attention = {"query": tokens, "key": tokens, "value": tokens, "embed_dim": arguments["embed_dim"]}
    return _attention_layer(attention, None) + int(2 * tokens.numel() * wide.shape[0])


def _recurrent_layer(arguments: _Arguments, _out: object) -> int:
    """Tokens (l, batch, in), one layer in one direction: both weights once for each."""
    tokens = arguments["input"]
    return int(tokens.shape[0] * tokens.shape[1] * (arguments["weight0"].numel() + arguments["weight1"].numel()))


def _grid(arguments: _Arguments, out: Any) -> int:  # noqa: ANN401
    """Every coordinate of the output is a row of theta (batch, 2, 3) times a place."""
    return int(out.numel() * arguments["theta"].shape[-1])


_FORMULAS: dict[str, Callable[[_Arguments, Any], int]] = {
    **dict.fromkeys(("mm", "bmm", "mv", "dot", "vdot", "_int_mm", "_scaled_mm"), _first_two),
    **dict.fromkeys(("addmm", "_addmm_activation", "addbmm", "baddbmm", "addmv"), _behind_the_sum),
    "addr": _outer,
    "mkldnn_linear": _linear,
    **dict.fromkeys(
        (
            "convolution", "_convolution", "convolution_overrideable", "mkldnn_convolution", "thnn_conv2d",
            "_slow_conv2d_forward", "slow_conv3d_forward", "slow_conv_dilated2d", "slow_conv_dilated3d",
            "_conv_depthwise2d", "conv_depthwise3d", "_nnpack_spatial_convolution", "cudnn_convolution",
            "cudnn_convolution_relu",
        ),
        _convolution,
    ),
    **dict.fromkeys(("slow_conv_transpose2d", "slow_conv_transpose3d", "cudnn_convolution_transpose"), _transposed),
    "conv_tbc": _convolution_tbc,
    **dict.fromkeys(
        (
            "_scaled_dot_product_flash_attention", "_scaled_dot_product_flash_attention_for_cpu",
            "_scaled_dot_product_efficient_attention", "_scaled_dot_product_cudnn_attention",
            "_scaled_dot_product_fused_attention_overrideable",
        ),
        _attention,
    ),
    "_native_multi_head_attention": _attention_layer,
    "_transformer_encoder_layer_fwd": _encoder_layer,
    "mkldnn_rnn_layer": _recurrent_layer,
    "affine_grid_generator": _grid,
}  # fmt: skip

_FREE_BY_KIND = {
    "filled, drawn, counted off": (
        "full_like new_full new_ones new_zeros new_empty_strided empty_permuted zeros_like ones_like eye linspace "
        "logspace range rand rand_like randn randn_like randint randint_like randperm normal uniform bernoulli "
        "multinomial exponential random tril triu tril_indices triu_indices hann_window hamming_window"
    ),
    "moved, chosen, put together": (
        "_index_put_impl index_put index_add index_copy index_fill index_reduce scatter_add scatter_reduce "
        "masked_scatter masked_select take unfold diagonal diag_embed block_diag _unsafe_index _unsafe_index_put "
        "_unsafe_masked_index repeat_interleave rot90 lift lift_fresh_copy resize_as set _copy_from _to_dense "
        "to_dense _pin_memory slice_scatter select_scatter diagonal_scatter as_strided_scatter channel_shuffle "
        "_chunk_cat _stack reflection_pad1d reflection_pad3d replication_pad1d replication_pad3d complex "
        "view_as_complex view_as_real _reshape_copy _conj max_unpool2d max_unpool3d _weight_norm_interface "
        "mkldnn_reorder_conv3d_weight _mkldnn_reshape _mkldnn_transpose _pack_padded_sequence"
    ),
    "pooled, resized, normalised, summed without products": (
        "_adaptive_avg_pool3d adaptive_avg_pool3d adaptive_max_pool3d max_pool3d_with_indices mkldnn_max_pool3d "
        "fractional_max_pool2d fractional_max_pool3d grid_sampler_2d grid_sampler_3d _grid_sampler_2d_cpu_fallback "
        "upsample_linear1d upsample_nearest1d upsample_nearest3d upsample_trilinear3d _upsample_bicubic2d_aa "
        "_upsample_bilinear2d_aa _upsample_lanczos2d_aa _upsample_nearest_exact1d _upsample_nearest_exact2d "
        "_upsample_nearest_exact3d _embedding_bag _embedding_bag_forward_only embedding_renorm renorm native_norm "
        "_batch_norm_with_update _batch_norm_no_update batch_norm_elemt batch_norm_stats _aminmax aminmax cumsum "
        "cumprod cummax cummin _cummax_helper _cummin_helper logcumsumexp _logcumsumexp trace any all argmax argmin "
        "max min prod nansum logsumexp std_mean var_mean norm count_nonzero"
    ),
    "sorted, looked up": (
        "sort topk kthvalue median nanmedian mode bucketize searchsorted nonzero nonzero_static bincount histc isin "
        "unique_dim _unique _unique2 unique_consecutive segment_reduce"
    ),
    "softmax, activations, gates and arithmetic": (
        "floor_divide linalg_cross _add_relu _masked_softmax log_sigmoid_forward rrelu_with_noise native_dropout "
        "_fused_dropout _thnn_fused_lstm_cell _thnn_fused_gru_cell"
    ),
    "asked of tensors": (
        "_local_scalar_dense equal allclose is_pinned is_coalesced is_set_to _assert_async _assert_scalar "
        "_assert_tensor_metadata _functional_assert_async sym_size sym_stride sym_numel sym_storage_offset "
        "is_contiguous sym_is_contiguous is_strides_like_format is_non_overlapping_and_dense numel dim stride "
        "storage_offset _has_same_storage_numel _fused_sdp_choice record_stream _is_all_true _is_any_true device "
        "layout"
    ),
}
"""Operators of torch that sum no products and are neither tagged as such nor in the table of kinds."""
_FREE = frozenset(name for names in _FREE_BY_KIND.values() for name in names.split())
