"""The kind of file at a path where a regular file is expected: a folder, a pipe, a broken link.

Files are never opened here: opening a pipe would wait for its writer.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_KINDS = (
    (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)  # fmt: skip


def kind_of(mode: int) -> str:
    """The kind of file with this mode, with its article; empty for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    return next((name for is_of_kind, name in _KINDS if is_of_kind(mode)), "something else")


def instead_of_file(path: Path) -> str | None:
    """The kind of file at a path, with its article; empty for a regular file, None where there is no file.

    Raises:
        OSError: its state cannot be read, or it would be below the current folder, which was deleted.
        ValueError: the path holds a zero byte.
    """
    try:
        return kind_of(path.stat().st_mode)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "a link that leads back to itself"
        if error.errno not in (errno.ENOENT, errno.ENOTDIR) or is_lost(path):
            raise
        return "a link to a file that is not there" if os.path.lexists(path) else None


def is_folder_gone() -> bool:
    """Whether the current folder was deleted."""
    try:
        Path.cwd()
    except OSError:
        return True
    return False


def is_lost(path: Path | str) -> bool:
    """Whether a path is below the current folder and that folder was deleted."""
    return not Path(path).is_absolute() and is_folder_gone()
