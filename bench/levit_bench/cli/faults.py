"""Messages and exit codes for unexpected exceptions, and the file with their traceback. Nothing is printed here."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from levit_bench.errors import EXIT_FAILED_CASE, EXIT_INTERNAL, EXIT_USAGE, BenchError, StoreError
from levit_bench.libraries import refusal
from levit_bench.paths.file_kinds import is_lost
from levit_bench.version import VERSION

TRACEBACK_VARIABLE = "LEVIT_BENCH_TRACEBACK"
"""Environment variable: where it is set, tracebacks are printed as well."""
FOLDER_GONE = "the current folder was deleted. Go to one that exists, and try again."
_LONGEST = 300


def message_and_exit_code(error: Exception) -> tuple[str, int]:
    """The message of an unexpected exception, on one line, and the exit code of the command.

    The traceback is written to a file, which the message names, unless a library must be installed or upgraded.
    """
    if (unsuitable := refusal(error)) is not None:
        return str(unsuitable), unsuitable.exit_code
    place = _traceback_file(error)
    details = f"The traceback is in {place}." if place else f"Set {TRACEBACK_VARIABLE}=1 to see the traceback."
    message = " ".join(str(error).split())
    message = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
    if is_of_lost_folder(error):
        return FOLDER_GONE, EXIT_USAGE
    if isinstance(error, MemoryError):
        return f"out of memory. Ask for fewer cases or smaller batches at once. {details}", EXIT_FAILED_CASE
    if isinstance(error, OSError):
        return f"the system refused: {message}. {details}", EXIT_FAILED_CASE
    what = type(error).__name__ + (f": {message}" if message else "")
    return f"internal error: {what}. This is a fault of levit-bench, not of yours: please report it. {details}", (
        EXIT_INTERNAL
    )


def notes_of(error: BaseException) -> str:
    """The notes of an exception, such as the file of the measured session, each after a space."""
    notes = [*getattr(error, "__notes__", ()), *getattr(error.__cause__, "__notes__", ())]
    return "".join(f" {note}" for note in dict.fromkeys(notes))


@contextmanager
def keeping(path: Path) -> Iterator[None]:
    """Add the path of the measured session to any exception that ends the command from here on."""
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        error.add_note(f"What was measured is kept in {path}.")
        raise


class NoVerdictError(BenchError):
    """A gate ended without a verdict, for a reason that says nothing of what it was to judge."""

    exit_code = EXIT_USAGE


@contextmanager
def no_verdict() -> Iterator[None]:
    """Give faults of the system and of files the exit code of usage: of a gate, 1 says that a case is slower.

    Raises:
        NoVerdictError: in place of such a fault.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except StoreError as error:
        if error.exit_code != EXIT_FAILED_CASE:
            raise
        raise NoVerdictError(str(error)) from error
    except (OSError, MemoryError) as error:
        if refusal(error) is not None:
            raise
        raise NoVerdictError(message_and_exit_code(error)[0]) from error


def is_of_lost_folder(error: BaseException | None) -> bool:
    """Whether the cause is a file that was not found because the current folder was deleted."""
    while error is not None:
        if isinstance(error, FileNotFoundError):
            name = error.filename if isinstance(error.filename, str | bytes) else ""
            return is_lost(os.fsdecode(name))
        error = error.__cause__
    return False


def is_traceback_wanted() -> bool:
    """Whether the user asked to see tracebacks."""
    return os.environ.get(TRACEBACK_VARIABLE, "") not in ("", "0")


def _traceback_file(error: Exception) -> Path | None:
    """Write the traceback to a file and return its path; None where it cannot be written."""
    text = f"levit-bench {VERSION}\n{''.join(traceback.format_exception(error))}"
    try:
        number, name = tempfile.mkstemp(prefix="levit-bench-traceback-", suffix=".txt")
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return None
    return Path(name)
