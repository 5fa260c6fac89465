"""Commits of a git repository: their whole digest and their time, as asked of git."""

from __future__ import annotations

import re
from pathlib import Path

from levit_bench.paths.git_commands import ask_git
from levit_bench.report.exports.export_request import Commit

_DIGEST = re.compile(r"[0-9a-f]{40}")
_TIMEOUT_S = 30
"""Seconds for one question to git, which takes milliseconds on a disk of one's own."""


def find_commit(repository: Path, name: str) -> Commit | None:
    """The commit that a name, tag or beginning of a digest means; None where there is no such commit or repository."""
    if name.startswith("-"):
        return None
    words = ("log", "-1", "--format=%H %ct", f"{name}^{{commit}}", "--")
    digest, _, seconds = ask_git(repository, *words, timeout_s=_TIMEOUT_S).text.partition(" ")
    if not _DIGEST.fullmatch(digest):
        return None
    return Commit(digest, int(seconds))
