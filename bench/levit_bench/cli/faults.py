"""Exceptions that nobody foresaw, as a user is told of them: what, where it is written down, and what is kept.

Refuses to print, and to know which door asks.
"""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from levit_bench.errors import EXIT_FAILED_CASE, EXIT_INTERNAL, EXIT_USAGE
from levit_bench.paths.file_kinds import is_lost
from levit_bench.version import VERSION

TRACEBACK_VARIABLE = "LEVIT_BENCH_TRACEBACK"
"""Environment variable: where it is set, tracebacks are printed as well."""
FOLDER_GONE = "the current folder was deleted. Go to one that exists, and try again."
_LONGEST = 300


def told(error: Exception) -> tuple[str, int]:
    """What to say of an exception that no code of ours raised on purpose, in one line, and the exit code of a command.

    Its traceback is written to a file, which the line names.
    """
    place = _kept(error)
    details = f"The traceback is in {place}." if place else f"Set {TRACEBACK_VARIABLE}=1 to see the traceback."
    said = " ".join(str(error).split())
    said = said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
    if is_of_lost_folder(error):
        return FOLDER_GONE, EXIT_USAGE
    if isinstance(error, MemoryError):
        return f"out of memory. Ask for fewer cases or smaller batches at once. {details}", EXIT_FAILED_CASE
    if isinstance(error, OSError):
        return f"the system refused: {said}. {details}", EXIT_FAILED_CASE
    what = type(error).__name__ + (f": {said}" if said else "")
    return f"internal error: {what}. This is a fault of levit-bench, not of yours: please report it. {details}", (
        EXIT_INTERNAL
    )


def notes_of(error: BaseException) -> str:
    """What was added to an exception on its way, such as where the measured is kept; begins with a space."""
    found = [*getattr(error, "__notes__", ()), *getattr(error.__cause__, "__notes__", ())]
    return "".join(f" {note}" for note in dict.fromkeys(found))


@contextmanager
def keeping(path: Path) -> Iterator[None]:
    """Whatever ends a command from here on: a session was measured, and whoever is told of it is told its file."""
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        error.add_note(f"What was measured is kept in {path}.")
        raise


def is_of_lost_folder(error: BaseException | None) -> bool:
    """Whether it came of something that was looked for in the current folder, which was deleted."""
    while error is not None:
        if isinstance(error, FileNotFoundError):
            name = error.filename if isinstance(error.filename, str | bytes) else ""
            return is_lost(os.fsdecode(name))
        error = error.__cause__
    return False


def is_traceback_wanted() -> bool:
    """Whether the user asked to see tracebacks."""
    return os.environ.get(TRACEBACK_VARIABLE, "") not in ("", "0")


def _kept(error: Exception) -> Path | None:
    """The file that the traceback was written to, or None where none can be written."""
    text = f"levit-bench {VERSION}\n{''.join(traceback.format_exception(error))}"
    try:
        number, name = tempfile.mkstemp(prefix="levit-bench-traceback-", suffix=".txt")
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return None
    return Path(name)
