"""Questions to the system that may fail in any way: the answer, or None where there is none that makes sense.

A library that raises, returns nonsense or hangs must cost the fact that it was asked for, and nothing else. Every fact
of `machine.py` is asked for through here. Refuses to know any question.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

PATIENCE_S = 20.0
"""Seconds after which a question counts as hung. Answers take milliseconds; a busy machine may take seconds."""

_hung: set[object] = set()
"""Questions that did not return: they are not asked again, or each look at the machine would wait for them anew."""


def answer(ask: Callable[[], object]) -> object | None:
    """Whatever the question returns; None where it raises, or does not return in time.

    It is asked in a thread of its own, which is left behind when it hangs. A library that hangs and keeps the
    interpreter's lock cannot be helped.
    """
    key = getattr(ask, "__code__", ask)
    if key in _hung:
        return None
    told: list[object] = []

    def run() -> None:
        try:
            told.append(ask())
        except BaseException:  # A library may raise anything; `SystemExit` would end the thread, too.
            told.append(None)

    thread = threading.Thread(target=run, daemon=True, name="probe")
    thread.start()
    thread.join(PATIENCE_S)
    if not told:
        _hung.add(key)
        return None
    return told[0]


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
    """Yes or no."""
    found = answer(ask)
    return found if isinstance(found, bool) else None


def as_whole(value: object, least: int, most: int) -> int | None:
    """What was told, if it is a whole number within limits."""
    found = as_number(value, least, most)
    return int(found) if found is not None and found == int(found) else None


def as_number(value: object, least: float, most: float) -> float | None:
    """What was told, if it is a finite number within limits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if least <= value <= most else None  # Nothing lies within limits beside NaN.


def as_text(value: object, longest: int = 120) -> str | None:
    """What was told, if it is text that is not empty: on one line, without control characters."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())[:longest] or None
