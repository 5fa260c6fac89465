"""The user's git repository: names of revisions, and the files of one in a folder of their own.

Files are written from an index of our own, not by `git worktree add`: nothing is entered in the repository, so nothing
has to be taken out of it again, however this process ends.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from levit_bench.catalog.side_pairs import MERGE_BASE
from levit_bench.errors import BenchError, UsageError, one_line

_BRANCHES = ("main", "master", "trunk", "develop")
"""Names that a default branch mostly has."""
_LINK = "160000"
"""The mode of a submodule in a tree."""
BASE_VARIABLE = "GITHUB_BASE_REF"
"""Environment variable in which GitHub's runners name the branch that a pull request is to be merged into."""


class Revision(NamedTuple):
    """A commit of a repository."""

    commit: str
    """Its full name, in hexadecimal digits."""
    words: str
    """As people call it: `main`, or what it was found by."""


class Repository(NamedTuple):
    """A checkout that the user works in."""

    root: Path
    """Its top folder."""
    folder: Path
    """The folder within it that the user stands in."""

    @property
    def prefix(self) -> Path:
        """Path of that folder below the top one."""
        return self.folder.relative_to(self.root)

    def commit(self, revision: str) -> Revision:
        """The commit that a revision names, also of a branch that only a remote has.

        Raises:
            UsageError: there is no such revision, and what to do.
        """
        for name in (revision, f"origin/{revision}"):
            found = _asked(self.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            if found:
                return Revision(found, revision)
        raise UsageError(
            f"no revision {revision[:80]!r} in this repository.{self._shallow_words()} 'git branch --all' and 'git "
            "tag' list what there is; 'git fetch' brings what is missing."
        )

    def merge_base(self) -> Revision:
        """The commit at which the working tree's branch left the default branch.

        Raises:
            UsageError: no default branch is known, or the history that is here does not reach back so far.
        """
        branch = self._default_branch()
        found = _asked(self.root, "merge-base", branch, "HEAD")
        if not found:
            raise UsageError(
                f"HEAD and {branch} have no common commit in the history that is here.{self._shallow_words()} Name a "
                "revision with --a."
            )
        return Revision(found, f"{MERGE_BASE} {branch}")

    def head(self) -> str | None:
        """The commit that is checked out; None before the first one."""
        return _asked(self.root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}") or None

    def is_dirty(self) -> bool:
        """Whether the working tree differs from what is checked out, files that git does not know included."""
        return bool(_asked(self.root, "status", "--porcelain", "--untracked-files=normal"))

    def has_changes(self, files: Sequence[Path]) -> bool:
        """Whether one of these files differs from what is checked out, or is not known to git."""
        kept = set(_asked(self.root, "ls-files", "-z", "--", *map(str, files)).split("\0")) - {""}
        return len(kept) < len(files) or bool(_asked(self.root, "status", "--porcelain", "--", *map(str, files)))

    def check_out(self, revision: Revision, folder: Path) -> None:
        """Write the files of a commit, submodules included, into an empty folder.

        Raises:
            UsageError: a submodule's commit is not here.
            BenchError: git fails, such as on a full disk.
        """
        _check_out(self.root, revision.commit, folder, revision.words)

    def _default_branch(self) -> str:
        """The branch that others are merged into, as this clone knows it."""
        base = os.environ.get(BASE_VARIABLE, "")
        remote = _asked(self.root, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
        configured = _asked(self.root, "config", "--get", "init.defaultBranch")
        names = [f"origin/{base}" if base else "", base, remote]
        names += [f"origin/{name}" for name in _BRANCHES] + list(_BRANCHES) + [configured]
        for name in names:
            if name and _asked(self.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"):
                return name
        raise UsageError(
            "this repository has no default branch that could be found: neither origin/HEAD nor "
            f"{', '.join(_BRANCHES[:-1])} or {_BRANCHES[-1]}. Name a revision with --a."
        )

    def _shallow_words(self) -> str:
        """A sentence where the clone holds a part of the history only; else empty."""
        if _asked(self.root, "rev-parse", "--is-shallow-repository") != "true":
            return ""
        return " This clone is shallow: 'git fetch --unshallow' brings its history, 'fetch-depth: 0' on a runner."


def repository_at(folder: Path) -> Repository | None:
    """The repository that a folder belongs to; None where it belongs to none, or git is not installed."""
    top = _asked(folder, "rev-parse", "--show-toplevel")
    return Repository(Path(top).resolve(), folder.resolve()) if top else None


def _check_out(root: Path, commit: str, folder: Path, words: str) -> None:
    index = folder.with_name(f"{folder.name}.index")
    environment = {"GIT_INDEX_FILE": str(index)}
    try:
        _run(root, environment, "read-tree", commit)
        _run(root, environment, "checkout-index", "--all", "--quiet", f"--prefix={folder}{os.sep}")
    finally:
        index.unlink(missing_ok=True)
    for line in _run(root, {}, "ls-tree", "-r", "-z", commit).split("\0"):
        mode, _, rest = line.partition(" ")
        name = rest.partition("\t")[2]
        if mode != _LINK or not (root / name / ".git").exists():
            continue  # A submodule that is not checked out here is on neither side.
        linked = rest.split()[1]
        if not _asked(root / name, "rev-parse", "--verify", "--quiet", f"{linked}^{{commit}}"):
            raise UsageError(
                f"submodule {name!r} of {words} is at {linked[:12]}, which is not here. "
                f"'git -C {name} fetch' brings it."
            )
        (folder / name).mkdir(parents=True, exist_ok=True)
        _check_out(root / name, linked, folder / name, words)


def _run(root: Path, environment: Mapping[str, str], *words: str) -> str:
    """What git says.

    Raises:
        BenchError: it fails.
    """
    done = _git(root, environment, *words)
    if done.returncode:
        raise CheckoutError(f"git {words[0]} failed in this repository: {one_line(done.stderr) or 'without a word'}.")
    return done.stdout


class CheckoutError(BenchError):
    """Git could not write the files of a revision."""

    exit_code = 1


def _asked(root: Path, *words: str) -> str:
    """What git answers, on one line; empty where it fails or is not installed."""
    try:
        done = _git(root, {}, *words)
    except OSError:
        return ""
    return "" if done.returncode else done.stdout.strip()


def _git(root: Path, environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in _OF_OTHER_REPOSITORIES}
    return subprocess.run(
        ["git", "-C", str(root), *words],
        env={**inherited, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **environment},
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
        text=True, encoding="utf-8", errors="surrogateescape",
    )  # fmt: skip


_OF_OTHER_REPOSITORIES = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
"""Variables that a git hook sets, and that would turn git to the repository of the hook."""
