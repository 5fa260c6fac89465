"""Files that a prepared network was made of, by their content: unchanged, they make the same network."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import msgspec


class CodeFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Files and folders by their paths, with digests of what they held."""

    files: dict[str, str | None] = {}
    """SHA-256 of the content; None where a file was looked for and not there."""
    folders: dict[str, str] = {}
    """Of folders with modules: SHA-256 of the names that an import could find there."""

    def are_unchanged(self) -> bool:
        """Whether every file and folder holds what it held."""
        return all(digest(Path(path)) == then for path, then in self.files.items()) and all(
            names_digest(Path(path)) == then for path, then in self.folders.items()
        )


def digest(path: Path) -> str | None:
    """SHA-256 of a regular file; None where there is none that can be read. A pipe is never waited for."""
    try:
        if not path.is_file():
            return None
        # It may become a pipe between the two calls; opening one waits for its writer unless it must not.
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            is_regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            return hashlib.file_digest(file, "sha256").hexdigest() if is_regular else None
    except OSError:
        return None


def tree_digest(folder: Path, pattern: str = "*") -> str:
    """SHA-256 of the names, sizes and contents of the files below a folder, in order."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob(pattern) if path.is_file()):
        whole.update(f"{path.relative_to(folder).as_posix()} {path.stat().st_size}\n".encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def names_digest(folder: Path) -> str:
    """SHA-256 of the names of modules and packages in a folder: a new one may be imported in another's place."""
    try:
        names = sorted(
            path.name
            for path in folder.iterdir()
            if path.suffix in {".py", ".so", ".pyd"} or (path / "__init__.py").exists()
        )
    except OSError:
        names = []
    return hashlib.sha256("\n".join(names).encode("utf-8", "surrogateescape")).hexdigest()
