"""What was committed between two sessions."""

from __future__ import annotations

from typing import NamedTuple


class CommitRange(NamedTuple):
    """What was committed between two sessions."""

    before: str
    """Commit of the session before."""
    after: str
    """Commit of the session after."""
    is_of_user: bool
    """Whether they are the user's, and not those of levit-bench itself."""
    is_dirty: bool
    """Whether one of the sessions was measured with uncommitted changes."""
    number: int | None = None
    """Commits from the one, without it, to the other; absent where the repository cannot say."""
    subjects: tuple[str, ...] = ()
    """The newest of them, each with the beginning of its digest and its first line."""
    problem: str = ""
    """Why the repository cannot say; empty where it can."""
