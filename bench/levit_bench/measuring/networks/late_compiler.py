"""Keeps torch's compiler out of processes that import torchvision and timm and compile nothing.

Importing `torch._dynamo` takes two and a half seconds of every worker process that builds a network of timm. It is
imported for two functions alone:

    torchvision's roi_align      asks it whether it can be compiled; no classifier calls that
    timm's NaFlexViT             has some of its functions left out of compiled graphs

Both ask for it when they are called, and not when they are defined.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch

_COMPILER, _ASKED = "torch._dynamo", "torch._dynamo.utils"


@contextmanager
def stand_in_for_compiler() -> Iterator[bool]:
    """Modules in the compiler's place until the context ends; whether there are any.

    There are none where the compiler has been imported already. What asks the stand-ins for anything else fails with
    an ImportError, also as an attribute; the caller imports it once more without them.
    """
    if _COMPILER in sys.modules:
        yield False
        return
    stand_ins = {_COMPILER: ModuleType(_COMPILER), _ASKED: ModuleType(_ASKED)}
    stand_ins[_ASKED].is_compile_supported = _is_compile_supported  # type: ignore[attr-defined]
    sys.modules.update(stand_ins)
    try:
        yield True
    finally:
        for name, module in stand_ins.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _is_compile_supported(device_type: object) -> object:
    """Ask the compiler itself, which is imported by the first call."""
    from torch._dynamo.utils import is_compile_supported

    return is_compile_supported(device_type)  # type: ignore[arg-type]


@contextmanager
def late_disabling() -> Iterator[None]:
    """Until the context ends, functions that `torch.compiler.disable` decorates are disabled when first called."""
    if _COMPILER in sys.modules:
        yield
        return
    disable = torch.compiler.disable
    torch.compiler.disable = _late(disable)
    try:
        yield
    finally:
        torch.compiler.disable = disable


def _late(disable: Callable[..., Any]) -> Callable[..., Any]:
    def decorator(function: Any = None, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (torch's own signature)
        if function is None or isinstance(function, type):
            return disable(function, *args, **kwargs)
        disabled: list[Callable[..., Any]] = []

        @functools.wraps(function)
        def at_first_call(*of_call: Any, **named: Any) -> Any:  # noqa: ANN401 (that of the function)
            if not disabled:
                disabled.append(disable(function, *args, **kwargs))
            return disabled[0](*of_call, **named)

        return at_first_call

    return decorator
