"""Decodes text files that a user wrote: byte order marks, line ends, and errors that name the encoding."""

from __future__ import annotations

import codecs

_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class NoTextError(ValueError):
    """Bytes that are not UTF-8; the message is the end of a sentence that begins with the file."""


def decoded(raw: bytes) -> str:
    r"""The text of a file in UTF-8, without its byte order mark, with `\n` at the end of each line.

    Raises:
        NoTextError: it is not UTF-8 text.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        name = next((name for mark, name in _MARKS if raw.startswith(mark)), "")
        line = raw.count(b"\n", 0, error.start) + 1
        description = f"but {name}" if name else f"as byte {error.start}, in line {line}, says"
        raise NoTextError(f"is no UTF-8 text, {description}. Save it as UTF-8") from error
    if "\0" in text[:4096]:
        raise NoTextError(f"is no UTF-8 text: byte {raw.index(0)} is zero, as in UTF-16 and in files that hold no text")
    return text.replace("\r\n", "\n").replace("\r", "\n")
