"""What a user's network takes and returns, found out by one pass: logits are taken out of what holds them.

Serves a tensor as it is, and the first of a tuple, or `logits` of a mapping or an object, through a module that does
nothing else; refuses everything else with what came, what is expected, and how to wrap it. Refuses to know who built
the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import nn

from bench.measuring.inputs import ImageShape, images
from bench.records import MOST_CHANNELS

_IMAGES = 2  # One alone does not tell (classes,) from (batch, classes).
_STREAM = 3  # Not a set of images that anything else uses.
_WRAP = "Wrap it in a module whose forward returns the logits alone"


class _Unwrapped(nn.Module):
    """A network, and the way to the logits in what it returns. Its own cost is one call of a module."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def get_classifier(self) -> object:
        """The layers that make the logits, where the network tells them."""
        return getattr(self.network, "get_classifier", lambda: None)()


class _First(_Unwrapped):
    """Logits are the first of a tuple or list."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x)[0]


class _Key(_Unwrapped):
    """Logits are an entry of a mapping."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x)["logits"]


class _Attribute(_Unwrapped):
    """Logits are an attribute of an object."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x).logits


def checked(network: nn.Module, shape: ImageShape) -> nn.Module:
    """The network in evaluation mode, unwrapped where it must be.

    Raises:
        TypeError: it returns nothing that holds logits.
        ValueError: it cannot take images (batch, channels, height, width) of that shape.
    """
    given = images(_IMAGES, shape, 0, _STREAM)
    output = _one_pass(network.eval(), given)
    if isinstance(output, torch.Tensor):
        _check_shape(output, "")
        return network
    for matches, way, wrapper in _WAYS:
        if matches(output):
            _check_shape(way(output), f" in its {type(output).__name__}")
            return wrapper(network).eval()
    raise TypeError(
        f"returned {_described(output)}; expected is one tensor (batch, classes), a tuple that begins with it, or one "
        f"called 'logits'. {_WRAP}"
    )


_WAYS: tuple[tuple[Callable[[Any], bool], Callable[[Any], torch.Tensor], type[_Unwrapped]], ...] = (
    (
        lambda out: isinstance(out, Mapping) and isinstance(out.get("logits"), torch.Tensor),
        lambda out: out["logits"],
        _Key,
    ),
    (lambda out: isinstance(getattr(out, "logits", None), torch.Tensor), lambda out: out.logits, _Attribute),
    (
        lambda out: isinstance(out, tuple | list) and len(out) > 0 and isinstance(out[0], torch.Tensor),
        lambda out: out[0],
        _First,
    ),
)


def _check_shape(logits: torch.Tensor, where: str) -> None:
    if logits.ndim != 2 or logits.shape[0] != _IMAGES or logits.shape[1] < 2:
        raise TypeError(
            f"returned shape {tuple(logits.shape)}{where} for {_IMAGES} images; expected is ({_IMAGES}, classes). "
            f"{_WRAP}"
        )


def _one_pass(network: nn.Module, given: torch.Tensor) -> object:
    """What the network returns for these images.

    Raises:
        MemoryError: there is not enough of it.
        ValueError: it cannot take them, with what it said and what it would have taken.
    """
    try:
        with torch.no_grad():
            return network(given)
    except Exception as error:
        # A reason that names memory must stay one.
        if isinstance(error, MemoryError) or "memory" in str(error).lower():
            raise
        fed = f"{'float' if given.is_floating_point() else 'uint8'} images {tuple(given.shape)}"
        raise ValueError(
            f"raised {type(error).__name__} when fed {fed}: {_short(str(error))}. {_advice(network, given)}"
        ) from error


def _advice(network: nn.Module, given: torch.Tensor) -> str:
    """The next step for a network that does not take the images, found by feeding others. Nothing is served by it."""
    others = dict.fromkeys(count for count in (1, 3, _first_channels(network)) if count not in (0, given.shape[1]))
    tries: dict[str, Callable[[], torch.Tensor]] = {}
    if given.is_floating_point():
        tries["It takes uint8 images: set build.dtype = 'uint8' on the function"] = lambda: (given.abs() * 50).to(
            torch.uint8
        )
    else:
        tries["It takes float images: leave build.dtype out of the function"] = given.float
    for other in others:
        said = f"It takes {other} channel{'' if other == 1 else 's'}: set build.channels = {other} on the function"
        tries[said] = partial(_of_channels, given, other)
    tries |= {
        "It takes (batch, height, width, channels): wrap it in a module that permutes": (
            lambda: given.permute(0, 2, 3, 1)
        ),
        "It takes flat images: wrap it in a module that flattens": lambda: given.flatten(1),
        "It takes half precision; the suite feeds fp32. Build it in fp32": given.half,
        "It takes double precision; the suite feeds fp32. Build it in fp32": given.double,
    }
    if given.shape[-1] != given.shape[-2]:
        side = max(given.shape[-2:])
        tries["It takes square images: ask for one number of pixels, such as @224"] = lambda: given.new_zeros(
            (*given.shape[:2], side, side)
        )
    for said, make in tries.items():
        try:
            with torch.no_grad():
                network(make())
        except Exception:  # noqa: S112 (what it says of this input is of no interest)
            continue
        return said
    return (
        "For another size set build.resolution on the function; for anything else wrap it in a module that takes float "
        "images (batch, 3, height, width)"
    )


def _of_channels(given: torch.Tensor, count: int) -> torch.Tensor:
    """The first channel, so many times."""
    return given[:, :1].expand(-1, count, -1, -1).contiguous()


def _first_channels(network: nn.Module) -> int:
    """Channels that the first convolution takes; 0 where there is none, or the suite feeds fewer."""
    first = next((part for part in network.modules() if isinstance(part, nn.Conv2d)), None)
    return first.in_channels if first is not None and first.in_channels <= MOST_CHANNELS else 0


def _described(output: object) -> str:
    kind = type(output).__name__
    if isinstance(output, Mapping):
        return f"a {kind} with the keys {_short(', '.join(map(str, output)))}" if output else f"an empty {kind}"
    if isinstance(output, tuple | list):
        return (
            f"a {kind} of {_short(', '.join(type(one).__name__ for one in output))}" if output else f"an empty {kind}"
        )
    return f"a {kind}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 90 else f"{line[:89]}…"
