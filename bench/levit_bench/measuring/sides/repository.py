"""The user's git repository: names of revisions, and the files of one in a folder of their own.

Files are written from an index of our own, not by `git worktree add`: nothing is entered in the repository, so nothing
has to be taken out of it again, however this process ends.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from levit_bench.catalog.side_pairs import MERGE_BASE
from levit_bench.errors import EXIT_USAGE, BenchError, UsageError
from levit_bench.paths.git_commands import ask_git
from levit_bench.paths.own_files import is_own_file

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
        for name in (revision, f"{self._remote() or 'origin'}/{revision}"):
            found = self._commit_of(name)
            if found:
                return Revision(found, revision)
        if not self.head():
            raise UsageError(
                f"no revision {revision[:80]!r}: this repository has no commit yet, and so nothing to compare with."
            )
        raise UsageError(
            f"no revision {revision[:80]!r} in this repository, and {_no_environment(revision)}. 'git branch --all' "
            f"and 'git tag' list the revisions that are here.{self._missing_words()}"
        )

    def merge_base(self) -> Revision:
        """The commit at which the working tree's branch left the default branch.

        Raises:
            UsageError: no default branch is known, or the history that is here does not reach back so far.
        """
        if not self.head():
            raise UsageError("this repository has no commit yet, and so nothing to compare with.")
        branch = self._default_branch()
        found = _asked(self.root, "merge-base", branch, "HEAD")
        if not found:
            raise UsageError(
                f"HEAD and {branch} have no common commit in the history that is here. Name a revision with "
                f"--a.{self._missing_words()}"
            )
        return Revision(found, f"{MERGE_BASE} {branch}")

    def nothing_changed(self, base: Revision) -> str:
        """Why a tree without changes that is its own merge base cannot be judged, and what to do."""
        why = f"the {base.words} is HEAD itself, and nothing is changed: both sides would be the same code."
        if self._commit_of("HEAD~1"):
            return f"{why} Name what to compare with: --a HEAD~1."
        if self._is_shallow():
            return f"{why} Name what to compare with by --a.{self._missing_words()}"
        return f"{why} HEAD is the only commit, so there is nothing to compare with yet. Change a file first."

    def head(self) -> str | None:
        """The commit that is checked out; None before the first one."""
        return self._commit_of("HEAD") or None

    def is_dirty(self, store: Path | None = None) -> bool:
        """Whether the working tree differs from what is checked out, files that git does not know included.

        Sessions in the store and files of gates do not count: this program wrote them, and no network is made of them.

        Args:
            store: where sessions are written.

        Raises:
            CheckoutError: git cannot say.
        """
        answer = _run(self.root, {}, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
        place = None if store is None else store.resolve()
        changed = (self.root / entry[3:] for entry in answer.split("\0") if entry)
        return any(not is_own_file(path, place) for path in changed)

    def why_nowhere_else(self, path: Path) -> str:
        """Why a file of the working tree is in no other checkout, as a sentence; empty where it may be in one.

        Args:
            path: of the file, absolute.
        """
        if path.is_symlink() and not path.resolve().is_relative_to(self.root):
            return (
                "In the working tree it is a link that leads out of the repository, which another checkout cannot "
                "follow. Put the file into the repository."
            )
        if not path.is_file() or _asked(self.root, "ls-files", "--error-unmatch", "--", str(path)):
            return ""
        ignored = " and ignores it" if _asked(self.root, "check-ignore", "--", str(path)) else ""
        return f"Git does not know the file{ignored}, so it is in the working tree alone. Commit it to have it on both."

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
        remote = self._remote() or "origin"
        configured = _asked(self.root, "config", "--get", "init.defaultBranch")
        names = [f"{remote}/{base}" if base else "", base, self._head_of_remote(remote)]
        names += [f"{remote}/{name}" for name in _BRANCHES] + list(_BRANCHES) + [configured]
        for name in names:
            if name and self._commit_of(name):
                return name
        if self._only_branch(remote):
            raise UsageError(
                f"this clone does not have the branch that the work began at. Name a revision with "
                f"--a.{self._missing_words()}"
            )
        raise UsageError(
            f"this repository has no default branch that could be found: neither {remote}/HEAD nor "
            f"{', '.join(_BRANCHES[:-1])} or {_BRANCHES[-1]}. Name a revision with --a."
        )

    def _head_of_remote(self, remote: str) -> str:
        """The remote's default branch, such as `origin/main`; empty where it is not known.

        A clone of one branch takes that one for the remote's default, whichever it is.
        """
        name = _asked(self.root, "symbolic-ref", "--quiet", "--short", f"refs/remotes/{remote}/HEAD")
        branch = name.removeprefix(f"{remote}/")
        is_own = _asked(self.root, "symbolic-ref", "--quiet", "--short", "HEAD") in (branch, "")
        return "" if is_own and branch == self._only_branch(remote) and branch not in _BRANCHES else name

    def _only_branch(self, remote: str) -> str:
        """The branch that this clone fetches where it fetches only one; else empty."""
        fetched = _asked(self.root, "config", "--get-all", f"remote.{remote}.fetch").splitlines()
        source = fetched[0].removeprefix("+").partition(":")[0] if len(fetched) == 1 else ""
        return source.removeprefix("refs/heads/") if source.startswith("refs/heads/") and "*" not in source else ""

    def _remote(self) -> str:
        """The remote that branches are compared with: `origin`, or else the first one; empty where there is none."""
        remotes = _asked(self.root, "remote").splitlines()
        return "origin" if "origin" in remotes else next(iter(remotes), "")

    def _is_shallow(self) -> bool:
        return _asked(self.root, "rev-parse", "--is-shallow-repository") == "true"

    def _commit_of(self, name: str) -> str:
        """The commit of a name; empty where there is none."""
        # Whatever follows `:/` is the text of a message.
        peeled = name if name.startswith(":/") else f"{name}^{{commit}}"
        return _asked(self.root, "rev-parse", "--verify", "--quiet", "--end-of-options", peeled)

    def _missing_words(self) -> str:
        """How the branches and the history that this clone lacks are brought, in a sentence with a space before it."""
        remote = self._remote()
        if not remote:
            return ""
        is_shallow, only = self._is_shallow(), self._only_branch(remote)
        if not is_shallow and not only:
            return f" 'git fetch {remote}' brings what the remote has since."
        what = " and ".join(["shallow"] * is_shallow + [f"of the branch {only[:80]} alone"] * bool(only))
        words = ["git", "fetch", *["--unshallow"] * is_shallow, remote]
        if only:
            words.append(f"+refs/heads/*:refs/remotes/{remote}/*")
        runner = " ('fetch-depth: 0' on a runner)" if is_shallow else ""
        return f" This clone is {what}. To bring the rest{runner}: {shlex.join(words)}"


def _no_environment(word: str) -> str:
    """Why a word names no environment, as a clause."""
    try:
        is_folder = Path(word).expanduser().is_dir()
    except (OSError, RuntimeError, ValueError):  # Too long for a path, or the home of a user whom nobody knows.
        is_folder = False
    return "the folder of that name has no bin/python" if is_folder else "no environment in a folder of that name"


def repository_at(folder: Path) -> Repository | None:
    """The repository that a folder belongs to; None where it belongs to none, or git is not installed or refuses it."""
    top = _asked(folder, "rev-parse", "--show-toplevel")
    return Repository(Path(top).resolve(), folder.resolve()) if top else None


class CheckedOut(NamedTuple):
    """What a folder of checked-out files lacks of its commit."""

    submodules: tuple[str, ...] = ()
    """Paths of submodules that the working tree has not got and whose files are not here; their folders are empty."""
    pointers: tuple[str, ...] = ()
    """Paths of files of Git LFS that hold a pointer in place of their content."""


def why_no_repository(folder: Path) -> str:
    """Why git finds no repository at a folder, as a clause."""
    complaint = ask_git(folder, "rev-parse", "--show-toplevel").complaint
    if not complaint or complaint.startswith("not a git repository"):
        return "this folder is in no git repository"
    return f"git finds no repository in this folder: {complaint}"


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
    environment = {"GIT_DIR": str(git_folder), "GIT_WORK_TREE": str(git_folder)}
    return ask_git(git_folder, *words, environment=environment).text


def _run(root: Path, environment: Mapping[str, str], *words: str) -> str:
    """What git says.

    Raises:
        CheckoutError: it fails.
    """
    answer = ask_git(root, *words, environment=environment)
    if not answer.is_good:
        raise CheckoutError(
            f"git {words[0]} failed in this repository: {answer.complaint.rstrip('.')}. Nothing was measured."
        )
    return answer.text


class CheckoutError(BenchError):
    """Git could not write the files of a revision, which says nothing of the code in it."""

    exit_code = EXIT_USAGE


def _asked(root: Path, *words: str) -> str:
    """What git answers; empty where it fails or is not installed."""
    return ask_git(root, *words).text
