"""Standard output and standard error, made so that printing never ends a command.

Characters that a terminal cannot show are written plainly; a failure to write is remembered and left to the door.
Refuses to know what is printed.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import TextIO, cast

PLAIN = {
    "×": "x", "·": "|", "–": "-", "—": "-", "−": "-", "±": "+-", "…": "...", "µ": "u", "μ": "u", "≤": "<=", "≥": ">=",
    "●": "*", "◐": "~", "○": "o", "∞": "inf", "√": "sqrt ", "°": " deg", "²": "2", "³": "3", "₁": "1", "₂": "2",
    "₃": "3", "′": "'", "‘": "'", "’": "'", "“": '"', "”": '"', "\xa0": " ", "Δ": "delta ", "━": "-", "╸": "-",
    "╺": "-", "─": "-", "│": "|",
}  # fmt: skip
"""What stands for the product's own signs, and for those of progress bars, where they cannot be encoded."""
_BEFORE_NUMBERS = "±≤≥"
"""Signs that need no space behind them."""
_HANDLER = "levit-bench-plain"
_QUIET = {errno.EPIPE, errno.ESHUTDOWN} | ({errno.EINVAL} if sys.platform == "win32" else set())
"""What a system says when the reader of a pipe went away."""


def fitting(text: str, encoding: str) -> str:
    r"""The text as far as an encoding can hold it; other characters get plain signs, else are spelled out: `\u200b`."""
    try:
        return text.encode(encoding, _HANDLER).decode(encoding)
    except (LookupError, UnicodeError):  # no encoding that Python knows, or one that holds not even ASCII
        return text.encode("ascii", _HANDLER).decode("ascii")


class Channel(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of the moment: what is written to it is written there, or is lost in silence."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._beneath: TextIO | None = None
        self._failed: tuple[TextIO | None, OSError | ValueError] | None = None

    @property
    def lost(self) -> str | None:
        """Why something was not written, in words; None if nothing was, or the reader went away, as `head` does."""
        if self._failed is None or self._failed[0] is not self._stream:
            return None
        error = self._failed[1]
        if not isinstance(error, OSError):
            return "it is closed"
        return None if error.errno in _QUIET else str(error.strerror or error)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """What the text is encoded in."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write it or not; never raises for what the stream or its encoding cannot do."""
        if not isinstance(text, str):  # as a text stream answers to bytes, by which libraries tell the two apart
            raise TypeError(f"write() takes text, not {type(text).__name__}")
        stream = self._stream
        if stream is None:
            self._fail(stream, ValueError("closed"))
        elif not self._is_failed(stream):
            try:
                encoding = getattr(stream, "encoding", None)
                stream.write(fitting(text, encoding) if encoding else text)
            except (OSError, ValueError) as error:
                self._fail(stream, error)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written; never raises."""
        stream = self._stream
        if stream is not None and not self._is_failed(stream):
            try:
                stream.flush()
            except (OSError, ValueError) as error:
                self._fail(stream, error)

    def isatty(self) -> bool:
        """Whether somebody watches."""
        try:
            return self._stream is not None and self._stream.isatty()
        except (OSError, ValueError):
            return False

    def fileno(self) -> int:
        """The system's number of the stream."""
        if self._stream is None:
            raise io.UnsupportedOperation(f"{self._name} is closed")
        return self._stream.fileno()

    def writable(self) -> bool:
        """Always: what cannot be written is dropped."""
        return True

    def close(self) -> None:
        """Nothing: the stream beneath belongs to the process."""

    @property
    def _stream(self) -> TextIO | None:
        found = getattr(sys, self._name)
        # A progress bar puts a proxy there, which would print through this channel again.
        found = getattr(found, "rich_proxied_file", found)
        return self._beneath if found is self else cast("TextIO | None", found)

    def _is_failed(self, stream: TextIO) -> bool:
        return self._failed is not None and self._failed[0] is stream

    def _fail(self, stream: TextIO | None, error: OSError | ValueError) -> None:
        if self._failed is None or self._failed[0] is not stream:
            self._failed = stream, error
        # What still lies in the stream's buffer would be tried again, with a complaint, when Python ends.
        with suppress(OSError, ValueError, AttributeError):
            number = cast("TextIO", stream).fileno()
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, number)
            os.close(null)

    @contextmanager
    def over(self, stream: TextIO | None) -> Iterator[TextIO]:
        """As the process's own stream: everything that is printed meanwhile takes this way."""
        before, self._beneath, self._failed = self._beneath, stream, None
        try:
            yield cast("TextIO", self)
        finally:
            self.flush()
            self._beneath = before


OUT = Channel("stdout")
"""Results."""
ERR = Channel("stderr")
"""Progress, findings and refusals."""


@contextmanager
def guarded() -> Iterator[None]:
    """Print through the channels, whoever prints: verbs, click, and libraries that warn."""
    with (
        OUT.over(sys.stdout) as out,
        ERR.over(sys.stderr) as err,
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        yield


def settle() -> None:
    """Standard streams that were closed, or that may not wait, made safe for a process that opens files.

    A file that is opened while number 1 is free becomes standard output of every process that is started.
    """
    if os.name != "posix":
        return
    for number in range(3):
        try:
            if not os.get_blocking(number) and number:
                os.set_blocking(number, True)
        except OSError as error:
            if error.errno == errno.EBADF:
                with suppress(OSError):
                    # It gets the lowest number that is free. Processes that are started shall have it, too.
                    os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found, after = error.object[error.start : error.end], error.object[error.end :]
    plain = "".join(PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in found)
    # What is longer than its sign takes the place of spaces behind it, as far as there are any: tables stay straight.
    spaces = len(after) - len(after.lstrip(" ")) - (found[-1] not in _BEFORE_NUMBERS)
    return plain, error.end + max(0, min(spaces, len(plain) - len(found)))


codecs.register_error(_HANDLER, _plainly)
