"""Separates the local imports of users' files: two folders may hold two versions of one module.

Two builds of one network measured side by side, `base/nets.py:build` and `nets.py:build`, each import `layers` and mean
the file in their own folder; Python has one module of a name in a process, the first that was imported. While code of a
folder runs here, modules of other such folders with the same names are removed from `sys.modules`, and restored
afterwards. Imports that happen later, while a pass runs, are not separated.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

_SUITE = "levit_bench"  # A folder of that name is never the suite's own, wherever the suite was started.
_away: dict[Path, dict[str, ModuleType]] = {}
"""By folder, the modules that are removed from `sys.modules` outside of `imports_beside`."""


@contextmanager
def imports_beside(folder: Path, here: Path) -> Iterator[None]:
    """Run code of a folder: what it imports is looked for among what is installed, then beside it, then elsewhere.

    Args:
        folder: of the file whose code runs.
        here: where the process was started, whose modules other networks may have been imported from.
    """
    path, own = str(folder), _away.get(folder, {})
    _away.setdefault(folder, {})
    other_folders = {str(here), *map(str, _away)} - {path}
    tops = {top for top in {name.partition(".")[0] for name in sys.modules} if _is_namesake(top, folder, other_folders)}
    namesakes = _modules_of(tops)
    for name in namesakes:
        del sys.modules[name]
    sys.modules.update(own)
    entries = [entry for entry in sys.path if (entry or str(here)) not in {*other_folders, path}]
    last = [entry for entry in sys.path if (entry or str(here)) in other_folders]
    sys.path[:] = [*entries, path, *last]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = [*entries, *last, path]
        # A name that another folder had before stays the other's; what is new keeps its name.
        _away[folder] = _modules_of(tops)
        for name in _away[folder]:
            del sys.modules[name]
        sys.modules.update(namesakes)


def set_aside() -> list[ModuleType]:
    """Modules that are in use and not in `sys.modules`."""
    return [module for modules in _away.values() for module in modules.values()]


def _modules_of(tops: set[str]) -> dict[str, ModuleType]:
    """The modules of those names, and all below them."""
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] in tops}


def _is_namesake(top: str, folder: Path, other_folders: set[str]) -> bool:
    """Whether a module comes from another of the folders, and this one has a module of that name."""
    if top == _SUITE or not _folders_of(sys.modules.get(top)) & other_folders:
        return False
    return (folder / f"{top}.py").is_file() or (folder / top).is_dir()


def _folders_of(module: ModuleType | None) -> set[str]:
    """The folders that a top-level module was found in."""
    places = [str(place) for place in getattr(module, "__path__", ())]
    file = getattr(module, "__file__", None)
    return {str(Path(place).parent) for place in places or ([file] if file else [])}
