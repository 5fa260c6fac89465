"""Folds every BatchNorm into a neighbouring layer where that is possible, and says why not elsewhere.

    frozen norms become ordinary ones
    branches become one convolution, where the network's own methods do so without changing the output
    a norm that is the only reader of one layer's output goes into that layer
    a norm whose output only one layer reads, without padding it, goes into that one

The decisions depend on the network's code and the example's shape, not on its weights: they are made by tracing a copy
of the network, and two processes with different weights decide alike.
"""

from __future__ import annotations

import copy
from collections import Counter
from typing import NamedTuple

import torch
from torch import nn

from levit_bench.measuring import evaluation_mode
from levit_bench.measuring.folding import branches
from levit_bench.measuring.folding.dataflow import Flow, Layer, LayerCall, Norm, NormCall, Value, channels_after, watch
from levit_bench.measuring.folding.norms import Affine, affine_of, remainder, replace_all, thaw
from levit_bench.measuring.folding.weights import fold_backward, fold_forward, outputs_of


class Folding(NamedTuple):
    """Counts of a network's BatchNorms before and after folding, with reasons."""

    before: int
    """How many there were."""
    rewritten: int
    """Modules that their own methods rewrote."""
    refused: dict[str, str]
    """Modules whose methods were not used, by name: why."""
    folded: int
    """Norms that went into a layer before or behind them."""
    stay: dict[str, str]
    """Norms that are left, by name: why."""


class _Step(NamedTuple):
    """The folding of a norm, or of some of its channels, into one layer."""

    layer: str
    forward: bool
    """Whether the layer stands behind the norm."""
    channels: torch.Tensor
    """Into the layer before: the norm's channel by output of the layer. Behind: by input of the layer."""


_OTHER = "normalises other channels than those of the layer"
_Steps = dict[str, list[_Step]]
"""Folding steps by the name of the norm."""


def fold(network: nn.Module, example: torch.Tensor) -> tuple[nn.Module, Folding]:
    """The network with its norms folded, changed in place.

    Args:
        network: in evaluation mode.
        example: one image (1, channels, r, r).
    """
    with torch.no_grad():
        network = thaw(network)
        before = _count(network)
        joined = branches.join(network, example)
        steps: _Steps = {}
        stay: dict[str, str] = {}
        if _count(network):
            # Only the copy runs: values that the network caches from its parameters would outlive them.
            steps, stay = _plan(network, watch(copy.deepcopy(network), example))
        for name, into in steps.items():
            for step in into:
                _apply(network, name, step)
        folded_norms = {name: network.get_submodule(name) for name in steps}
        replace_all(
            network,
            {id(norm): remaining for norm in folded_norms.values() if (remaining := remainder(norm)) is not None},
        )
    evaluation_mode.rest(network)
    return network, Folding(before, joined.rewritten, joined.refused, len(steps), stay)


def _count(network: nn.Module) -> int:
    return sum(isinstance(module, Norm) for module in network.modules())


def _plan(network: nn.Module, flow: Flow) -> tuple[_Steps, dict[str, str]]:
    steps: _Steps = {}
    stay: dict[str, str] = {}
    calls: dict[str, list[NormCall]] = {}
    for call in flow.norms:
        calls.setdefault(call.name, []).append(call)
    uses = Counter(call.name for call in flow.layers)
    single = {call.name: call for call in flow.layers if uses[call.name] == 1 and flow.reads[call.name] == 1}
    for name, module in network.named_modules():
        if not isinstance(module, Norm):
            continue
        decided = _decide(network, name, calls.get(name, []), flow, single)
        if isinstance(decided, str):
            stay[name] = decided
        else:
            steps[name] = decided
    return steps, stay


def _decide(
    network: nn.Module, name: str, calls: list[NormCall], flow: Flow, single: dict[str, LayerCall]
) -> list[_Step] | str:
    """Where a norm goes, or why it stays."""
    norm = network.get_submodule(name)
    if norm._buffers.get("running_mean") is None:
        return "uses the statistics of each batch"
    if not calls:
        return "is not called"
    if len(calls) > 1 or flow.reads[name] > 1:
        return "is used more than once"
    if calls[0].from_batch:
        return "uses the statistics of each batch"
    remaining = remainder(norm)
    if remaining is None:
        return f"is a {type(norm).__name__}, whose forward may do more"
    backward = _backward(network, calls[0].given, single)
    if not isinstance(backward, str):
        return backward
    forward = _forward(network, name, single) if isinstance(remaining, nn.Identity) else None
    return backward if forward is None else [forward]


def _backward(network: nn.Module, norm_input: Value, single: dict[str, LayerCall]) -> list[_Step] | str:
    """Steps that fold a norm into the layer that makes its input, or the layers that make its parts; else why not."""
    origin, alone = _origin(norm_input)
    ends = [_origin(part) for part in origin.parts] or [(origin, True)]
    if not all(end.layer for end, _ in ends):
        return f"normalises what {origin.made_by} made"
    if not alone or not all(unread for _, unread in ends):
        return f"normalises what others read, too, of {origin.made_by}"
    if any(end.layer not in single for end, _ in ends):
        return "normalises a layer that is used more than once"
    norm_channels = (
        channels_after(norm_input, origin, origin.beside, 1) if origin.parts else torch.arange(norm_input.shape[1])
    )
    if norm_channels is None or (
        origin.parts and sorted(norm_channels.tolist()) != list(range(origin.shape[origin.beside]))
    ):
        return _OTHER
    steps, first = [], 0
    for (end, _), part in zip(ends, origin.parts or [norm_input], strict=True):
        layer = network.get_submodule(end.layer)
        assert isinstance(layer, Layer)
        layer_channels = channels_after(part, end, _axis(layer, end), origin.beside if origin.parts else 1)
        if layer_channels is None or sorted(layer_channels.tolist()) != list(range(outputs_of(layer))):
            return _OTHER
        # From the layer's output to its place in the part, in the whole, and among the norm's channels.
        place = first + layer_channels.argsort()
        steps.append(_Step(end.layer, forward=False, channels=norm_channels.argsort()[place]))
        first += len(layer_channels)
    return steps


def _forward(network: nn.Module, norm: str, single: dict[str, LayerCall]) -> _Step | None:
    """The step that folds a norm into the only layer that reads its output; None where there is no such layer."""
    for name, reader in single.items():
        origin, alone = _origin(reader.given)
        if not alone or origin.norm != norm or not reader.exact_at_borders:
            continue
        layer = network.get_submodule(name)
        assert isinstance(layer, Layer)
        channels = channels_after(reader.given, origin, 1, _axis(layer, reader.given))
        if channels is not None:
            return _Step(name, forward=True, channels=channels)
    return None


def _axis(layer: Layer, value: Value) -> int:
    """Axis of the layer's channels in its input or output."""
    return len(value.shape) - 1 if isinstance(layer, nn.Linear) else 1


def _origin(value: Value) -> tuple[Value, bool]:
    """The tensor that a chain of views starts from, and whether it and its views have no other reader."""
    alone = value.reads <= 1
    while value.source is not None:
        value = value.source
        alone = alone and value.reads <= 1
    return value, alone


def _apply(network: nn.Module, norm: str, step: _Step) -> None:
    layer = network.get_submodule(step.layer)
    assert isinstance(layer, Layer)
    affine = Affine(*(numbers[step.channels] for numbers in affine_of(network.get_submodule(norm))))
    (fold_forward if step.forward else fold_backward)(layer, affine)
