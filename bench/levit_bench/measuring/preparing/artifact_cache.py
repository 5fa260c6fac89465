"""Artifacts kept between sessions, found by everything that decided what they hold.

    FOLDER/artifacts/KEY-BATCHES/
        entry.json      digests of all files, what the preparation said, when it was made; its own digest in a last line
        files/          what workers load

Written under another name and moved into place, so that a process that is killed leaves nothing that could be read.
Read by copying, with every digest checked, so that another process may remove an entry at any time. Never read where
somebody else could have written.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from levit_bench.errors import UsageError
from levit_bench.measuring.preparing.scratch_folder import Scratch, empty
from levit_bench.measuring.workers.messages import AT_WORK, Prepared
from levit_bench.paths.cache_folder import cache_folder, make_private, why_not_private
from levit_bench.records import Case

LIMIT_BYTES = 4 << 30
"""What all entries together may take; those that were not used for the longest time go first."""
_ENTRIES, _ENTRY, _FILES = "artifacts", "entry.json", "files"
_BLOCK = 1 << 20


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One kept artifact, as its file describes it."""

    case: Case
    """The case that stands for all with this artifact."""
    batches: tuple[int, ...]
    """Those at which it was checked."""
    prepared: Prepared
    prepared_at: str
    """When, in UTC."""
    files: dict[str, str]
    """SHA-256 of each file by its path."""
    bytes: int
    """What they take."""


class Kept(NamedTuple):
    """An entry and where it lies."""

    folder: Path
    entry: Entry
    used_at: float
    """When it was used last, in seconds since the epoch."""


class Reused(NamedTuple):
    """An artifact of an earlier session."""

    prepared: Prepared
    prepared_at: str


def cache_in(named: str, seed: int, *, fresh: bool = False) -> ArtifactCache | None:
    """The cache in a folder, by default the user's; None where nothing is to be kept.

    Args:
        named: the folder; empty for the default.
        seed: of the session.
        fresh: whether kept artifacts are replaced and not used.

    Raises:
        UsageError: the named one is a file.
    """
    folder = Path(named).expanduser().absolute() if named else cache_folder()
    if named and folder is not None and os.path.exists(folder) and not os.path.isdir(folder):  # noqa: PTH110, PTH112
        raise UsageError(f"--cache {named[:80]!r} is no folder. Name one, which need not exist.")
    return None if folder is None else ArtifactCache(folder, seed, fresh=fresh)


class ArtifactCache:
    """The artifacts in a folder, for sessions with one seed.

    Args:
        folder: the cache's; created when something is kept.
        seed: of weights and images.
        fresh: whether kept artifacts are replaced and not used.
        limit_bytes: what all entries together may take.
    """

    def __init__(self, folder: Path, seed: int, *, fresh: bool = False, limit_bytes: int = LIMIT_BYTES) -> None:
        self.folder = folder
        self._seed = seed
        self._fresh = fresh
        self._limit = limit_bytes
        self.problem: str | None = None
        """Why nothing is kept here and what to do about it; None where there is nothing to do."""

    def find(self, case: Case, batches: tuple[int, ...], into: Path) -> Reused | None:
        """Copy the artifact of a case to an empty folder; None where none was kept, or it is not what was kept."""
        for place, entry in self._candidates(case, batches):
            if _copied(place / _FILES, entry, into):
                with suppress(OSError):
                    os.utime(place / _ENTRY)
                return Reused(entry.prepared, entry.prepared_at)
            empty(into)
        return None

    def holds(self, case: Case, batches: tuple[int, ...]) -> bool:
        """Whether the artifact of a case would be found, if its files are whole."""
        return any(True for _ in self._candidates(case, batches))

    def _candidates(self, case: Case, batches: tuple[int, ...]) -> Iterator[tuple[Path, Entry]]:
        """Entries of everything that decides the artifact, whose code has not changed."""
        key = None if self._fresh else _key(case, self._seed)
        if key is None or not self._is_ours():
            return
        for place in self._all_places():
            entry = _entry(place) if place.name.startswith(f"{key}-") else None
            if entry is not None and set(batches) <= set(entry.batches) and _is_current(entry):
                yield place, entry

    def keep(self, case: Case, batches: tuple[int, ...], folder: Path, prepared: Prepared) -> None:
        """Keep a copy of an artifact; one that cannot be kept costs nothing but the next session's time."""
        key = _key(case, self._seed)
        if key is None or prepared.failed or prepared.code_files is None:
            return
        if prepared.noticed and not case.is_of_user:
            return  # Made by a library outside of every environment: the key holds but some of these.
        root = self.folder / _ENTRIES
        try:
            make_private(self.folder)
            make_private(root)
            if not self._is_ours():
                return
            draft = Scratch(root)
            try:
                self._write(Path(draft.name) / "entry", folder, case, batches, prepared)
                _move(Path(draft.name) / "entry", root / _name(key, batches))
            finally:
                draft.cleanup()
            self._shrink(root / _name(key, batches))
        except OSError:
            return  # A full disk or a folder that cannot be written: the next session prepares the network again.

    def entries(self) -> list[Kept]:
        """All entries that can be read, the one used last first."""
        kept = [
            Kept(place, entry, _used_at(place)) for place in self._all_places() if (entry := _entry(place)) is not None
        ]
        return sorted(kept, key=lambda one: -one.used_at)

    def clear(self) -> int:
        """Remove all entries, damaged ones included; returns how many."""
        places = list(self._all_places())
        for place in places:
            shutil.rmtree(place, ignore_errors=True)
        return len(places)

    def _is_ours(self) -> bool:
        """Whether the folder is there and nobody else can have written to it; keeps the reason where somebody can."""
        # `Path.exists` raises where a folder above cannot be entered.
        folders = [path for path in (self.folder, self.folder / _ENTRIES) if os.path.exists(path)]  # noqa: PTH110
        reasons = [why for path in folders if (why := why_not_private(path)) is not None]
        if folders and not os.path.isdir(self.folder):  # noqa: PTH112 (as above)
            reasons.insert(0, "it is no folder")
        if reasons:
            self.problem = (
                f"prepared networks are neither kept nor reused: of {self.folder}, {reasons[0]}. Make it your own "
                "('chmod -R go-w'), or name another folder in LEVIT_BENCH_CACHE."
            )
        return bool(folders) and not reasons

    def _all_places(self) -> Iterator[Path]:
        root = self.folder / _ENTRIES
        try:
            paths = sorted(root.iterdir())
        except OSError:
            return
        yield from (path for path in paths if "-" in path.name and len(path.name.partition("-")[0]) == 64)

    def _write(self, draft: Path, folder: Path, case: Case, batches: tuple[int, ...], prepared: Prepared) -> None:
        files, size = {}, 0
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name != AT_WORK:
                name = path.relative_to(folder).as_posix()
                target = draft / _FILES / name
                target.parent.mkdir(parents=True, exist_ok=True)
                files[name] = _copy(path, target)
                target.chmod(0o600)
                size += target.stat().st_size
        entry = Entry(
            case=case, batches=batches, prepared=prepared, files=files, bytes=size,
            prepared_at=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )  # fmt: skip
        text = msgspec.json.encode(entry)
        description = draft / _ENTRY
        description.write_bytes(text + b"\n" + hashlib.sha256(text).hexdigest().encode() + b"\n")
        description.chmod(0o600)
        for path in (draft, *draft.rglob("*/")):
            path.chmod(0o700)

    def _shrink(self, newest: Path) -> None:
        """Remove what was not used for the longest time until the rest is within the limit; never the newest."""
        kept = self.entries()
        total = sum(one.entry.bytes for one in kept)
        for one in reversed(kept):
            if total <= self._limit:
                return
            if one.folder != newest:
                shutil.rmtree(one.folder, ignore_errors=True)
                total -= one.entry.bytes


def _key(case: Case, seed: int) -> str | None:
    """What an artifact is found by. Computing it asks the machine; listing what is kept needs no library for that."""
    from levit_bench.measuring.preparing.artifact_key import artifact_key

    return artifact_key(case, seed)


def _name(key: str, batches: tuple[int, ...]) -> str:
    return f"{key}-{hashlib.sha256(repr(batches).encode()).hexdigest()[:8]}"


def _entry(place: Path) -> Entry | None:
    """The description of an entry, if it is whole and nobody else could have written it."""
    file = place / _ENTRY
    if why_not_private(place) or why_not_private(file):
        return None
    try:
        text, _, rest = file.read_bytes().partition(b"\n")
        if hashlib.sha256(text).hexdigest().encode() != rest.strip():
            return None
        return msgspec.json.decode(text, type=Entry)
    except (OSError, msgspec.MsgspecError):
        return None


def _is_current(entry: Entry) -> bool:
    """Whether the files that a user's network was made of hold what they held."""
    code_files = entry.prepared.code_files
    return code_files is not None and code_files.are_unchanged()


def _copied(source: Path, entry: Entry, into: Path) -> bool:
    """Whether every file was copied, holds what it held, and could not have been written by another user."""
    for name, digest in entry.files.items():
        path, target = source / name, into / name
        if not path.resolve().is_relative_to(source.resolve()):
            return False
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if why_not_private(path) or _copy(path, target) != digest:
                return False
        except OSError:
            return False
    return True


def _copy(source: Path, target: Path) -> str:
    """Copy a file; the SHA-256 of what was copied."""
    whole = hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as write:
        while block := read.read(_BLOCK):
            whole.update(block)
            write.write(block)
    return whole.hexdigest()


def _move(draft: Path, place: Path) -> None:
    """Put a finished entry in its place; another process's, made in the meantime, is as good."""
    shutil.rmtree(place, ignore_errors=True)
    try:
        draft.rename(place)
    except OSError:
        if not place.exists():
            raise


def _used_at(place: Path) -> float:
    try:
        return (place / _ENTRY).stat().st_mtime
    except OSError:
        return 0.0
