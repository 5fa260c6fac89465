"""Networks of the user's own: `module:function`, found on the Python path.

The function is called without arguments and returns a `torch.nn.Module` that takes images (batch, 3, r, r) and
returns logits (batch, classes).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from torch import nn

_DEFAULT_RESOLUTION = 224


def owns(name: str) -> bool:
    """Whether the name has the form `module:function`."""
    return ":" in name


def default_resolution(name: str) -> int:
    """The function's attribute `resolution`, or 224 pixels.

    Raises:
        LookupError: there is no such module or function.
    """
    return int(getattr(_maker(name), "resolution", _DEFAULT_RESOLUTION))


def build(name: str, resolution: int) -> nn.Module:
    """Call the user's function.

    Raises:
        LookupError: there is no such module or function.
        TypeError: it returned no module.
    """
    network = _maker(name)()
    if not isinstance(network, nn.Module):
        raise TypeError(f"{name} returned a {type(network).__name__}, not a torch.nn.Module")
    return network


def _maker(name: str) -> Callable[[], object]:
    module, _, function = name.partition(":")
    try:
        maker: Callable[[], object] = getattr(importlib.import_module(module), function)
    except (ModuleNotFoundError, AttributeError, ValueError) as error:
        raise LookupError(f"cannot find {name!r}: {error}. Is its folder on PYTHONPATH?") from error
    return maker
