"""Inputs and outputs of a user's network, found by passes, and the modules that take its logits out of its output.

A tensor is served as it is; of a mapping or an object `logits`, of a tuple or list the first item, or the output that
the user names. Several outputs always give a finding. Everything else is refused with the output, what is expected,
and how to name the one that is meant.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import nn

from levit_bench.catalog.network_calls import output_words
from levit_bench.measuring.evaluation_mode import rest
from levit_bench.measuring.networks.plain_module import compiled_frames
from levit_bench.measuring.networks.recipe import OutputStep, Serving
from levit_bench.measuring.pass_data.images import images
from levit_bench.records import MOST_CHANNELS, ImageShape

_LAZY = (nn.UninitializedParameter, nn.UninitializedBuffer)
_IMAGES = 2  # One alone does not tell (classes,) from (batch, classes).
_STREAM = 3  # Not a set of images that anything else uses.
_WRAP = "Wrap it in a module whose forward returns the logits alone"
_USUAL_STEP = (
    "For another size set resolution on the function; for anything else wrap it in a module that takes float images "
    "(batch, 3, height, width)"
)


class ServedNetwork(NamedTuple):
    """Result of the passes over a network."""

    serving: Serving
    outputs: tuple[str, ...] = ()
    """All tensors that it returns, by how they are named and their shape, where they are several."""


class _Unwrapped(nn.Module):
    """A network whose logits are a part of its output. Taking them out costs one call of a module."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def get_classifier(self) -> object:
        """The layers that make the logits, where the network has a method for them."""
        return getattr(self.network, "get_classifier", lambda: None)()


class _Item(_Unwrapped):
    """Logits are an entry of a tuple, a list or a mapping."""

    def __init__(self, network: nn.Module, key: int | str) -> None:
        super().__init__(network)
        self._key = key

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x)[self._key]


class _Attribute(_Unwrapped):
    """Logits are an attribute of an object."""

    def __init__(self, network: nn.Module, name: str) -> None:
        super().__init__(network)
        self._name = name

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return getattr(self.network(x), self._name)


class _Batched(_Unwrapped):
    """Logits of a batch of one have lost that dimension."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = self.network(x)
        return logits.unsqueeze(0) if logits.ndim == 1 else logits


def served(network: nn.Module, serving: Serving) -> nn.Module:
    """The network in evaluation mode, within the modules that take the logits out of its output."""
    for step in serving.steps:
        network = _Attribute(network, str(step.key)) if step.attribute else _Item(network, step.key)
    if serving.squeezed:
        network = _Batched(network)
    rest(network)
    return network


def make_parameters(network: nn.Module, shape: ImageShape) -> None:
    """One pass, for a network whose parameters are created in its first pass."""
    with torch.no_grad():
        network(images(_IMAGES, shape, 0, _STREAM))


def find(network: nn.Module, shape: ImageShape, chosen: Sequence[int | str], called: str) -> ServedNetwork:
    """Find by passes how the network returns its logits. It may cache values of these passes: use the build once.

    Args:
        network: freshly built.
        shape: of its images.
        chosen: path to the output that the user names; empty: the usual one.
        called: the user's function as it was named, such as `nets.py:build(width=2)`, for advice.

    Raises:
        TypeError: its output holds no logits.
        ValueError: it cannot take images (batch, channels, height, width) of that shape, or compiles itself.
    """
    example = images(_IMAGES, shape, 0, _STREAM)
    rest(network)
    names, lazy, frames = set(network.state_dict()), _is_lazy(network), compiled_frames()
    output = _one_pass(network, example, called)
    if compiled_frames() != frames:
        raise ValueError(
            "calls torch.compile in its forward: what eager PyTorch takes cannot be told. Build it without, and name "
            "--runtime compile"
        )
    grows = lazy or set(network.state_dict()) != names
    steps = _chosen_steps(output, chosen, called) if chosen else _usual_steps(output, called)
    logits = _value_at(output, steps)
    where = f" in its {type(output).__name__}" if steps else ""
    _check_logits(logits, where, output, steps, called)
    with_names = list(_tensors(output))
    outputs = tuple(f"{output_words(way) or 'itself'} {tuple(tensor.shape)}" for way, tensor in with_names)
    serving = Serving(steps=steps, squeezed=_is_squeezed(network, example, steps, logits), grows=grows)
    return ServedNetwork(serving, outputs if len(outputs) > 1 else ())


def is_headless(network: nn.Module) -> bool:
    """Whether the classifier was left out, as timm and torchvision's users do: an identity stands in its place."""
    layers = [getattr(network, name, None) for name in ("fc", "head", "classifier")]
    classifier_of = getattr(network, "get_classifier", None)
    with suppress(Exception):  # The user's code may raise any exception.
        layers.append(classifier_of() if callable(classifier_of) else None)
    return any(isinstance(layer, nn.Identity) for layer in layers)


def _is_lazy(network: nn.Module) -> bool:
    """Whether modules of it will take their sizes from the first pass."""
    tensors = (*network.parameters(), *network.buffers())
    return any(isinstance(tensor, _LAZY) for tensor in tensors)


def _usual_steps(output: object, called: str) -> tuple[OutputStep, ...]:
    """Path to the logits in the usual outputs of a classifier.

    Raises:
        TypeError: there is none, with the outputs that can be named.
    """
    if isinstance(output, torch.Tensor):
        return ()
    if isinstance(output, Mapping) and isinstance(output.get("logits"), torch.Tensor):
        return (OutputStep("logits"),)
    if isinstance(getattr(output, "logits", None), torch.Tensor):
        return (OutputStep("logits", attribute=True),)
    if isinstance(output, tuple | list) and len(output) > 0 and isinstance(output[0], torch.Tensor):
        return (OutputStep(0),)
    tensors = list(_tensors(output))
    if len(tensors) == 1:  # The only one cannot be the wrong one.
        return _chosen_steps(output, tensors[0][0], called)
    raise TypeError(
        f"returned {_description(output)}; expected is one tensor (batch, classes), a tuple that begins with it, or "
        f"one called 'logits'. {_choices(output, called)}"
    )


def _chosen_steps(output: object, keys: Sequence[int | str], called: str) -> tuple[OutputStep, ...]:
    """Path to the output that the user named.

    Raises:
        TypeError: the output has no such part, with those that it has.
    """
    steps: list[OutputStep] = []
    value = output
    for key in keys:
        by_name = isinstance(key, str) and not isinstance(value, Mapping)
        step = OutputStep(key, attribute=by_name)
        try:
            value = _value_at(value, (step,))
        except (LookupError, AttributeError, TypeError):
            raise TypeError(
                f"returned {_description(output)}, without {output_words(keys)}. {_choices(output, called)}"
            ) from None
        steps.append(step)
    return tuple(steps)


def _value_at(output: Any, steps: Sequence[OutputStep]) -> Any:  # noqa: ANN401 (whatever a network returns)
    for step in steps:
        output = getattr(output, str(step.key)) if step.attribute else output[step.key]
    return output


def _tensors(output: object, way: tuple[int | str, ...] = ()) -> Iterator[tuple[tuple[int | str, ...], torch.Tensor]]:
    """Every tensor in an output, and the path to it."""
    if isinstance(output, torch.Tensor):
        yield way, output
    elif isinstance(output, Mapping):
        for key, value in output.items():
            if isinstance(key, int | str):
                yield from _tensors(value, (*way, key))
    elif isinstance(output, tuple) and hasattr(output, "_fields"):
        for name in output._fields:
            yield from _tensors(getattr(output, name), (*way, name))
    elif isinstance(output, tuple | list):
        for place, value in enumerate(output):
            yield from _tensors(value, (*way, place))
    elif output is not None and not isinstance(output, type):
        fields = [field.name for field in dataclasses.fields(output)] if dataclasses.is_dataclass(output) else []
        for name in fields or list(getattr(output, "__dict__", {})):
            yield from _tensors(getattr(output, name), (*way, name))


def _choices(output: object, called: str) -> str:
    """Advice: how to name the output that is meant, where one may be; else how to return it alone."""
    paths = [output_words(way) for way, tensor in _tensors(output) if way and _looks_like_logits(tensor)]
    if not paths:
        return _WRAP
    return f"Choose with {' or '.join(f'{called}{way}' for way in paths[:3])}"


def _looks_like_logits(value: object) -> bool:
    return (
        isinstance(value, torch.Tensor)
        and value.is_floating_point()
        and value.ndim == 2
        and value.shape[0] == _IMAGES
        and value.shape[1] >= 2
    )


def _check_logits(logits: object, where: str, output: object, steps: Sequence[OutputStep], called: str) -> None:
    if _looks_like_logits(logits):
        return
    advice = _choices(output, called) if steps else _WRAP
    if not isinstance(logits, torch.Tensor):
        raise TypeError(f"returned {_description(logits)}{where}; expected is a tensor (batch, classes). {advice}")
    if not logits.is_floating_point():
        kind = str(logits.dtype).removeprefix("torch.")
        raise TypeError(f"returned {kind} numbers{where}; expected are logits in floating point. {advice}")
    if logits.shape == (_IMAGES, 1) and not steps:
        raise TypeError(
            "returned one number for each image; outputs are checked by how two or more classes differ. Build it with "
            "two classes: that takes as long"
        )
    raise TypeError(
        f"returned shape {tuple(logits.shape)}{where} for {_IMAGES} images; expected is ({_IMAGES}, classes). {advice}"
    )


def _is_squeezed(network: nn.Module, example: torch.Tensor, steps: Sequence[OutputStep], logits: torch.Tensor) -> bool:
    """Whether the logits of a single image lack the batch dimension; False where the network fails on one image."""
    try:
        with torch.no_grad():
            alone = _value_at(network(example[:1]), steps)
    except Exception:
        return False
    return isinstance(alone, torch.Tensor) and alone.shape == logits.shape[1:]


def _one_pass(network: nn.Module, example: torch.Tensor, called: str) -> object:
    """What the network returns for these images.

    Raises:
        MemoryError: there is not enough of it.
        ValueError: it cannot take them, with its message and the images that it would take.
    """
    try:
        with torch.no_grad():
            return network(example)
    except Exception as error:
        # Errors of memory keep their own type.
        if isinstance(error, MemoryError) or "memory" in str(error).lower():
            raise
        fed = f"{'float' if example.is_floating_point() else 'uint8'} images {tuple(example.shape)}"
        raised = f"raised {type(error).__name__} when fed {fed}: {_shortened(str(error))}"
        step = _next_step(network, example, called.rpartition(":")[2].partition("(")[0])
        # A table cuts long reasons: the advice comes first, torch's message last.
        raise ValueError(f"{step}; it {raised}" if step else f"{raised}. {_USUAL_STEP}") from error


def _next_step(network: nn.Module, example: torch.Tensor, function: str) -> str:
    """Advice for a network that takes other images, found by feeding some; empty where it takes none of them."""
    channel_counts = dict.fromkeys(
        count for count in (1, 3, _first_channels(network)) if count not in (0, example.shape[1])
    )
    tries: dict[str, Callable[[], torch.Tensor]] = {}
    if example.is_floating_point():
        tries[f"takes uint8 images: set {function}.dtype = 'uint8' on the function"] = lambda: (example.abs() * 50).to(
            torch.uint8
        )
    else:
        tries[f"takes float images: leave {function}.dtype out"] = example.float
    for channels in channel_counts:
        plural = "" if channels == 1 else "s"
        advice = f"takes {channels} channel{plural}: set {function}.channels = {channels} on the function"
        tries[advice] = partial(_of_channels, example, channels)
    tries |= {
        "takes (batch, height, width, channels): wrap it in a module that permutes": (
            lambda: example.permute(0, 2, 3, 1)
        ),
        "takes flat images: wrap it in a module that flattens": lambda: example.flatten(1),
        "takes half precision, and the suite feeds fp32: build it in fp32": example.half,
        "takes double precision, and the suite feeds fp32: build it in fp32": example.double,
    }
    if example.shape[-1] != example.shape[-2]:
        side = max(example.shape[-2:])
        tries["takes square images: ask for one number of pixels, such as @224"] = lambda: example.new_zeros(
            (*example.shape[:2], side, side)
        )
    for advice, make in tries.items():
        try:
            with torch.no_grad():
                network(make())
        except Exception:  # noqa: S112 (only whether this input works matters)
            continue
        return advice
    return ""


def _of_channels(example: torch.Tensor, count: int) -> torch.Tensor:
    """The first channel, repeated to that many channels."""
    return example[:, :1].expand(-1, count, -1, -1).contiguous()


def _first_channels(network: nn.Module) -> int:
    """Channels that the first convolution takes; 0 where there is none, or the suite feeds fewer."""
    first = next((part for part in network.modules() if isinstance(part, nn.Conv2d)), None)
    return first.in_channels if first is not None and first.in_channels <= MOST_CHANNELS else 0


def _description(output: object) -> str:
    kind = type(output).__name__
    if isinstance(output, Mapping):
        return f"a {kind} with the keys {_shortened(', '.join(map(str, output)))}" if output else f"an empty {kind}"
    if isinstance(output, tuple | list):
        return (
            f"a {kind} of {_shortened(', '.join(type(item).__name__ for item in output))}"
            if output
            else f"an empty {kind}"
        )
    return f"a {kind}"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 90 else f"{line[:89]}…"
