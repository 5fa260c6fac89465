"""A copy of timm's registry from right after its import: which function builds which name, and its code.

A user's code may register a name that timm has (`@register_model def resnet50`), or replace timm's functions and
classes: then timm builds something else under its own names. So timm's registry is copied before any such code can
run, every name is built from the copy, and nothing is built once timm's own code has been changed in this process.
A network that was registered later is built by its own function alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from torch import nn

_REGISTRY = "timm.models._registry"
_PLAIN = (bool, int, float, str, bytes, tuple, type(None))
_LAZY = ("__annotations__", "__abstractmethods__", "_abc_impl", "__doc__", "__dict__", "__weakref__")
"""Attributes of a class that Python itself fills in later."""


class _Snapshot(NamedTuple):
    """A module or class of timm, and its attributes right after the import."""

    holder: ModuleType | type
    name: str
    values: Mapping[str, object]
    code: Mapping[str, object]
    """Of its functions: a function may be given another body in its place."""


class Timm:
    """timm's networks, from its registry at the time of construction."""

    def __init__(self, module: ModuleType) -> None:
        """Copy the registry of a module `timm` that has just been imported.

        Raises:
            LookupError: it has none where timm keeps it.
        """
        registry = sys.modules.get(_REGISTRY)
        if registry is None or not module.__file__:
            raise LookupError(
                "the module called timm in this process is none of timm's: it has no registry of networks"
            )
        self._folder = Path(module.__file__).resolve().parent
        self._registry = registry
        tables = {key: value for key, value in vars(registry).items() if isinstance(value, dict | set)}
        # In one go: two tables hold the same configurations.
        self._tables: dict[str, Any] = deepcopy({key: value for key, value in tables.items() if key[:2] != "__"})
        self._create: Callable[..., nn.Module] = module.create_model
        self._config: Callable[[str], Any] = registry.get_pretrained_cfg
        self._list: Callable[[], list[str]] = registry.list_models
        self._snapshots = tuple(_snapshots())
        self.version = str(getattr(module, "__version__", "of unknown version"))

    def names(self) -> list[str]:
        """Every architecture, sorted."""
        with self._copied_tables():
            return sorted(self._list())

    def knows(self, name: str) -> bool:
        """Whether it is a name of timm's, with or without a tag of weights."""
        return name.partition(".")[0] in self._entries

    def config(self, name: str) -> Any:  # noqa: ANN401 (timm's own type)
        """The configuration that timm has of a name, such as its input size; None where it has none.

        Raises:
            LookupError: the architecture has no weights of that tag.
        """
        with self._copied_tables():
            try:
                return self._config(name)
            except RuntimeError as error:
                raise LookupError(f"timm {self.version} does not know {name!r}: {error}") from error

    def build(self, name: str, **kwargs: object) -> nn.Module:
        """The network of a name that timm knows, without pretrained weights.

        Raises:
            LookupError: the name, or timm itself, is no longer timm's in this process.
        """
        changed = self.changed()
        if changed:
            raise LookupError(
                f"{name!r} cannot be built in this process: code of another network has changed timm itself "
                f"({changed}). Measure them in processes of their own"
            )
        entry = self._entries[name.partition(".")[0]]
        if not self._is_own(entry):
            raise LookupError(
                f"{name!r} is registered in timm by {entry.__module__}, not by timm itself. Name the function that "
                "builds it: path/to/nets.py:function"
            )
        with self._copied_tables():
            return self._create(name, pretrained=False, **kwargs)

    def changed(self) -> str:
        """The first function, class or setting of timm's that was changed; empty when none was."""
        return next((change for snapshot in self._snapshots if (change := _change(snapshot))), "")

    @property
    def _entries(self) -> dict[str, Callable[..., nn.Module]]:
        entries: dict[str, Callable[..., nn.Module]] = self._tables["_model_entrypoints"]
        return entries

    def _is_own(self, entry: Callable[..., nn.Module]) -> bool:
        code = getattr(entry, "__code__", None)
        own_module = entry.__module__.partition(".")[0] == "timm"
        return own_module and code is not None and Path(code.co_filename).resolve().is_relative_to(self._folder)

    @contextmanager
    def _copied_tables(self) -> Iterator[None]:
        """Put the copied tables in place of timm's current ones: its functions look them up by name at every call."""
        current = {key: vars(self._registry).get(key) for key in self._tables}
        vars(self._registry).update(self._tables)
        try:
            yield
        finally:
            vars(self._registry).update(current)


_kept: list[Timm] = []


def keep(module: ModuleType) -> None:
    """Copy the registry of timm, which has just been imported; only the first time in a process."""
    if not _kept:
        _kept.append(Timm(module))


def copy_of(module: ModuleType) -> Timm:
    """The copy made when timm was imported; where `watch_imports` came later than that, one made now.

    Raises:
        LookupError: `module` is not timm.
    """
    keep(module)
    return _kept[0]


def _snapshots() -> Iterator[_Snapshot]:
    """The current attributes of timm's modules and classes."""
    for name, module in sorted(sys.modules.items()):
        if name != "timm" and not name.startswith("timm."):
            continue
        values = {key: value for key, value in vars(module).items() if _is_constant(value) and key[:2] != "__"}
        yield _Snapshot(module, name, values, _code(values))
        for key, value in values.items():
            if isinstance(value, type) and value.__module__ == name:
                inside = {
                    attribute: attribute_value
                    for attribute, attribute_value in vars(value).items()
                    if attribute not in _LAZY
                }
                yield _Snapshot(value, f"{name}.{key}", inside, _code(inside))


def _is_constant(value: object) -> bool:
    """Whether values of this type are constant: timm itself neither replaces nor changes them."""
    return isinstance(value, (FunctionType, type, *_PLAIN)) or (callable(value) and not isinstance(value, nn.Module))


def _code(values: Mapping[str, object]) -> dict[str, object]:
    return {key: value.__code__ for key, value in values.items() if isinstance(value, FunctionType)}


def _change(snapshot: _Snapshot) -> str:
    now = vars(snapshot.holder)
    for key, value in snapshot.values.items():
        current = now.get(key, _change)
        if current is not value and not (
            isinstance(value, _PLAIN) and type(current) is type(value) and current == value
        ):
            return f"{snapshot.name}.{key}"
    for key, code in snapshot.code.items():
        if now[key].__code__ is not code:
            return f"{snapshot.name}.{key}"
    if isinstance(snapshot.holder, type):
        return next(
            (
                f"{snapshot.name}.{key}"
                for key, value in now.items()
                if key not in snapshot.values and _is_behaviour(key, value)
            ),
            "",
        )
    return ""


def _is_behaviour(key: str, value: object) -> bool:
    """Whether an attribute that was added to a class changes how it behaves, unlike Python's or torch's own marks."""
    return key not in _LAZY and (callable(value) or hasattr(value, "__get__"))
