"""Files that are written whole: beside their place, then renamed, so that no reader sees half of one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from levit_bench.errors import StoreError


def written_whole(path: Path, write: Callable[[Path], None]) -> Path:
    """Have a file written beside its place and rename it; returns its path.

    Args:
        path: where it belongs; its folder exists.
        write: writes it to the path that it is given.

    Raises:
        StoreError: it cannot be written.
    """
    draft = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        write(draft)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise cannot_write(path, error) from error
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return path


def write_text(path: Path, text: str) -> None:
    r"""Write a text in UTF-8, its lines ending in `\n` on every system."""
    path.write_text(text, encoding="utf-8", newline="\n")


def cannot_write(path: Path, error: OSError) -> StoreError:
    """The refusal of a path that cannot be written."""
    return StoreError(
        f"cannot write {path}: {error.strerror or error}. Name another folder, or free space and allow writing there."
    )
