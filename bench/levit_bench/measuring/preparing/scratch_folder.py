"""Temporary folder of a session's prepared artifacts: removed with the session, or by the next one if that was killed.

A living process holds a lock on a file in its folder, which the system releases however the process ends; a folder
whose lock can be acquired is abandoned.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

PREFIX = "levit-bench-"
"""Prefix of the names of such folders, in the system's temporary folder."""
OWNER = ".owner"
"""The locked file in them; a folder without it belongs to another program, or is too new to have it, and is kept."""


class Scratch:
    """A folder that is removed with its process; those that killed processes of this user left are removed first.

    In the system's temporary folder, or in `parent`.
    """

    def __init__(self, parent: Path | None = None) -> None:
        sweep(parent)
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent, ignore_cleanup_errors=True)
        self.name = self._folder.name
        """Its path."""
        try:
            self._owner = _locked_file(Path(self.name))
        except OSError:
            self._folder.cleanup()
            raise

    def cleanup(self) -> None:
        """Remove it with everything in it; what an interrupt leaves is removed at the next start."""
        if self._owner is not None:
            with self._owner:
                empty(Path(self.name))
        self._folder.cleanup()


def sweep(parent: Path | None = None) -> list[Path]:
    """Remove the folders of this user's processes that are gone; returns them.

    Never another user's, a living process's, or one behind a link. Does nothing where the system has no such locks, as
    on Windows.
    """
    if sys.platform == "win32":
        return []
    removed = []
    root = parent or Path(tempfile.gettempdir())
    try:
        folders = sorted(path for path in root.iterdir() if path.name.startswith(PREFIX))
    except OSError:
        return []
    for folder in folders:
        owner = _abandoned_lock(folder)
        if owner is not None:
            with owner:  # Locked until the folder is gone: only one of two processes that sweep at once gets it.
                empty(folder)
                shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder)
    return removed


def empty(folder: Path) -> None:
    """Remove everything but the locked file, by which the next start recognises a half-removed folder as abandoned."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:  # It is gone already.
        return
    for path in paths:
        if path.name == OWNER:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def _locked_file(folder: Path) -> IO[bytes] | None:
    """The locked file of a new folder; it is renamed once it is locked, so that no other process finds it unlocked."""
    if sys.platform == "win32":
        return None
    import fcntl

    draft = folder / f"{OWNER}-draft"
    file = draft.open("wb")
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # A file system without locks: without the file, the folder is not taken for an abandoned one.
        file.close()
        draft.unlink(missing_ok=True)
        return None
    try:
        draft.rename(folder / OWNER)
    except OSError:
        file.close()
        raise
    return file


def _abandoned_lock(folder: Path) -> IO[bytes] | None:
    """The locked file of a folder whose process is gone; None where it lives, or where that is unknown."""
    import fcntl

    try:
        state = os.lstat(folder)
        if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid():
            return None
        descriptor = os.open(folder / OWNER, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    file = os.fdopen(descriptor, "r+b", buffering=0)
    try:
        file_state = os.fstat(descriptor)
        if not stat.S_ISREG(file_state.st_mode) or file_state.st_uid != state.st_uid:
            raise OSError("no file of ours")  # noqa: TRY301 (the same way out)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
