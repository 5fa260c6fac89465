"""Queries to the system that may fail in any way: the answer, or None where there is none that makes sense.

A library that raises, returns nonsense or hangs must cost only the fact that it was queried for. Every fact of
`description.py` is read through here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

PATIENCE_S = 20.0
"""Seconds after which a query counts as hung. Answers take milliseconds; a busy machine may take seconds."""

_hung: set[object] = set()
"""Queries that did not return: they are not repeated, or every description of the machine would wait for them."""


def answer(ask: Callable[[], object]) -> object | None:
    """The query's return value; None where it raises, or does not return in time.

    It runs in a thread of its own, which is left behind when it hangs. A library that hangs and holds the
    interpreter's lock cannot be interrupted.
    """
    key = getattr(ask, "__code__", ask)
    if key in _hung:
        return None
    results: list[object] = []

    def run() -> None:
        try:
            results.append(ask())
        except BaseException:  # A library may raise anything; `SystemExit` would end the thread, too.
            results.append(None)

    thread = threading.Thread(target=run, daemon=True, name="probe")
    thread.start()
    thread.join(PATIENCE_S)
    if not results:
        _hung.add(key)
        return None
    return results[0]


def whole(ask: Callable[[], object], least: int, most: int) -> int | None:
    """A whole number within limits."""
    return as_whole(answer(ask), least, most)


def number(ask: Callable[[], object], least: float, most: float) -> float | None:
    """A finite number within limits."""
    return as_number(answer(ask), least, most)


def text(ask: Callable[[], object], longest: int = 120) -> str | None:
    """A line of text that is not empty, cut at `longest` characters; bytes count as text."""
    return as_text(answer(ask), longest)


def flag(ask: Callable[[], object]) -> bool | None:
    """A truth value."""
    value = answer(ask)
    return value if isinstance(value, bool) else None


def as_whole(value: object, least: int, most: int) -> int | None:
    """The value, if it is a whole number within limits; else None."""
    finite = as_number(value, least, most)
    return int(finite) if finite is not None and finite == int(finite) else None


def as_number(value: object, least: float, most: float) -> float | None:
    """The value, if it is a finite number within limits; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if least <= value <= most else None  # NaN is not within any limits.


def as_text(value: object, longest: int = 120) -> str | None:
    """The value on one line, without control characters, if it is text that is not empty; else None."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())[:longest] or None
