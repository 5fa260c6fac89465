"""The folder of a session's prepared artifacts: removed with the session, or by the next one where that was killed.

A living process holds a lock on a file in its folder, which the system lets go of however the process ends; a folder
whose lock can be had belongs to nobody any more. Refuses to know what is in a folder.
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
"""Names of such folders, in the system's temporary folder, begin so."""
OWNER = ".owner"
"""The locked file in them; folders without it are of other makers, or too new to have it, and are left alone."""


class Scratch:
    """A folder that goes with its process; those that killed processes of this user left are removed first."""

    def __init__(self) -> None:
        sweep()
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        self.name = self._folder.name
        """Its path."""
        self._owner = _claimed(Path(self.name))

    def cleanup(self) -> None:
        """Remove it with everything in it; what an interrupt leaves of it, the next start removes."""
        if self._owner is not None:
            with self._owner:
                _empty(Path(self.name))
        self._folder.cleanup()


def sweep(where: Path | None = None) -> list[Path]:
    """Remove the folders of this user's processes that are gone; returns them.

    Never another user's, a living process's, or one that a link leads to. Does nothing where the system knows no such
    locks, as on Windows.
    """
    if sys.platform == "win32":
        return []
    gone = []
    root = where or Path(tempfile.gettempdir())
    try:
        folders = sorted(path for path in root.iterdir() if path.name.startswith(PREFIX))
    except OSError:
        return []
    for folder in folders:
        owner = _left_behind(folder)
        if owner is not None:
            with owner:  # Held until the folder is gone: of two that sweep at once, one finds it locked.
                _empty(folder)
                shutil.rmtree(folder, ignore_errors=True)
            gone.append(folder)
    return gone


def _empty(folder: Path) -> None:
    """Remove everything but the locked file: the next start recognises a half-removed folder by it as abandoned."""
    try:
        held = sorted(folder.iterdir())
    except OSError:  # Somebody removed it.
        return
    for path in held:
        if path.name == OWNER:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def _claimed(folder: Path) -> IO[bytes] | None:
    """The locked file of a new folder; it gets its name when it is locked, so that nobody finds it without."""
    if sys.platform == "win32":
        return None
    import fcntl

    draft = folder / f"{OWNER}-draft"
    file = draft.open("wb")
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # A file system without locks: without the file, nobody takes the folder for an abandoned one.
        file.close()
        draft.unlink(missing_ok=True)
        return None
    draft.rename(folder / OWNER)
    return file


def _left_behind(folder: Path) -> IO[bytes] | None:
    """The locked file of a folder whose process is gone; None where it lives, or where that cannot be told."""
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
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != state.st_uid:
            raise OSError("no file of ours")  # noqa: TRY301 (the same way out)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
