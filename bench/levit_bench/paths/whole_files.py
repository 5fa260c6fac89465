"""Writes files that others read: whole or not at all, beside the target and then renamed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from levit_bench.errors import StoreError, UsageError


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file, replacing an older one, so that a reader never sees half of it; returns its path.

    Raises:
        StoreError: it cannot be written.
    """
    draft = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except BaseException as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise cannot_write(path, error) from error
        raise
    return path


def make_folder(folder: Path) -> None:
    """Create a folder, and those that it lies in, where they are missing.

    Raises:
        StoreError: it cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error


def clear_files(folder: Path, names: Sequence[str]) -> None:
    """Remove files that will be written anew, where they are, and check that they can be; creates the folder.

    Called before the work whose outcome they are to hold: where that fails, none of an earlier one is taken for its.

    Raises:
        UsageError: the folder cannot be written, or something that is no file has one of the names.
    """
    probe = folder / f".levit-bench-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / name).unlink(missing_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise UsageError(str(cannot_write(Path(error.filename or folder), error))) from error


def cannot_write(path: Path, error: OSError) -> StoreError:
    """The error of a file or folder that the system does not let us write."""
    return StoreError(
        f"cannot write {path}: {error.strerror or error}. Name another folder, or free space and allow writing there."
    )
