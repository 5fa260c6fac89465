"""Data flow of one pass of a network, traced at the level of torch's operators.

Records which layer or norm made a tensor, through which views it went, and how often it was read; changes nothing. A
tensor of any other operator is recorded by the operator's name, without assumptions.

In inference mode a dispatch mode sees `linear`, `conv2d` and `batch_norm` as they are called, and the very objects
that modules hold as their weights. So a layer is recognised by the weight that was used: one whose weight is computed
anew in each pass, as in a weight-standardised convolution, is not recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only
from torch.utils.weak import WeakTensorKeyDictionary

_aten = torch.ops.aten

Layer = nn.Linear | nn.modules.conv._ConvNd
Norm = nn.modules.batchnorm._BatchNorm

# Elements are moved or dropped, never changed; only the first argument is read, others give a shape.
_MOVES = frozenset({
    _aten.alias, _aten.clone, _aten.contiguous, _aten.detach, _aten.dropout, _aten.dropout_, _aten.expand,
    _aten.expand_as, _aten.feature_dropout, _aten.flatten, _aten.mT, _aten.movedim, _aten.moveaxis, _aten.narrow,
    _aten.permute, _aten.reshape, _aten.reshape_as, _aten.select, _aten.slice, _aten.squeeze, _aten.swapaxes,
    _aten.swapdims, _aten.t, _aten.transpose, _aten.unflatten, _aten.unsqueeze, _aten.view, _aten.view_as,
    _aten._unsafe_view,
})  # fmt: skip
_DROPOUTS = frozenset({_aten.dropout, _aten.dropout_, _aten.feature_dropout})
# These read only the shape and type of their argument.
_SHAPES = frozenset({
    _aten.empty_like, _aten.full_like, _aten.new_empty, _aten.new_full, _aten.new_ones, _aten.new_zeros,
    _aten.ones_like, _aten.rand_like, _aten.randn_like, _aten.zeros_like,
})  # fmt: skip
_STRAIGHT = frozenset({_aten.linear, _aten.conv1d, _aten.conv2d, _aten.conv3d})
_TRANSPOSED = frozenset({_aten.conv_transpose1d, _aten.conv_transpose2d, _aten.conv_transpose3d})
_PADDING = 4  # Position of the padding among the arguments of a convolution.


class Value:
    """Record of a computed tensor: its origin and readers, without its data."""

    def __init__(self, made_by: str, shape: tuple[int, ...], *, layer: str = "", norm: str = "") -> None:
        self.made_by = made_by
        """Name of the operator, or a description."""
        self.shape = shape
        self.layer = layer
        """Name of the layer that made it, if one did."""
        self.norm = norm
        """Name of the norm that made it, if one did."""
        self.reads = 0
        """How many operators read it."""
        self.source: Value | None = None
        """The value that it is a view of, if it is one."""
        self.parts: tuple[Value, ...] = ()
        """The values that were concatenated to it along the axis `beside`, if it is such a one."""
        self.beside = 0
        self.move: Callable[[torch.Tensor], torch.Tensor] = lambda tensor: tensor
        """The function that makes this view from its source."""


class LayerCall(NamedTuple):
    """One use of a layer's weight."""

    name: str
    given: Value
    exact_at_borders: bool
    """Whether each output sees every tap of the kernel: neither padded nor transposed."""


class NormCall(NamedTuple):
    """One use of a norm's statistics."""

    name: str
    given: Value
    from_batch: bool
    """Whether the statistics were those of the batch, which no weight can hold."""


class Flow(NamedTuple):
    """Layers and norms used in one pass."""

    layers: tuple[LayerCall, ...]
    norms: tuple[NormCall, ...]
    reads: Mapping[str, int]
    """How many operators read the layer's weight or the norm's statistics, by the module's name."""


def watch(network: nn.Module, example: torch.Tensor) -> Flow:
    """Run the network on the example, and record its data flow. The network may cache values of this pass.

    Args:
        network: in evaluation mode.
        example: images (1, channels, r, r).
    """
    watcher = _Watcher(network)
    with torch.inference_mode():
        watcher.input(example)
        with watcher:
            output = network(example)
        watcher.read(tree_leaves(output))
    return watcher.flow


class _Watcher(TorchDispatchMode):
    """Keeps a `Value` for each tensor that is alive."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._values: Any = WeakTensorKeyDictionary()
        self._holders: dict[int, tuple[str, nn.Module]] = {}
        self._tracked: dict[str, Value] = {}
        self._layers: list[LayerCall] = []
        self._norms: list[NormCall] = []
        for name, module in network.named_modules():
            tensor: torch.Tensor | None = None
            if isinstance(module, Layer):
                tensor = module._parameters.get("weight")
            elif isinstance(module, Norm):
                tensor = module._buffers.get("running_mean")
            if tensor is None:
                continue
            if id(tensor) in self._holders:
                # Shared by two modules: a change for one would change the other. Reading it counts for both.
                self._tracked[name] = self._values[tensor]
                continue
            self._holders[id(tensor)] = name, module
            self._values[tensor] = self._tracked[name] = Value("a weight", tuple(tensor.shape))

    @property
    def flow(self) -> Flow:
        reads = {name: value.reads for name, value in self._tracked.items()}
        return Flow(tuple(self._layers), tuple(self._norms), reads)

    def input(self, example: torch.Tensor) -> None:
        """Record the network's input, which no layer made."""
        self._values[example] = Value("the network's input", tuple(example.shape))

    def read(self, values: Iterable[object]) -> None:
        """Count a reader of each of these that is a tensor."""
        for value in values:
            if isinstance(value, torch.Tensor) and value in self._values:
                self._values[value].reads += 1

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401 (an operator)
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        """Call the operator, and record its inputs and outputs."""
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        operator = func.overloadpacket
        if operator in _SHAPES:
            return out
        if operator in _MOVES and not (operator in _DROPOUTS and args[2]):
            self._record_view(func, args, kwargs, out)
            return out
        first_input = args[0] if args and isinstance(args[0], torch.Tensor) else None
        before = self._value_of(first_input) if first_input is not None else None
        self.read(tree_leaves((args, kwargs)))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor):
                self._values[tensor] = Value(operator.__name__, tuple(tensor.shape))
        if operator is _aten.cat:
            self._record_concatenation(args, kwargs, out)
        if before is not None and isinstance(out, torch.Tensor) and out is not first_input:
            self._record_call(operator, before, args, kwargs, out)
        return out

    def _value_of(self, tensor: torch.Tensor) -> Value:
        if tensor not in self._values:
            self._values[tensor] = Value("a tensor from elsewhere", tuple(tensor.shape))
        value: Value = self._values[tensor]
        return value

    def _record_view(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: torch.Tensor) -> None:  # noqa: ANN401
        if out is args[0]:
            return
        source = self._value_of(args[0])
        source.reads += 1
        # A tensor that only gives a shape is replaced by an empty one of that shape.
        other_args, keywords = tree_map_only(
            torch.Tensor, lambda tensor: torch.empty((), dtype=tensor.dtype).expand(tensor.shape), (args[1:], kwargs)
        )
        value = Value(func.overloadpacket.__name__, tuple(out.shape))
        value.source, value.move = source, lambda tensor: func(tensor, *other_args, **keywords)
        self._values[out] = value

    def _record_concatenation(self, args: tuple[Any, ...], kwargs: dict[str, Any], out: torch.Tensor) -> None:
        axis = args[1] if len(args) > 1 else kwargs.get("dim", 0)
        value = self._values[out]
        value.parts, value.beside = tuple(self._value_of(part) for part in args[0]), axis % out.ndim

    def _record_call(
        self,
        operator: Any,  # noqa: ANN401
        source: Value,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        out: torch.Tensor,
    ) -> None:
        if operator in _STRAIGHT | _TRANSPOSED:
            name, module = self._holders.get(id(args[1]), ("", None))
            bias = args[2] if len(args) > 2 else kwargs.get("bias")
            if isinstance(module, Layer) and bias is module.bias:
                padding = args[_PADDING] if len(args) > _PADDING else kwargs.get("padding", 0)
                exact = operator in _STRAIGHT and (operator is _aten.linear or _is_nothing(padding))
                self._layers.append(LayerCall(name, source, exact))
                self._values[out].layer = name
        elif operator is _aten.batch_norm:
            name, module = self._holders.get(id(args[3]), ("", None))
            if module is not None:
                self._norms.append(NormCall(name, source, bool(args[5])))
                self._values[out].norm = name


def _is_nothing(padding: object) -> bool:
    return padding == "valid" or not any(tree_leaves(padding) if not isinstance(padding, str) else [padding])


def channels_after(value: Value, origin: Value, before: int, after: int) -> torch.Tensor | None:
    """For each channel of `value`, a chain of views of `origin`, the number of the channel of `origin` that it is.

    Found by applying the views to a tensor of channel numbers.

    Args:
        value: the last view, or `origin` itself.
        origin: the tensor that the views start from.
        before: axis of the channels of `origin`.
        after: axis of the channels of `value`.

    Returns:
        Channel numbers, int64; None where a channel of `value` mixes several.
    """
    moves = []
    while value is not origin:
        moves.append(value.move)
        assert value.source is not None
        value = value.source
    count = origin.shape[before]
    if not moves and before == after:
        return torch.arange(count)
    numbers = torch.arange(count).view([-1 if axis == before else 1 for axis in range(len(origin.shape))])
    moved = numbers.expand(origin.shape)
    for move in reversed(moves):
        moved = move(moved)
    channels = moved.movedim(after, 0).flatten(1)
    return channels[:, 0] if bool((channels == channels[:, :1]).all()) else None
