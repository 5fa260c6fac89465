"""Small files kept beside the prepared networks, each found by a key of everything that decides what it holds.

    FOLDER/readings/KEY     the SHA-256 of the content, and the content

Keeping one saves time and nothing else: what cannot be kept, or read, or is not what was kept, is absent. Written under
another name and moved into place, so that a reader sees a whole file or none. Never read where somebody else could have
written.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from levit_bench.paths.cache_folder import cache_folder, make_private, why_not_private

LIMIT_BYTES = 1 << 30
"""What all files together may take; those that were not used for the longest time go first."""
_FILES = "readings"
_DIGEST_BYTES = hashlib.sha256().digest_size
_KEY_LENGTH = 2 * _DIGEST_BYTES
_ABANDONED_S = 3600.0  # A draft of this age belongs to a process that was killed.
_USED_S = 3600.0  # Uses within it are noted once.


class KeptFile(NamedTuple):
    """A kept file."""

    path: Path
    bytes: int
    used_at: float
    """When it was used last, in seconds since the epoch."""


class KeptFiles:
    """The files in a cache folder.

    Args:
        folder: the cache's; created when something is kept.
        limit_bytes: what all files together may take.
    """

    def __init__(self, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = folder
        self._root = folder / _FILES
        self._limit = limit_bytes
        self._written: dict[str, int] = {}
        """Bytes of what this process has kept, by key."""
        self.accepts_more = True
        """Whether further contents can be kept: the folder can be written, and what was kept last leaves room."""

    def read(self, key: str) -> bytes | None:
        """The content kept under a key; None where there is none, or it is not what was kept."""
        path = self._root / key
        if not self._is_ours() or why_not_private(path) is not None:
            return None
        try:
            with path.open("rb") as file:
                digest, content = file.read(_DIGEST_BYTES), file.read()
                used_at = os.fstat(file.fileno()).st_mtime
        except (OSError, MemoryError):
            return None
        if hashlib.sha256(content).digest() != digest:
            return None
        if not 0 <= time.time() - used_at < _USED_S:
            with suppress(OSError):
                os.utime(path)
        return content

    def keep(self, key: str, content: bytes) -> None:
        """Keep a content under its key; one that cannot be kept costs nothing but the time of computing it again."""
        if sum(self._written.values()) + len(content) > self._limit:
            self.accepts_more = False  # Each further one would drive out one that was just kept.
        if not self.accepts_more:
            return
        try:
            make_private(self._folder)
            make_private(self._root)
            self.accepts_more = self._is_ours()
            if self.accepts_more:
                self._write(key, content)
                self._written[key] = len(content)
        except OSError:
            self.accepts_more = False  # A full disk or a folder that cannot be written.

    def shrink(self) -> None:
        """After something was kept: remove what was not used for the longest time until the rest is within the limit.

        Drafts that a killed process left go as well; what this process kept stays.
        """
        if not self._written:
            return
        entries = self.entries()
        total = sum(entry.bytes for entry in entries)
        for entry in reversed(entries):
            if total <= self._limit:
                break
            if entry.path.name not in self._written:
                with suppress(OSError):
                    entry.path.unlink()
                    total -= entry.bytes
        for path in self._paths(drafts=True):
            with suppress(OSError):
                if _is_draft(path.name) and time.time() - path.stat().st_mtime > _ABANDONED_S:
                    path.unlink()

    def entries(self) -> list[KeptFile]:
        """All kept files, the one used last first."""
        files = []
        for path in self._paths():
            with suppress(OSError):
                state = path.stat()
                files.append(KeptFile(path, state.st_size, state.st_mtime))
        return sorted(files, key=lambda file: -file.used_at)

    def clear(self) -> int:
        """Remove all kept files, damaged ones and abandoned drafts included; returns how many were kept."""
        removed = 0
        for path in self._paths(drafts=True):
            with suppress(OSError):
                path.unlink()
                removed += _is_key(path.name)
        return removed

    def _is_ours(self) -> bool:
        return all(why_not_private(folder) is None for folder in (self._folder, self._root))

    def _paths(self, *, drafts: bool = False) -> list[Path]:
        try:
            return [path for path in self._root.iterdir() if _is_key(path.name) or (drafts and _is_draft(path.name))]
        except OSError:
            return []

    def _write(self, key: str, content: bytes) -> None:
        draft = self._root / f".{key}-{secrets.token_hex(8)}"
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb") as file:
                file.write(hashlib.sha256(content).digest())
                file.write(content)
            draft.replace(self._root / key)
        except BaseException:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise


_BINARY = getattr(os, "O_BINARY", 0)


def kept_files() -> KeptFiles | None:
    """The files in the user's cache; None where nothing is to be kept, or nobody knows where."""
    try:
        folder = cache_folder()
    except RuntimeError:  # `~name` of a user without a home, for one
        return None
    return None if folder is None else KeptFiles(folder)


def key_of(*parts: str) -> str:
    """The key of something that these texts decide, as hexadecimal digits."""
    whole = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogateescape")
        whole.update(f"{len(content)}\n".encode() + content)
    return whole.hexdigest()


def _is_key(name: str) -> bool:
    return len(name) == _KEY_LENGTH and not name.startswith(".")


def _is_draft(name: str) -> bool:
    return name.startswith(".") and len(name.partition("-")[0]) == _KEY_LENGTH + 1
