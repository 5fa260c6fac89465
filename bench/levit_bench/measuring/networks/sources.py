"""The user's files that a network was built from: edited while a session runs, they would change the network.

A named file carries its digest in the network's name; what it imports from its own folder does not. Those files are
found through one another's import statements, and their digests are stored when the network is prepared. Installed
packages, data files and names that are put together at run time are not followed.
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
    """Record the digests of the files of a network that was just built in this process.

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
        {} if _is_installed(folder) else {str(path): _digest(path) for path in _files_reached(start, module, folder)}
    )


def keep(name: str, folder: Path) -> None:
    """Store the recorded digests of a network in the folder of its artifact."""
    if name in _built:
        (folder / _FILE).write_text(json.dumps(_built[name]), encoding="utf-8")


def changed(name: str, folder: Path) -> str | None:
    """Why a network that this process has built may differ from the one that was prepared; None where no file changed.

    Exported artifacts are loaded as they were prepared, whether or not the files have changed.
    """
    if name not in _built or not (folder / _FILE).is_file():
        return None
    digests: dict[str, str] = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    files = sorted(Path(path).name for path, digest in _built[name].items() if digests.get(path, digest) != digest)
    if not files:
        return None
    return (
        f"{', '.join(files)} changed since the network was prepared, so that it may be another one now. Leave its "
        "files alone while it is measured, and measure again"
    )


def _files_reached(start: Path, module: ModuleType | None, folder: Path) -> set[Path]:
    """The loaded files below a folder that the first file reaches by import statements, itself included."""
    files = {start}
    queue = [(start, module.__package__ or "" if module else "")]
    while queue:
        path, package = queue.pop()
        for name in _imported_names(path, package):
            imported = sys.modules.get(name)
            file = _file_of(imported)
            if imported is None or file is None or file in files or not file.is_relative_to(folder):
                continue
            # A virtual environment or the suite may lie in the user's folder: both are recorded by their versions.
            if not _is_installed(file) and not file.is_relative_to(_SUITE):
                files.add(file)
                queue.append((file, imported.__package__ or ""))
    return files


@cache
def _imported_names(path: Path, package: str) -> tuple[str, ...]:
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
    in_library = any(path.is_relative_to(paths[key]) for key in ("stdlib", "platstdlib", "purelib", "platlib"))
    return in_library or "site-packages" in path.parts or "dist-packages" in path.parts


@cache
def _digest(path: Path) -> str:
    """SHA-256 of a file when this process first read it, as it is imported once; empty where it is gone."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
