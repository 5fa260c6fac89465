"""Who reads what: one pass of a network, watched operator by operator below all Python.

Knows which layer or norm made a tensor, through which views it went, and how often it was read; refuses to change
anything. What it does not know, it calls by the operator's name: nothing is assumed of it.

In inference mode a dispatch mode sees `linear`, `conv2d` and `batch_norm` as they are called, and the very objects
that modules hold as their weights. So a layer is recognised by the weight that was used: one whose weight is computed
anew in each pass, as in a weight-standardised convolution, is nobody's.
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
# Nothing is read of these but shape and kind.
_SHAPES = frozenset({
    _aten.empty_like, _aten.full_like, _aten.new_empty, _aten.new_full, _aten.new_ones, _aten.new_zeros,
    _aten.ones_like, _aten.rand_like, _aten.randn_like, _aten.zeros_like,
})  # fmt: skip
_STRAIGHT = frozenset({_aten.linear, _aten.conv1d, _aten.conv2d, _aten.conv3d})
_TRANSPOSED = frozenset({_aten.conv_transpose1d, _aten.conv_transpose2d, _aten.conv_transpose3d})
_PADDING = 4  # Its place among the arguments of a convolution.


class Value:
    """A tensor that was computed, without the tensor."""

    def __init__(self, made_by: str, shape: tuple[int, ...], *, layer: str = "", norm: str = "") -> None:
        self.made_by = made_by
        """Name of the operator, or what else it is."""
        self.shape = shape
        self.layer = layer
        """Name of the layer that made it, if one did."""
        self.norm = norm
        """Name of the norm that made it, if one did."""
        self.reads = 0
        """How many operators read it."""
        self.source: Value | None = None
        """What it is a view of, if it is one."""
        self.parts: tuple[Value, ...] = ()
        """What stands side by side in it along the axis `beside`, if it was joined of several."""
        self.beside = 0
        self.move: Callable[[torch.Tensor], torch.Tensor] = lambda tensor: tensor
        """What makes this view of its source."""


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
    """What one pass did."""

    layers: tuple[LayerCall, ...]
    norms: tuple[NormCall, ...]
    reads: Mapping[str, int]
    """How many operators read the layer's weight or the norm's statistics, by the module's name."""


def watch(network: nn.Module, example: torch.Tensor) -> Flow:
    """Run the network on the example, and tell what flowed where. The network may keep caches of this pass.

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
        self._kept: dict[str, Value] = {}
        self._layers: list[LayerCall] = []
        self._norms: list[NormCall] = []
        for name, module in network.named_modules():
            held: torch.Tensor | None = None
            if isinstance(module, Layer):
                held = module._parameters.get("weight")
            elif isinstance(module, Norm):
                held = module._buffers.get("running_mean")
            if held is None:
                continue
            if id(held) in self._holders:
                # Held by two modules: a change for one would change the other. Reading it counts for both.
                self._kept[name] = self._values[held]
                continue
            self._holders[id(held)] = name, module
            self._values[held] = self._kept[name] = Value("a weight", tuple(held.shape))

    @property
    def flow(self) -> Flow:
        reads = {name: value.reads for name, value in self._kept.items()}
        return Flow(tuple(self._layers), tuple(self._norms), reads)

    def input(self, example: torch.Tensor) -> None:
        """The network's input is somebody else's."""
        self._values[example] = Value("the network's input", tuple(example.shape))

    def read(self, values: Iterable[object]) -> None:
        """Count a reader of each of these that is a tensor."""
        for one in values:
            if isinstance(one, torch.Tensor) and one in self._values:
                self._values[one].reads += 1

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401 (an operator)
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        """Call the operator, and note what it read and made."""
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        operator = func.overloadpacket
        if operator in _SHAPES:
            return out
        if operator in _MOVES and not (operator in _DROPOUTS and args[2]):
            self._moved(func, args, kwargs, out)
            return out
        given = args[0] if args and isinstance(args[0], torch.Tensor) else None
        before = self._value_of(given) if given is not None else None
        self.read(tree_leaves((args, kwargs)))
        for one in tree_leaves(out):
            if isinstance(one, torch.Tensor):
                self._values[one] = Value(operator.__name__, tuple(one.shape))
        if operator is _aten.cat:
            self._joined(args, kwargs, out)
        if before is not None and isinstance(out, torch.Tensor) and out is not given:
            self._recognise(operator, before, args, kwargs, out)
        return out

    def _value_of(self, tensor: torch.Tensor) -> Value:
        if tensor not in self._values:
            self._values[tensor] = Value("a tensor from elsewhere", tuple(tensor.shape))
        found: Value = self._values[tensor]
        return found

    def _moved(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: torch.Tensor) -> None:  # noqa: ANN401
        if out is args[0]:
            return
        source = self._value_of(args[0])
        source.reads += 1
        # Of a tensor that gives a shape, the shape is kept.
        rest, named = tree_map_only(
            torch.Tensor, lambda tensor: torch.empty((), dtype=tensor.dtype).expand(tensor.shape), (args[1:], kwargs)
        )
        value = Value(func.overloadpacket.__name__, tuple(out.shape))
        value.source, value.move = source, lambda tensor: func(tensor, *rest, **named)
        self._values[out] = value

    def _joined(self, args: tuple[Any, ...], kwargs: dict[str, Any], out: torch.Tensor) -> None:
        axis = args[1] if len(args) > 1 else kwargs.get("dim", 0)
        value = self._values[out]
        value.parts, value.beside = tuple(self._value_of(part) for part in args[0]), axis % out.ndim

    def _recognise(
        self,
        operator: Any,  # noqa: ANN401
        given: Value,
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
                self._layers.append(LayerCall(name, given, exact))
                self._values[out].layer = name
        elif operator is _aten.batch_norm:
            name, module = self._holders.get(id(args[3]), ("", None))
            if module is not None:
                self._norms.append(NormCall(name, given, bool(args[5])))
                self._values[out].norm = name


def _is_nothing(padding: object) -> bool:
    return padding == "valid" or not any(tree_leaves(padding) if not isinstance(padding, str) else [padding])


def channels_after(value: Value, origin: Value, before: int, after: int) -> torch.Tensor | None:
    """Which channel of `origin` each channel of `value` is, which is a chain of views of it.

    Found by moving channel numbers as the elements were moved.

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
    seen = moved.movedim(after, 0).flatten(1)
    return seen[:, 0] if bool((seen == seen[:, :1]).all()) else None
