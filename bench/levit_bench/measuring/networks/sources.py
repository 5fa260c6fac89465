"""Which files of the user's a network was built from: edited while a session runs, they would change the network.

A named file carries its digest in the network's name; what it imports from its own folder does not. Those files are
followed through the import statements of one another, and remembered when the network is prepared. Refuses to know
what a network computes. Installed packages, data files and names that are put together at run time are not followed.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

_FILE = "sources.json"
_SUITE = Path(__file__).parents[2]
_built: dict[str, dict[str, str]] = {}
"""Digests of the files of each network that this process has built, by path."""


def note(name: str, file: Path | None) -> None:
    """Remember the files of a network that was just built in this process.

    Args:
        name: of the network, `module:function` or `file.py:function`.
        file: of the function; None where it is of a module on the Python path.
    """
    module = sys.modules.get(name.partition(":")[0]) if file is None else None
    start = file or _file_of(module)
    if start is None:
        return
    depth = module.__name__.count(".") + (start.name == "__init__.py") if module else 0
    folder = start.parents[depth]
    _built[name] = (
        {} if _is_installed(folder) else {str(path): _digest(path) for path in _reached(start, module, folder)}
    )


def keep(name: str, folder: Path) -> None:
    """Leave what was noted of a network in the folder of its artifact."""
    if name in _built:
        (folder / _FILE).write_text(json.dumps(_built[name]), encoding="utf-8")


def changed(name: str, folder: Path) -> str | None:
    """Why a network that this process has built is not the one that was prepared; None where nothing tells.

    What was exported is loaded as it was prepared, whatever became of its files.
    """
    if name not in _built or not (folder / _FILE).is_file():
        return None
    kept: dict[str, str] = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    others = sorted(Path(path).name for path, digest in _built[name].items() if kept.get(path, digest) != digest)
    if not others:
        return None
    return (
        f"{', '.join(others)} changed since the network was prepared, so that it may be another one now. Leave its "
        "files alone while it is measured, and measure again"
    )


def _reached(start: Path, module: ModuleType | None, folder: Path) -> set[Path]:
    """The files below a folder that are loaded, and that one leads to by its import statements."""
    found = {start}
    queue = [(start, module.__package__ or "" if module else "")]
    while queue:
        path, package = queue.pop()
        for name in _imported(path, package):
            other = sys.modules.get(name)
            file = _file_of(other)
            if other is None or file is None or file in found or not file.is_relative_to(folder):
                continue
            # An environment often lies in the user's folder, and the suite may: both are known by their versions.
            if not _is_installed(file) and not file.is_relative_to(_SUITE):
                found.add(file)
                queue.append((file, other.__package__ or ""))
    return found


@cache
def _imported(path: Path, package: str) -> tuple[str, ...]:
    """Names of modules that a file's import statements may mean, those above each included."""
    return tuple(dict.fromkeys(_names_in(path, package)))


def _names_in(path: Path, package: str) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute("." * node.level + (node.module or ""), package)
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)] if base else []
        else:
            continue
        for name in names:
            steps = name.split(".")
            yield from (".".join(steps[:count]) for count in range(1, len(steps) + 1))


def _absolute(name: str, package: str) -> str:
    try:
        return importlib.util.resolve_name(name, package)
    except ImportError:
        return ""


def _file_of(module: ModuleType | None) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).absolute() if isinstance(file, str) and file.endswith(".py") else None


def _is_installed(path: Path) -> bool:
    paths = sysconfig.get_paths()
    known = any(path.is_relative_to(paths[key]) for key in ("stdlib", "platstdlib", "purelib", "platlib"))
    return known or "site-packages" in path.parts or "dist-packages" in path.parts


@cache
def _digest(path: Path) -> str:
    """SHA-256 of a file as this process found it first, as it imports it once; nothing where it is gone."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
