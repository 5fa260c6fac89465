"""Identity of this package's own code: what it computed is used again only by the same code."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


@cache
def code_identity(*names: str) -> str:
    """SHA-256 of modules, tables and folders of this package by their content: edited in its place, code is other code.

    Args:
        names: paths within the package, such as `store` or `records.py`.
    """
    whole = hashlib.sha256()
    for name in names:
        for path in sorted(_sources(str(_PACKAGE / name))):
            with open(path, "rb") as file:  # noqa: PTH123 (many files, before anything is shown)
                content = file.read()
            whole.update(f"{os.path.relpath(path, _PACKAGE)} {len(content)}\n".encode() + content)
    return whole.hexdigest()


def _sources(path: str) -> list[str]:
    """The modules and tables of a folder and of those below; of a file, itself."""
    if not os.path.isdir(path):  # noqa: PTH112 (as above)
        return [path]
    out: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir():
                out += [] if entry.name == "__pycache__" else _sources(entry.path)
            elif entry.name.endswith((".py", ".csv")):
                out.append(entry.path)
    return out
