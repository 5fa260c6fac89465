"""The one place that imports timm, also where torchvision's own library does not load.

Knows the fault of a CPU build of torch beside a torchvision built for another torch; refuses to know what the networks
are imported for.

The fault: PyPI has no CPU build of torchvision, and timm imports torchvision. Beside a CPU-only torch, torchvision's
compiled library fails to load, silently, and its Python code then stops with `operator torchvision::nms does not
exist`. timm's classifiers call none of those operators, so their names are enough:

    import torchvision                      the real one first: where its library loads, a schema declared
                                            beforehand would abort the process
    known fault?                            forget the half-imported package, declare the missing schemas,
                                            import it again
    any other fault, or no torchvision      an error that says what to install
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import torch

from bench.errors import UsageError

KNOWN_FAULT = "operator torchvision::"
"""Start of torchvision's message when its library did not load; the operator's name follows."""

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
"""Operators that torchvision's Python code refers to while it is imported."""

_INSTALL = (
    "Install the torchvision that belongs to your torch, both from the same place: "
    "the selector on PyTorch's 'Get started' page prints the command."
)

# A schema lives as long as its Library object.
_declared: list[torch.library.Library] = []


def import_timm() -> ModuleType:
    """Return the module `timm`, imported; later calls cost nothing.

    Raises:
        UsageError: torchvision or timm is missing, or fails in a way that this module does not know.
    """
    if "timm" in sys.modules:
        return sys.modules["timm"]
    _import_torchvision()
    try:
        return importlib.import_module("timm")
    except ModuleNotFoundError as error:
        raise UsageError(f"cannot import timm ({error}). Install it: pip install timm") from error


def schemas_declared() -> bool:
    """Whether this process runs with declared schemas instead of torchvision's own library."""
    return bool(_declared)


def _import_torchvision() -> None:
    try:
        importlib.import_module("torchvision")
    except ModuleNotFoundError as error:
        raise UsageError(f"timm needs torchvision, which cannot be imported ({error}). {_INSTALL}") from error
    except (RuntimeError, ImportError, OSError) as error:
        if not (isinstance(error, RuntimeError) and str(error).startswith(KNOWN_FAULT)):
            raise UsageError(f"torchvision fails on import: {error}. {_INSTALL}") from error
        _forget("torchvision")
        _declare()
        _import_again()


def _import_again() -> None:
    try:
        importlib.import_module("torchvision")
    except (RuntimeError, ImportError) as error:
        raise UsageError(
            f"torchvision fails on import even with its operators declared: {error}. {_INSTALL}"
        ) from error


def _forget(package: str) -> None:
    """Drop a half-imported package, submodules included, so that it can be imported afresh."""
    for name in [name for name in sys.modules if name == package or name.startswith(package + ".")]:
        del sys.modules[name]


def _declare() -> None:
    """Declare the schemas of torchvision's operators, without any code behind them."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in SCHEMAS:
        library.define(schema)
    _declared.append(library)
