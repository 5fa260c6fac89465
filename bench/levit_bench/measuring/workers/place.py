"""Where a worker process runs: its interpreter, its folder, and where it looks for modules.

Usually that of the parent. The sides of a gate have places of their own: another environment, or the files of another
revision. The suite itself is always the parent's: a changed harness is no changed network.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Place(NamedTuple):
    """Where a worker process runs."""

    python: str = ""
    """Path of the interpreter; empty: the parent's."""
    folder: str = ""
    """Folder that it is started in, whose files are the user's; empty: the parent's at that moment."""
    path: tuple[str, ...] | None = None
    """Folders in which it looks for modules before those of its interpreter; absent: those of the parent."""

    @property
    def has_own_packages(self) -> bool:
        """Whether it has other packages than the parent."""
        return bool(self.python)

    @property
    def has_own_files(self) -> bool:
        """Whether the user's files there are others than the parent's."""
        return bool(self.folder)

    @property
    def interpreter(self) -> str:
        """Path of the interpreter."""
        return self.python or sys.executable

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """The variables of a shell, with the import path of this place in them.

        Its folder, which holds the user's own networks, comes last.
        """
        here = self.folder or str(Path.cwd())
        folders = sys.path if self.path is None else self.path
        return {**base, "PYTHONPATH": os.pathsep.join([*(folder or here for folder in folders), here])}


HERE = Place()
"""That of the parent."""
