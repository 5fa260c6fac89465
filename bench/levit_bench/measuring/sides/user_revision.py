"""The commit of the user's repository that a session's networks were built from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from levit_bench.measuring.sides.repository import repository_at


class UserRevision(NamedTuple):
    """What a session stores of the user's repository."""

    commit: str | None = None
    """Absent where no file is of the current folder's repository, or nothing is committed."""
    dirty: bool | None = None
    """Whether one of the files holds changes that the commit lacks."""


def user_revision(files: Mapping[str, str | None]) -> UserRevision:
    """The commit that is checked out in the current folder's repository, where one of these files is of it.

    Args:
        files: the user's files that networks were made of, by path, each with its digest; None where there is none.
    """
    if not any(files.values()) or (repository := repository_at(Path.cwd())) is None:
        return UserRevision()
    paths = (Path(text).resolve() for text, digest in files.items() if digest is not None)
    own = [path for path in paths if path.is_relative_to(repository.root)]
    commit = repository.head() if own else None
    return UserRevision(commit, repository.has_changes(own)) if commit else UserRevision()
