"""The one tree of errors: each says what went wrong, where, why, and what to do next.

Doors turn any `BenchError` into one line on stderr and the exit code it carries. Faults of a *case* (a network that
raises, hangs or dies) are no errors: they are outcomes, stored with their reason.
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
"""A path from the root; one that begins in the middle of a word is a relative one, and says nothing of the machine."""
_LONGEST = 300


class BenchError(Exception):
    """Root of everything this package raises on purpose; `exit_code` is what a door returns for it."""

    exit_code = EXIT_USAGE

    @property
    def lines(self) -> tuple[str, ...]:
        """What a door prints, line by line; nearly every error is one."""
        return (str(self),)


class UsageError(BenchError):
    """The request cannot be carried out as it was asked; nothing was measured."""


class BudgetTooSmallError(UsageError):
    """The budget cannot buy an honest interval; the message names the smallest one that can."""


class StoreError(BenchError):
    """A results file or folder cannot be read or written."""

    exit_code = EXIT_FAILED_CASE


class SchemaError(StoreError):
    """A results file was written by a newer version of this package."""

    exit_code = EXIT_USAGE


class NothingToShowError(BenchError):
    """The request was understood, but no stored record answers it.

    Args:
        message: what there is not.
        reasons: why, each a line of its own, where there are several.
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
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
