"""What a bisection chooses among: revisions of a repository, or versions of a package."""

from __future__ import annotations

from typing import NamedTuple


class Candidate(NamedTuple):
    """A revision or a version that may be the first slow one."""

    id: str
    """Commit or version."""
    side: str
    """As a side of a gate names it."""
    words: str
    """For readers: the beginning of the commit with its first line, or the package with its version."""
