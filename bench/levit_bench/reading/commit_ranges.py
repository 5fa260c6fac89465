"""The commits between two sessions, as far as a repository still holds them."""

from __future__ import annotations

from pathlib import Path

from levit_bench.judge.trend.commit_range import CommitRange
from levit_bench.paths.git_commands import ask_git
from levit_bench.records import Record

MOST = 5
"""Commits that are named."""
_TIMEOUT_S = 30


def commit_range(before: Record, after: Record, repository: Path) -> CommitRange | None:
    """The commits between two sessions; None where one of them knows none, or where the commit is the same and clean.

    Args:
        before: a record of the session before.
        after: a record of the session after.
        repository: a folder in the git repository that is asked.
    """
    is_of_user = before.revision is not None and after.revision is not None
    first, second = (
        (before.revision, after.revision) if is_of_user else (before.conditions.commit, after.conditions.commit)
    )
    dirt = (before.dirty, after.dirty) if is_of_user else (before.conditions.dirty, after.conditions.dirty)
    if first is None or second is None or (first == second and not any(dirt)):
        return None
    found = CommitRange(first, second, is_of_user, any(dirt))
    if first == second:
        return found._replace(number=0)
    for name in (first, second):
        if not _asked(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"):
            # Commits of this package are rarely in the user's repository: that they are not is no news.
            return found._replace(problem=_missing(name, repository)) if is_of_user else found
    if not ask_git(repository, "merge-base", "--is-ancestor", first, second, timeout_s=_TIMEOUT_S).is_good:
        back = ask_git(repository, "merge-base", "--is-ancestor", second, first, timeout_s=_TIMEOUT_S).is_good
        if back:
            return found._replace(problem="the later session is of an older commit")
        return found._replace(problem="neither commit is an ancestor of the other: branches, or a rewritten history")
    count = _asked(repository, "rev-list", "--count", f"{first}..{second}")
    form = ("--no-show-signature", "--encoding=UTF-8", "--format=%h %s")
    listed = ask_git(repository, "log", f"--max-count={MOST}", *form, f"{first}..{second}", timeout_s=_TIMEOUT_S)
    subjects = tuple(filter(None, listed.words.split("\n")))
    return found._replace(number=int(count) if count.isdigit() else None, subjects=subjects)


def _missing(name: str, repository: Path) -> str:
    if not _asked(repository, "rev-parse", "--git-dir"):
        return "the current folder is in no git repository"
    return f"commit {name[:10]} is not in this repository: another clone, a shallow one, or a rewritten history"


def _asked(repository: Path, *words: str) -> str:
    return ask_git(repository, *words, timeout_s=_TIMEOUT_S).text
