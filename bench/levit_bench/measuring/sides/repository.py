"""The user's git repository: names of revisions, and the files of one in a folder of their own.

Files are written from an index of our own, not by `git worktree add`: nothing is entered in the repository, so nothing
has to be taken out of it again, however this process ends.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from levit_bench.catalog.side_pairs import MERGE_BASE
from levit_bench.errors import BenchError, UsageError, one_line

_BRANCHES = ("main", "master", "trunk", "develop")
"""Names that a default branch mostly has."""
_LINK = "160000"
"""The mode of a submodule in a tree."""
_LARGE_FILES = ("ls-files", "-z", "--", ":(attr:filter=lfs)")
"""Words that list the files of Git LFS in an index."""
_POINTER = b"version https://git-lfs.github.com/spec/"
"""What a pointer begins with that Git LFS keeps in place of a file."""
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

    def check_out(self, revision: Revision, folder: Path) -> CheckedOut:
        """Write the files of a commit, submodules included, into an empty folder; no hook of the user's runs.

        Raises:
            UsageError: a submodule's commit is not here.
            BenchError: git fails, such as on a full disk.
        """
        place = _GitPlace(Path(_asked(self.root, "rev-parse", "--absolute-git-dir")), self.root)
        return _check_out(place, revision.commit, folder, revision.words, folder.with_name(f"{folder.name}.index"))

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


class CheckedOut(NamedTuple):
    """What a folder of checked-out files lacks of its commit."""

    submodules: tuple[str, ...] = ()
    """Paths of submodules that the working tree has not got and whose files are not here; their folders are empty."""
    pointers: tuple[str, ...] = ()
    """Paths of files of Git LFS that hold a pointer in place of their content."""


def _check_out(place: _GitPlace, commit: str, folder: Path, words: str, index: Path) -> CheckedOut:
    """Write the files of a commit, and those of its submodules in turn.

    Args:
        place: of the repository.
        commit: of it.
        folder: that they are written into.
        words: what the user calls the commit of the whole.
        index: where one is kept meanwhile, outside of what is written.
    """
    # In a working tree of their own, files are converted by the .gitattributes of their commit: git looks for these in
    # the folder, then in the index, and finds none of the user's.
    environment = {
        "GIT_DIR": str(place.folder), "GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": str(index),
    }  # fmt: skip
    try:
        _run(folder, environment, "read-tree", commit)
        _run(folder, environment, "checkout-index", "--all", "--quiet")
        pointers = _pointers(folder, _run(folder, environment, *_LARGE_FILES).split("\0"))
    finally:
        index.unlink(missing_ok=True)
    missing: list[str] = []
    for name, linked in _links(place, commit):
        inner = place.submodule(name, commit)
        if inner is None:
            # One that is not checked out in the working tree either is on neither side.
            if not place.has_link(name):
                missing.append(name)
            continue
        if not _asked_of(inner.folder, "rev-parse", "--verify", "--quiet", f"{linked}^{{commit}}"):
            raise UsageError(
                f"submodule {name!r} of {words} is at {linked[:12]}, which is not here. "
                f"'git --git-dir={inner.folder} fetch' brings it."
            )
        (folder / name).mkdir(parents=True, exist_ok=True)
        below = _check_out(inner, linked, folder / name, words, index)
        missing += [f"{name}/{path}" for path in below.submodules]
        pointers += [f"{name}/{path}" for path in below.pointers]
    return CheckedOut(tuple(missing), tuple(pointers))


class _GitPlace(NamedTuple):
    """Where git keeps a repository or a submodule of one, and where it is checked out."""

    folder: Path
    """Its `.git` folder."""
    root: Path
    """Top folder of its working tree, which need not exist: a submodule may have been moved or removed since."""

    def submodule(self, path: str, commit: str) -> _GitPlace | None:
        """The submodule that lies at a path in a commit, wherever it lies now; None where git keeps none here."""
        own = (
            _asked(self.root / path, "rev-parse", "--absolute-git-dir") if (self.root / path / ".git").exists() else ""
        )
        if own:
            return _GitPlace(Path(own), self.root / path)
        name = _module_names(self.folder, commit).get(path, "")
        if not name or ".." in Path(name).parts:
            return None
        for kept in ("--git-dir", "--git-common-dir"):  # Linked working trees keep their submodules by themselves.
            base = Path(_asked_of(self.folder, "rev-parse", "--path-format=absolute", kept))
            if (base / "modules" / name / "HEAD").is_file():
                return _GitPlace(base / "modules" / name, self.root / path)
        now = next((now for now, named in _module_names(self.folder, "HEAD").items() if named == name), None)
        moved = now is not None and (self.root / now / ".git").exists()
        own = _asked(self.root / str(now), "rev-parse", "--absolute-git-dir") if moved else ""
        return _GitPlace(Path(own), self.root / str(now)) if own else None

    def has_link(self, path: str) -> bool:
        """Whether what is checked out has a submodule at a path."""
        return any(name == path for name, _ in _links(self, "HEAD"))


def _links(place: _GitPlace, commit: str) -> list[tuple[str, str]]:
    """Path of each submodule of a commit, and the commit that it is at; none where there is no such commit."""
    out = []
    for line in _asked_of(place.folder, "ls-tree", "-r", "-z", commit).split("\0"):
        mode, _, rest = line.partition(" ")
        if mode == _LINK:
            out.append((rest.partition("\t")[2], rest.split()[1]))
    return out


def _module_names(git_folder: Path, commit: str) -> dict[str, str]:
    """Name of each submodule by its path in a commit, as its .gitmodules has them."""
    found = _asked_of(
        git_folder, "config", "--blob", f"{commit}:.gitmodules", "-z", "--get-regexp", r"^submodule\..*\.path$"
    )
    entries = (entry.partition("\n") for entry in found.split("\0") if entry)
    return {path: key.removeprefix("submodule.").removesuffix(".path") for key, _, path in entries}


def _pointers(folder: Path, names: Iterable[str]) -> list[str]:
    """Those of the files that hold a pointer of Git LFS."""
    out = []
    for name in filter(None, names):
        with suppress(OSError), (folder / name).open("rb") as file:
            if file.read(len(_POINTER)) == _POINTER:
                out.append(name)
    return out


def _asked_of(git_folder: Path, *words: str) -> str:
    """What git answers of a repository that need not be checked out; empty where it fails."""
    done = _git(git_folder, {"GIT_DIR": str(git_folder), "GIT_WORK_TREE": str(git_folder)}, *words)
    return "" if done.returncode else done.stdout.strip("\n")


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
        ["git", *_WITHOUT_HOOKS, "-C", str(root), *words],
        env={**inherited, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **environment},
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
        text=True, encoding="utf-8", errors="surrogateescape",
    )  # fmt: skip


_OF_OTHER_REPOSITORIES = frozenset({
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_ATTR_SOURCE",
})  # fmt: skip
"""Variables that a git hook sets, and that would turn git to the repository of the hook; and one that would convert the
files of one commit by the attributes of another."""
_WITHOUT_HOOKS = ("-c", f"core.hooksPath={os.devnull}")
"""A hook of the user's may run anything, also when an index of our own is written."""
