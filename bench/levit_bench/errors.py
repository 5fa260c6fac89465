"""The hierarchy of errors: each message says what went wrong, where, why, and what to do next.

The command line turns any `BenchError` into one line on stderr and its exit code. Faults of a *case* (a network that
raises, hangs or dies) are not errors: they are outcomes, stored with their reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# Exit codes of every verb (documented in docs/output.md).
EXIT_DONE = 0
EXIT_FAILED_CASE = 1
EXIT_USAGE = 2
EXIT_NOTHING = 3
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130

_PART = r"[^\s\\/:'\"(),\x00-\x1f]+"
_PATH = re.compile(rf"(?<![\w.~-])(?:[A-Za-z]:)?(?:[\\/]{_PART})+[\\/]({_PART})")
"""An absolute path; one that begins within a word is relative, and reveals nothing of the machine."""
_LONGEST = 300


class BenchError(Exception):
    """Base of all errors that this package raises on purpose; `exit_code` is that of the command line."""

    exit_code = EXIT_USAGE

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that the command line prints; nearly every error has one."""
        return (str(self),)


class UsageError(BenchError):
    """The request cannot be carried out as given; nothing was measured."""


class BudgetTooSmallError(UsageError):
    """The budget is too small for a useful interval; the message names the smallest sufficient one."""


class StoreError(BenchError):
    """A results file or folder cannot be read or written."""

    exit_code = EXIT_FAILED_CASE


class MissingStoreError(StoreError):
    """There is no store of that name, or no session in it, and so nothing to show."""

    exit_code = EXIT_NOTHING


class SchemaError(StoreError):
    """A results file was written by a newer version of this package."""

    exit_code = EXIT_USAGE


class NothingToShowError(BenchError):
    """The request is valid, but no stored record answers it.

    Args:
        message: what is missing.
        reasons: why, each on a line of its own, where there are several.
    """

    exit_code = EXIT_NOTHING

    def __init__(self, message: str = "", reasons: Sequence[str] = ()) -> None:
        super().__init__(message)
        self._reasons = tuple(reasons)

    def __str__(self) -> str:
        return "\n".join(self.lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """The message and its reasons."""
        return (str(self.args[0]), *(f"  {reason}" for reason in self._reasons))


class NotComparableError(BenchError):
    """Records differ in fields that make their numbers incomparable; the message names the fields."""

    exit_code = EXIT_NOTHING


def one_line(text: str) -> str:
    """The text on one line, folders cut from paths, control characters visible, at most 300 characters."""
    line = _PATH.sub(r"\1", " ".join(text.split()))
    line = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)
    return cut_in_the_middle(line, _LONGEST)


def cut_in_the_middle(text: str, limit: int) -> str:
    """Text of at most `limit` characters; an ellipsis stands for its middle, because a reason ends with its cure."""
    return text if len(text) <= limit else f"{text[: limit // 2]}…{text[len(text) - (limit - limit // 2 - 1) :]}"


def message_of(error: BaseException) -> str:
    """What an exception says, on one line; exceptions of others may fail even at that."""
    try:
        return one_line(str(error))
    except Exception as second:  # A `__str__` of others may raise any exception.
        return f"its message cannot be read: {type(second).__name__}"
