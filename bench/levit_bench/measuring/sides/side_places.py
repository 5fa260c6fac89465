"""Makes the sides that a user named: checks revisions out, builds environments, and says what each holds."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from levit_bench.axes import usual
from levit_bench.catalog.side_pairs import WORKING_TREE
from levit_bench.errors import BenchError, UsageError
from levit_bench.measuring.preparing.scratch_folder import Scratch
from levit_bench.measuring.session.observer import Observer, Silent
from levit_bench.measuring.sides.environments import environment_with
from levit_bench.measuring.sides.interpreters import Packages, packages_here, packages_of
from levit_bench.measuring.sides.repository import (
    CheckedOut,
    Repository,
    Revision,
    repository_at,
    why_no_repository,
)
from levit_bench.measuring.sides.side_words import SideWords
from levit_bench.measuring.workers.place import HERE, Place
from levit_bench.numbers.units import format_duration
from levit_bench.paths.code_files import digest
from levit_bench.records import Finding, Side, SideDifference, SideName

_SUITE = Path(__file__).parents[3]
"""The folder of this package: always the parent's, whatever a side holds."""
_TELLING = (
    "torch", "timm", "torchvision", "numpy", "onnx", "onnxruntime", "onnxscript", "openvino", "safetensors",
)  # fmt: skip
"""Distributions whose versions are stored with a side in any case."""
_MOST_NAMED = 3
"""Paths that a message names."""
_INSTALLERS = frozenset({"pip", "setuptools", "wheel", "uv"})
"""Distributions that no network is made of."""


class PlacedSide(NamedTuple):
    """A side that is ready: where its workers run, and what is there."""

    side: Side
    place: Place
    packages: Packages
    axes: dict[str, str]
    """Values of axes that its cases have."""
    root: Path
    """Top folder of its files: the checkout's, the repository's, or the one that the user stands in."""
    findings: tuple[Finding, ...] = ()
    """What its files lack of its commit."""


class PlacedSides(NamedTuple):
    """Both sides, and what of their environments differs."""

    first: PlacedSide
    second: PlacedSide
    differences: tuple[SideDifference, ...]
    here: Path = Path()
    """Top folder of the working tree."""
    findings: tuple[Finding, ...] = ()
    """What the files of a side lack of its commit."""

    @property
    def both(self) -> tuple[PlacedSide, PlacedSide]:
        """Side a and side b."""
        return self.first, self.second


class Placing(NamedTuple):
    """How sides are made."""

    cache: str = ""
    """Folder in which environments are kept; empty for the default."""
    fresh: bool = False
    """Make environments anew, whatever is kept."""
    store: Path | None = None
    """Where sessions are written: what lies there is no change of the working tree."""
    timeout_s: float | None = None
    """Seconds after which an interpreter that does not answer is given up; None: never."""
    observer: Observer = Silent()
    """Is told what takes long."""


_USUAL = Placing()


@contextmanager
def placed(first: SideWords, second: SideWords, how: Placing = _USUAL) -> Iterator[PlacedSides]:
    """Both sides, as long as the context lasts; folders that were checked out are removed at its end.

    Args:
        first: side a; where neither is named, the merge base of the working tree with the default branch.
        second: side b; where it is not named, the working tree in this environment.
        how: they are made.

    Raises:
        BenchError: a revision, an interpreter or a requirement cannot be had, with the reason.
    """
    here = Path.cwd()
    repository = repository_at(here)
    revisions = _revisions(first, second, repository, how)
    scratch = Scratch() if any(revision is not None for revision in revisions) else None
    try:
        sides = []
        for name, words, revision in (("a", first, revisions[0]), ("b", second, revisions[1])):
            sides.append(_side(name, words, revision, repository, scratch, how))  # type: ignore[arg-type]
        top = here if repository is None else repository.root
        findings = tuple(finding for side in sides for finding in side.findings)
        yield PlacedSides(sides[0], sides[1], tuple(_differences(sides[0], sides[1])), top, findings)
    finally:
        if scratch is not None:
            scratch.cleanup()


def check_sides(first: SideWords, second: SideWords, how: Placing = _USUAL) -> None:
    """Refuse sides that cannot be had, as far as that shows without installing anything, and before anything is timed.

    Raises:
        UsageError: a revision is not here, an interpreter cannot serve, or both sides would be the same code unasked.
    """
    _revisions(first, second, repository_at(Path.cwd()), how)
    for words in (first, second):
        if words.python:
            _packages(words.python, _import_path(words.python, None, None) or (), how)


def why_lacking(side: PlacedSide, network: str) -> str:
    """What keeps a file of the working tree from a side, as a sentence; empty where that is not known.

    Args:
        side: that lacks the network.
        network: its name, such as `nets.py:build`.
    """
    file = network.partition(":")[0]
    repository = repository_at(Path.cwd()) if side.place.has_own_files and Path(file).suffix else None
    return "" if repository is None else repository.why_nowhere_else(Path.cwd() / file)


def control_of(first: PlacedSide) -> PlacedSide:
    """Side a a second time, under another name."""
    return first._replace(side=msgspec.structs.replace(first.side, name="control"))


def _revisions(
    first: SideWords, second: SideWords, repository: Repository | None, how: Placing
) -> tuple[Revision | None, Revision | None]:
    """The revisions of both sides; None where one is the working tree.

    Raises:
        UsageError: one is named outside a repository or is not in it, or neither side is named and both would be the
            same.
    """
    revisions = _named_revision(first, repository), _named_revision(second, repository)
    if first.text or second.text:
        return revisions
    if repository is None:
        raise UsageError(
            f"{why_no_repository(Path.cwd())}, so there is no merge base to compare with. Name the sides: --a "
            ".venv-old/bin/python, --a 'torch==2.12.*', or --a runtime=eager --b runtime=onnxruntime."
        )
    base = repository.merge_base()
    if base.commit == repository.head() and not repository.is_dirty(how.store):
        raise UsageError(repository.nothing_changed(base))
    return base, None


def _named_revision(words: SideWords, repository: Repository | None) -> Revision | None:
    """The revision that a side names; None where it names none.

    Raises:
        UsageError: one is named outside a repository, or is not in it.
    """
    if not words.revision:
        return None
    if repository is None:
        raise UsageError(
            f"{words.revision[:80]!r} is no environment in a folder, no requirement and no axis=value, and no "
            f"revision: {why_no_repository(Path.cwd())}. Stand in the repository that has it, or mend the word."
        )
    return repository.commit(words.revision)


def _packages(python: str, path: Collection[str], how: Placing) -> Packages:
    """What an interpreter holds, which is told as it may take long."""
    limit = "" if how.timeout_s is None else f"given up after {format_duration(how.timeout_s)}"
    how.observer.placing(f"asking {python} for its packages", limit)
    return packages_of(python, list(path), how.timeout_s)


def _side(
    name: SideName,
    words: SideWords,
    revision: Revision | None,
    repository: Repository | None,
    scratch: Scratch | None,
    how: Placing,
) -> PlacedSide:
    here = Path.cwd()
    root, folder = (repository.root if repository else here), ""
    lacking = CheckedOut()
    if revision is not None:
        assert repository is not None
        assert scratch is not None
        root = Path(scratch.name).resolve() / f"side-{name}"
        root.mkdir()
        lacking = repository.check_out(revision, root)
        folder = str(root / repository.prefix)
        if not Path(folder).is_dir():
            raise UsageError(
                f"{revision.words} has no folder {str(repository.prefix)!r}, which the command stands in. Stand in one "
                "that both sides have."
            )
    python = words.python or (_environment(words.requirements, how) if words.requirements else "")
    path = _import_path(python, repository, root if revision is not None else None)
    place = Place(python, folder, path) if python or folder else HERE
    packages = _packages(python, [entry for entry in path or () if entry], how) if python else packages_here()
    side = Side(
        name=name,
        asked=words.text or (revision.words if revision else WORKING_TREE),
        revision=revision.commit if revision else repository.head() if repository else None,
        dirty=False if revision else repository.is_dirty(how.store) if repository else None,
        python=packages.python,
        versions={key: packages.versions[key] for key in _TELLING if key in packages.versions},
    )
    return PlacedSide(side, place, packages, dict(words.axes), root, tuple(_about(lacking, side)))


def _about(lacking: CheckedOut, side: Side) -> Iterator[Finding]:
    """A finding for each kind of what a side's files lack of its commit."""
    where = f"side {side.name} ({side.asked[:80]})"
    if lacking.submodules:
        message = (
            f"{where} has submodules whose files are not here, and whose folders are empty there: "
            f"{_first_few(lacking.submodules)}. Check that commit out with 'git submodule update --init' once, so that "
            "git has them, where networks need them."
        )
        yield Finding(kind="submodule-missing", message=message)
    if lacking.pointers:
        message = (
            f"on {where}, these files hold pointers of Git LFS and not their content: {_first_few(lacking.pointers)}. "
            "Install git-lfs, then 'git lfs install' and 'git lfs fetch' for that commit, where networks read them."
        )
        yield Finding(kind="lfs-pointers", message=message)


def _first_few(paths: Sequence[str]) -> str:
    named = ", ".join(repr(path[:80]) for path in paths[:_MOST_NAMED])
    return named + (f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else "")


def _environment(requirements: Sequence[str], how: Placing) -> str:
    """Path of the interpreter of an environment with requirements, which may have to be installed first."""
    how.observer.placing(f"making an environment with {' '.join(requirements)}", "kept for the next gate")
    return environment_with(requirements, how.cache, fresh=how.fresh)


def _import_path(python: str, repository: Repository | None, checkout: Path | None) -> tuple[str, ...] | None:
    """Folders in which workers of a side look for modules first; None where these are the parent's.

    Those within the repository are replaced by the same ones of the checkout, so that also what is installed from the
    working tree in editable mode comes from the checkout.
    """
    if not python and checkout is None:
        return None
    given = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    entries = given if python else [entry or str(Path.cwd()) for entry in sys.path]
    if checkout is None or repository is None:
        return tuple(entries)
    return tuple(_moved(entry, repository.root, checkout) for entry in entries)


def _moved(entry: str, root: Path, checkout: Path) -> str:
    path = Path(entry).resolve()
    if path == _SUITE or not path.is_relative_to(root) or _is_of_environment(path):
        return entry
    return str(checkout / path.relative_to(root))


def _is_of_environment(path: Path) -> bool:
    """Whether a folder belongs to a virtual environment within the repository, which both sides share."""
    prefixes = {Path(prefix).resolve() for prefix in (sys.prefix, sys.exec_prefix)}
    return any(path.is_relative_to(prefix) for prefix in prefixes) or "site-packages" in path.parts


def _differences(first: PlacedSide, second: PlacedSide) -> Iterator[SideDifference]:
    """What differs in interpreters, packages and axes."""
    if first.packages.python != second.packages.python:
        yield SideDifference(kind="python", name="python", first=first.packages.python, second=second.packages.python)
    versions = first.packages.versions, second.packages.versions
    names = (versions[0].keys() | versions[1].keys()) - _INSTALLERS
    for name in sorted(names, key=lambda name: (name not in _TELLING, name)):
        mine, theirs = versions[0].get(name), versions[1].get(name)
        if mine != theirs:
            yield SideDifference(kind="package", name=name, first=mine, second=theirs)
    for name in sorted(first.axes.keys() | second.axes.keys()):
        values = _axis_value(first, name), _axis_value(second, name)
        if values[0] != values[1]:
            yield SideDifference(kind="axis", name=name, first=values[0], second=values[1])


def _axis_value(side: PlacedSide, name: str) -> str:
    return side.axes.get(name, str(usual(name)))


def file_differences(first: dict[str, str | None], second: dict[str, str | None]) -> list[SideDifference]:
    """The user's files that the networks of the two sides were made of, where they differ.

    Args:
        first: digests of side a's files by their path below its top folder; None where one was looked for in vain.
        second: those of side b.
    """
    out = []
    for path in sorted(first.keys() | second.keys()):
        mine, theirs = first.get(path), second.get(path)
        if mine != theirs:
            out.append(SideDifference(kind="file", name=path[-1000:], first=_short(mine), second=_short(theirs)))
    return out


def _short(digest: str | None) -> str | None:
    return None if digest is None else digest[:12]


def relative_files(
    side: PlacedSide, other_roots: Collection[Path], files: dict[str, str | None]
) -> dict[str, str | None]:
    """Files of a side by their path below its top folder, without those that lie elsewhere.

    A file counts for the innermost folder that it lies in, and a link for where it leads: a checkout may lie within the
    working tree, and hold a link back to it.

    Raises:
        MixedSidesError: one lies in the folder of the other side: then both sides run its code.
    """
    roots = sorted({side.root, *other_roots}, key=lambda root: len(root.parts), reverse=True)
    out: dict[str, str | None] = {}
    for text, content in files.items():
        named, path = Path(text), Path(text).resolve()
        owner = _owner(path, roots)
        if owner is None and _owner(named, roots) == side.root:
            owner, path = side.root, named  # A link of the side's to what lies outside, and is on both sides.
        if owner == side.root:
            out[path.relative_to(side.root).as_posix()] = content
        elif owner is not None and content is not None:
            raise MixedSidesError(
                f"side {side.side.name} imports {path.name} from the working tree and not from "
                f"{side.side.asked[:80]!r}: both sides would run the same code. It is installed in a way that this "
                "suite cannot turn to another folder; give each side an environment of its own with --a and --b."
            )
    return out


def _owner(path: Path, roots: Iterable[Path]) -> Path | None:
    """The first of the folders that a file lies in."""
    return next((root for root in roots if path.is_relative_to(root)), None)


def with_files_on_disk(
    side: PlacedSide, files: Mapping[str, str | None], names: Iterable[str]
) -> dict[str, str | None]:
    """Files of a side, and those of these names that it has: where a network may be made of more than was noticed, what
    was not noticed is not missing.

    Args:
        side: where they lie.
        files: digests by path below its top folder.
        names: paths of files of the other side.
    """
    return {**{name: digest(side.root / name) for name in names}, **files}


class MixedSidesError(BenchError):
    """A side runs code of the other one."""
