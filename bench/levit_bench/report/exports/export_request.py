"""What an export is made with, and what it makes: the files of one format."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from levit_bench.report.exports.exported_case import ExportedCase, LeftOut


class Commit(NamedTuple):
    """A commit of the repository whose history an export is filed under."""

    digest: str
    """All 40 hexadecimal digits."""
    at_s: int
    """When it was committed, in seconds since 1970."""


class ExportRequest(NamedTuple):
    """The cases of an export, and what the stored sessions do not say."""

    cases: Sequence[ExportedCase]
    """In the order of their sessions; at least one."""
    commit: str | None = None
    """The commit that was measured, in the user's words; absent: what each session recorded."""
    find_commit: Callable[[str], Commit | None] = lambda _: None
    """Looks a commit up in the user's repository; None where that does not have it."""


class ExportFiles(NamedTuple):
    """The files of an export, and the cases that its format cannot hold."""

    files: Mapping[str, str]
    """Texts by their path below the folder of the export, with slashes; empty where no case is left."""
    left_out: tuple[LeftOut, ...] = ()
    names: tuple[str, ...] = ()
    """What the files call the cases, where that differs from the names in the request; else empty."""


class ExportFormat(NamedTuple):
    """One format that cases can be exported to."""

    words: str
    """What it is, for a list of formats."""
    make: Callable[[ExportRequest], ExportFiles]
    """The files of some cases."""
    is_history: bool = False
    """Whether it holds several sessions; any other holds one."""
    is_folder: bool = False
    """Whether it is several files; any other is one, and may be printed."""


def json_text(document: object, indent: int | None = 2) -> str:
    """A document as JSON of ASCII characters.

    Raises:
        ValueError: it holds a number that is not finite, which JSON has no word for.
    """
    return json.dumps(document, indent=indent, allow_nan=False) + "\n"
