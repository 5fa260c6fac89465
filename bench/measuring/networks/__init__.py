"""Names to networks: asks each builder in turn whether the name is its own.

Refuses to know how a network is built, and what becomes of it. A new family is a new file here, or a third party's
builder under the entry-point group `levit_bench.networks`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from typing import Protocol

from torch import nn

from bench.measuring.reasons import one_line
from bench.measuring.wire import Resolved
from bench.twins import original

# In this order; the last one takes every name that is left. Loaded when asked: the yardstick imports neither timm nor
# anything else of the suite.
_BUILT_IN = ("yardstick", "null", "user", "levit", "timm_zoo")
ENTRY_POINTS = "levit_bench.networks"


class Builder(Protocol):
    """What a builder module or object offers."""

    def owns(self, name: str) -> bool:
        """Whether this builder builds the name."""

    def default_resolution(self, name: str) -> int:
        """Height and width in pixels that the network is meant for.

        Raises:
            LookupError: no such network.
        """

    def build(self, name: str, resolution: int) -> nn.Module:
        """The network with freshly initialised weights, for square inputs of that many pixels.

        Raises:
            LookupError: no such network.
            ValueError: it cannot take that resolution.
        """


def build(name: str, resolution: int) -> nn.Module:
    """Build a network by name, in evaluation mode; a twin is built as its original is.

    Raises:
        LookupError: no builder owns the name.
    """
    name = original(name)
    return _builder_of(name).build(name, resolution).eval()


def channels(name: str) -> int:
    """Channels of the images that a network takes: 3, unless its builder has a function `channels` that says 1.

    Raises:
        LookupError: no builder owns the name.
    """
    name = original(name)
    told: Callable[[str], int] = getattr(_builder_of(name), "channels", lambda _name: 3)
    return told(name)


def resolve(names: Iterable[str]) -> Resolved:
    """Default resolutions of those names that can be built; what there is instead when one cannot."""
    resolutions: dict[str, int] = {}
    missing: dict[str, str] = {}
    for name in names:
        try:
            resolutions[name] = _builder_of(original(name)).default_resolution(original(name))
        except LookupError as error:
            missing[name] = one_line(str(error))
    known = importlib.import_module(f"{__name__}.timm_zoo").names() if missing else ()
    return Resolved(resolutions=resolutions, missing=missing, known=tuple(known))


def _builder_of(name: str) -> Builder:
    for builder in _builders():
        if builder.owns(name):
            return builder
    raise LookupError(f"no builder knows {name!r}")


def _builders() -> list[Builder]:
    foreign: list[Builder] = [point.load() for point in entry_points(group=ENTRY_POINTS)]
    return [*foreign, *(importlib.import_module(f"{__name__}.{module}") for module in _BUILT_IN)]
