"""Exports of stored cases: which sessions a format takes, what is written where, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.paths.whole_files import make_folder, write_whole
from levit_bench.reading.repository_commits import find_commit
from levit_bench.report.exports.export_request import ExportFormat, ExportRequest
from levit_bench.report.exports.exported_case import LeftOut, select_cases
from levit_bench.report.exports.registry import format_named

if TYPE_CHECKING:
    from levit_bench.reading.selection import StoredSelection

_MOST_SESSIONS = 3
"""Sessions that a message names before it says how many more there are."""


class Export(NamedTuple):
    """Cases in the format of another tool."""

    to: str
    """The format's name."""
    files: Mapping[str, str]
    """Texts by their path below the folder of the export; of a format of one file, that file."""
    names: tuple[str, ...]
    """The names of the cases, each once."""
    left_out: tuple[LeftOut, ...] = ()
    """Cases that are not in the files, with the reason."""

    def __repr__(self) -> str:
        return f"<Export to {self.to}: {len(self.names)} cases in {len(self.files)} files>"

    @property
    def text(self) -> str:
        """The text of a format of one file.

        Raises:
            UsageError: the format has several files.
        """
        if format_named(self.to).is_folder:
            raise UsageError(f"the format {self.to} is several files. Write them to a folder: --out FOLDER.")
        (text,) = self.files.values()
        return text

    def write(self, out: str | Path) -> tuple[Path, ...]:
        """Write the files; returns their paths.

        Args:
            out: a folder; of a format of one file also the file itself, unless a folder of that name exists.

        Raises:
            UsageError: a file stands where a folder is needed.
            StoreError: a file cannot be written.
        """
        place = Path(out)
        one_file = not (format_named(self.to).is_folder or place.is_dir() or str(out).endswith("/"))
        texts = {place: self.text} if one_file else {place / name: text for name, text in self.files.items()}
        if not one_file and place.exists() and not place.is_dir():
            raise UsageError(f"--out {place} is a file, and the format {self.to} needs a folder. Name another place.")
        written = []
        for path, text in texts.items():
            make_folder(path.parent)
            written.append(write_whole(path, text.encode()))
        return tuple(written)


def export(
    results: StoredSelection, to: str, *, commit: str | None = None, repository: str | Path | None = None
) -> Export:
    """The chosen cases in a format.

    Args:
        results: stored cases.
        to: name of the format.
        commit: the commit that was measured; absent: what each session recorded.
        repository: where commits are looked up; absent: the current folder.

    Raises:
        UsageError: there is no such format, or it holds one session and several are chosen.
        NothingToShowError: no case can be exported; the message says why of each.
    """
    chosen = format_named(to)
    selection = select_cases(results.records)
    sessions = sorted({case.record.session for case in selection.cases})
    _check_sessions(to, chosen, sessions, commit)
    look_up = cache(partial(find_commit, Path() if repository is None else Path(repository)))
    files: Mapping[str, str] = {}
    left_out, names = selection.left_out, tuple(case.name for case in selection.cases)
    if selection.cases:
        made = chosen.make(ExportRequest(selection.cases, commit, look_up))
        files, left_out = made.files, (*left_out, *made.left_out)
        names = made.names or names
    if not files:
        reasons = [f"{name}: {reason}" for name, reason in left_out]
        raise NothingToShowError(f"nothing of {results.choice.place} can be exported to {to}.", reasons)
    return Export(to, files, names, left_out)


def _check_sessions(to: str, chosen: ExportFormat, sessions: list[str], commit: str | None) -> None:
    if len(sessions) < 2 or (chosen.is_history and commit is None):
        return
    more = f" and {len(sessions) - _MOST_SESSIONS} more" if len(sessions) > _MOST_SESSIONS else ""
    names = f"{', '.join(sessions[:_MOST_SESSIONS])}{more}"
    if not chosen.is_history:
        raise UsageError(f"a file of {to} holds one session, and these are of {names}. Choose one with --session.")
    raise UsageError(f"--commit names what one session measured, and these are of {names}. Choose one with --session.")
