"""The one tree of errors: each says what went wrong, where, why, and what to do next.

Doors turn any `BenchError` into one line on stderr and the exit code it carries. Faults of a *case* (a network that
raises, hangs or dies) are no errors: they are outcomes, stored with their reason.
"""

from __future__ import annotations

# Exit codes of every verb (documented in docs/how-it-works.md).
EXIT_DONE = 0
EXIT_FAILED_CASE = 1
EXIT_USAGE = 2
EXIT_NOTHING = 3
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130


class BenchError(Exception):
    """Root of everything this package raises on purpose; `exit_code` is what a door returns for it."""

    exit_code = EXIT_USAGE


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
    """The request was understood, but no stored record answers it."""

    exit_code = EXIT_NOTHING


class NotComparableError(BenchError):
    """Records differ in fields that make their numbers incomparable; the message names the fields."""

    exit_code = EXIT_NOTHING
