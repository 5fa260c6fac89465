"""The folder of what is kept between sessions: outside every store, and the user's alone.

Prepared artifacts hold code that workers execute, so nothing is read from a folder or a file that somebody else may
have written.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import platformdirs

VARIABLE = "LEVIT_BENCH_CACHE"
"""Environment variable that names another folder; empty means that nothing is kept."""


def cache_folder() -> Path | None:
    """The folder, which need not exist; None where the environment asks for none."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named).expanduser().absolute() if named else None
    return Path(platformdirs.user_cache_path("levit-bench", appauthor=False))


def make_private(folder: Path) -> None:
    """Create a folder that only this user can enter, if there is none; those above it as usual.

    Raises:
        OSError: it cannot be created.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def why_not_private(path: Path) -> str | None:
    """Why others than this user may have written a file or folder, or None; links are not followed."""
    try:
        state = path.lstat()
    except OSError as error:
        return f"it cannot be read ({error.strerror or error})"
    if not (stat.S_ISDIR(state.st_mode) or stat.S_ISREG(state.st_mode)):
        return "it is neither a file nor a folder"
    if sys.platform == "win32":
        return None  # A user's cache folder is private there by its access list, which `stat` does not show.
    if state.st_uid != os.getuid():
        return "it belongs to another user"
    if state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others may write to it"
    return None
