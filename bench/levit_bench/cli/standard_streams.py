"""Standard output and standard error, made so that printing never ends a command.

Characters that a terminal cannot show are replaced by plain ones; a failure to write is recorded, and the command
reports it at its end.
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
"""Replacements of the product's own signs, and of those of progress bars, where they cannot be encoded."""
_BEFORE_NUMBERS = "±≤≥"
"""Signs that need no space behind them."""
_HANDLER = "levit-bench-plain"
_QUIET = {errno.EPIPE, errno.ESHUTDOWN} | ({errno.EINVAL} if sys.platform == "win32" else set())
"""Errors of a pipe whose reader is gone."""


def fitting(text: str, encoding: str) -> str:
    r"""The text in the characters of an encoding; others are replaced by plain signs or escaped: `\u200b`."""
    try:
        return text.encode(encoding, _HANDLER).decode(encoding)
    except (LookupError, UnicodeError):  # no encoding that Python knows, or one that holds not even ASCII
        return text.encode("ascii", _HANDLER).decode("ascii")


class Channel(io.TextIOBase):
    """Writes to the current `sys.stdout` or `sys.stderr`; a failure to write does not raise."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._beneath: TextIO | None = None
        self._failed: tuple[TextIO | None, OSError | ValueError] | None = None

    @property
    def lost(self) -> str | None:
        """The reason why output was lost, in words; None if none was, or the reader closed the pipe, as `head` does."""
        if self._failed is None or self._failed[0] is not self._stream:
            return None
        error = self._failed[1]
        if not isinstance(error, OSError):
            return "it is closed"
        return None if error.errno in _QUIET else str(error.strerror or error)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write the text; failures of the stream or its encoding are recorded and do not raise."""
        if not isinstance(text, str):  # libraries tell text from binary streams by this error
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
        """Flush the stream; never raises."""
        stream = self._stream
        if stream is not None and not self._is_failed(stream):
            try:
                stream.flush()
            except (OSError, ValueError) as error:
                self._fail(stream, error)

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        try:
            return self._stream is not None and self._stream.isatty()
        except (OSError, ValueError):
            return False

    def fileno(self) -> int:
        """The file descriptor of the stream."""
        if self._stream is None:
            raise io.UnsupportedOperation(f"{self._name} is closed")
        return self._stream.fileno()

    def writable(self) -> bool:
        """Always true: text that cannot be written is dropped."""
        return True

    def close(self) -> None:
        """Does nothing: the stream beneath belongs to the process."""

    @property
    def _stream(self) -> TextIO | None:
        stream = getattr(sys, self._name)
        # A progress bar replaces the stream by a proxy, which would print through this channel again.
        stream = getattr(stream, "rich_proxied_file", stream)
        return self._beneath if stream is self else cast("TextIO | None", stream)

    def _is_failed(self, stream: TextIO) -> bool:
        return self._failed is not None and self._failed[0] is stream

    def _fail(self, stream: TextIO | None, error: OSError | ValueError) -> None:
        if self._failed is None or self._failed[0] is not stream:
            self._failed = stream, error
        # Python would flush the stream's buffer again at its exit, and print an error.
        with suppress(OSError, ValueError, AttributeError):
            number = cast("TextIO", stream).fileno()
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, number)
            os.close(null)

    @contextmanager
    def over(self, stream: TextIO | None) -> Iterator[TextIO]:
        """Stand in for the process's own stream: all output goes through this channel meanwhile."""
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
    """Send all output through the channels: that of verbs, of click, and warnings of libraries."""
    with (
        OUT.over(sys.stdout) as out,
        ERR.over(sys.stderr) as err,
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        yield


def settle() -> None:
    """Reopen closed standard streams on the null device, and make them blocking.

    A file that is opened while descriptor 1 is free would become the standard output of child processes.
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
                    # It gets the lowest free descriptor; child processes inherit it.
                    os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _plain_replacement(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters, after = error.object[error.start : error.end], error.object[error.end :]
    plain = "".join(PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in characters)
    # A replacement that is longer than its sign takes the place of spaces behind it, so that tables stay aligned.
    spaces = len(after) - len(after.lstrip(" ")) - (characters[-1] not in _BEFORE_NUMBERS)
    return plain, error.end + max(0, min(spaces, len(plain) - len(characters)))


codecs.register_error(_HANDLER, _plain_replacement)
