"""Imports torchvision and timm, also where torchvision's compiled library does not load.

The fault: PyPI has no CPU build of torchvision, and timm imports torchvision. Beside a CPU-only torch, torchvision's
compiled library fails to load, silently, and its Python code then stops with `operator torchvision::nms does not
exist`. Classifiers call none of those operators, so their schemas are enough. On the first import of torchvision, by
the suite or by a user's file, at its top or in a function:

    execute torchvision                     without changes first: where its library loads, a schema declared
                                            beforehand would abort the process
    known fault?                            drop the half-imported modules, declare the missing schemas,
                                            execute it again
    any other fault, or no torchvision      raised to the importer; timm's own import says what to install

Importing timm copies its registry before other code can change it. A process that imports neither pays nothing.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import torch

from levit_bench.errors import UsageError
from levit_bench.measuring.networks import timm_registry
from levit_bench.measuring.networks.late_compiler import late_disabling, stand_in_for_compiler

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
    watch_imports()
    if "timm" in sys.modules:
        return sys.modules["timm"]
    _import_torchvision()
    try:
        return importlib.import_module("timm")
    except ModuleNotFoundError as error:
        raise UsageError(f"cannot import timm ({error}). Install it: pip install timm") from error


def watch_imports() -> None:
    """From now on in this process, every import of torchvision and timm goes as described above."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def schemas_declared() -> bool:
    """Whether this process runs with declared schemas instead of torchvision's own library."""
    return bool(_declared)


def _import_torchvision() -> None:
    try:
        importlib.import_module("torchvision")
    except ModuleNotFoundError as error:
        raise UsageError(f"timm needs torchvision, which cannot be imported ({error}). {_INSTALL}") from error
    except (RuntimeError, ImportError, OSError) as error:
        message = str(error) if schemas_declared() else f"torchvision fails on import: {error}. {_INSTALL}"
        raise UsageError(message) from error


def _execute_torchvision(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute the package without torch's compiler, and with it where that is not enough."""
    before = dict(vars(module))
    with stand_in_for_compiler() as without_compiler:
        try:
            _execute_beside_torch(module, execute)
        except Exception:
            if not without_compiler:
                raise
        else:
            return
    _start_again(module, before)
    _execute_beside_torch(module, execute)


def _execute_beside_torch(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute the package, a second time with its operators declared where that is the known fault."""
    before = dict(vars(module))
    try:
        execute(module)
    except RuntimeError as error:
        if not str(error).startswith(KNOWN_FAULT):
            raise
    else:
        return
    _start_again(module, before)
    _declare()
    try:
        execute(module)
    except (RuntimeError, ImportError) as error:
        raise ImportError(
            f"torchvision fails on import even with its operators declared: {error}. {_INSTALL}"
        ) from error


def _start_again(module: ModuleType, before: dict[str, object]) -> None:
    """Undo a half-done import of a package."""
    _forget_below(module.__name__)
    vars(module).clear()
    vars(module).update(before)


def _execute_timm(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute the package, and copy its registry before the importing code goes on."""
    with late_disabling():
        execute(module)
    if f"{module.__name__}.models" in sys.modules:
        timm_registry.keep(module)


_WATCHED: dict[str, Callable[[ModuleType, Callable[[ModuleType], None]], None]] = {
    "torchvision": _execute_torchvision,
    "timm": _execute_timm,
}


class _Finder(MetaPathFinder):
    """Finds what the finders behind it find, and has the watched packages executed in their own way."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        execute = _WATCHED.get(fullname)
        if execute is None:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Watching(spec.loader, execute)
                return spec
        return None


class _Watching(Loader):
    """Loads a package as its own loader does, which takes its place before any of the package's code runs."""

    def __init__(self, loader: Loader, execute: Callable[[ModuleType, Callable[[ModuleType], None]], None]) -> None:
        self._loader = loader
        self._execute = execute

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._execute(module, self._loader.exec_module)


def _forget_below(package: str) -> None:
    """Drop the modules of a half-imported package, so that they can be imported afresh."""
    for name in [name for name in sys.modules if name.startswith(package + ".")]:
        del sys.modules[name]


def _declare() -> None:
    """Declare the schemas of torchvision's operators that are not there, without any code behind them."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in SCHEMAS:
        if not torch._C._jit_get_schemas_for_operator(f"torchvision::{schema.partition('(')[0]}"):
            library.define(schema)
    _declared.append(library)
