"""Reads TOML files that a user wrote, with one error for everything that is wrong with their text."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from levit_bench.paths.file_kinds import instead_of_file
from levit_bench.paths.text_files import NoTextError, decoded

LARGEST = 1 << 20
"""Bytes; a larger file was not written by hand."""


class NoTomlError(ValueError):
    """A file does not hold TOML; the message says why, as the end of a sentence."""


def read_toml(path: Path) -> dict[str, Any]:
    """The tables and values of a file.

    Raises:
        NoTomlError: it is no plain file, too large, no text, or no TOML.
        OSError: it cannot be read, or is not there.
    """
    if other := instead_of_file(path):
        raise NoTomlError(f"{other}, and no file")
    if path.stat().st_size > LARGEST:
        raise NoTomlError(f"more than {LARGEST >> 20} MiB")
    try:
        return tomllib.loads(decoded(path.read_bytes()))
    except NoTextError as error:
        raise NoTomlError(f"no TOML: it {error}") from error
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:  # ValueError: a number of 5,000 digits
        raise NoTomlError(f"no TOML: {error}") from error
