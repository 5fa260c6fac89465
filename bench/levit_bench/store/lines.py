"""Decodes the lines of one session's file, and reports each invalid line with its number and the reason.

Ranges and types are those of `records.py`; `store/line_order.py` checks the order of lines.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec

from levit_bench.errors import SchemaError, StoreError
from levit_bench.paths.file_kinds import kind_of
from levit_bench.records import SCHEMA, Line, SessionLine, TurnLine

LARGEST_FILE = 1 << 30
"""Bytes; an hour of measuring writes about ten million."""
LONGEST_LINE = 16 << 20
"""Bytes of one line; a run's first line, the longest, has a few hundred for each of its cases."""

decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
BOM = b"\xef\xbb\xbf"
"""The byte order mark that some editors write at the start of UTF-8 text."""
_FOREIGN = (
    (b"\xff\xfe", "is text in UTF-16, as some editors and shells write it. Save it as UTF-8"),
    (b"\xfe\xff", "is text in UTF-16, as some editors and shells write it. Save it as UTF-8"),
    (b"\x1f\x8b", "is compressed. Unpack it with gunzip, and remove the compressed one"),
)
_HEAD = re.compile(rb'"kind"\s*:\s*"session"')
_LIMIT = re.compile(r"Expected `(?:int|float)` (<=|>=|<|>) (\S+) - at `\$\.?(.*)`")
_PLACE = re.compile(r"(.*) - at `\$\.?(.*)`")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_BEYOND = {">=": "less than", ">": "not more than", "<=": "more than", "<": "not less than"}
_LONGEST_TOLD = 40
_OF_NUMBERS = b"0123456789abcdefABCDEF+-.,[] \t\r"
"""The bytes of numbers, ids, lists and spaces: without them, little but the keys of a turn remains."""


class Lines(NamedTuple):
    """The content of a file."""

    good: list[tuple[int, Line | None]]
    """Lines by their numbers, from 1. None stands for the first line of a session that cannot be read."""
    bad: list[tuple[int, str]]
    """Numbers of the other lines, each with what is wrong."""


class _Head(msgspec.Struct):
    """The format number of a first line, to recognise newer files."""

    schema: int = 0


def opened(path: Path) -> IO[bytes]:
    """Open a regular file for reading; pipes and devices, which would block, are not opened.

    Raises:
        StoreError: it cannot be read, is not a regular file, or is larger than any session.
    """
    try:
        _check_file(path, path.stat())
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        file = os.fdopen(descriptor, "rb")
        try:
            _check_file(path, os.fstat(descriptor))  # It may have been replaced in between.
        except BaseException:
            file.close()
            raise
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror or error}.") from error
    except ValueError as error:  # A name with a zero byte in it.
        raise StoreError(f"cannot read {path}: {error}.") from error
    return file


def _check_file(path: Path, state: os.stat_result) -> None:
    if kind := kind_of(state.st_mode):
        raise StoreError(f"{path} is {kind}, and a session is a file. Move it out of the store.")
    if state.st_size > LARGEST_FILE:
        raise StoreError(
            f"{path} has {state.st_size >> 20} MiB, and no session has more than {LARGEST_FILE >> 20}. Move it out of "
            "the store; where sessions were joined, take them apart."
        )


def content(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        StoreError: it cannot be read.
    """
    with opened(path) as file:
        try:
            return file.read()
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror or error}.") from error


def read(path: Path, data: bytes) -> Lines:
    """All lines of a file; the first good one is a session line.

    Args:
        path: of the file, for messages.
        data: its content.

    Raises:
        SchemaError: a newer version of this package wrote the file.
        StoreError: it is no text in UTF-8, or its first line is not a session line.
    """
    for beginning, problem in _FOREIGN:
        if data.startswith(beginning):
            raise StoreError(f"{path} {problem}.")
    data = data.removeprefix(BOM)
    _refuse_newer(path, data.lstrip()[:LONGEST_LINE].partition(b"\n")[0])
    lines = _at_once(data) or _one_by_one(data)
    if not lines.good or not isinstance(lines.good[0][1], SessionLine):
        number, why = lines.bad[0] if lines.bad else (1, "the file is empty" if not data.strip() else "another line")
        raise StoreError(
            f"{path}:{number}: not a session of this suite ({why}). Remove the file from the store, or restore its "
            "first line."
        )
    return lines


def _refuse_newer(path: Path, raw: bytes) -> None:
    """Refuse a file in a newer format before its lines are read and seem broken."""
    try:
        schema = msgspec.json.decode(raw, type=_Head).schema
    except (msgspec.DecodeError, ValueError, RecursionError):
        return
    if SCHEMA < schema <= 10_000:
        raise SchemaError(
            f"{path}: written in format {schema}, this version reads up to {SCHEMA}. "
            "Update the checkout that levit-bench is installed from: git pull, then pip install -e ."
        )


def _at_once(data: bytes) -> Lines | None:
    """Decode a file in one call, which is faster; None unless every line is valid, as in nearly all files.

    Whether a line is valid must not depend on the others: the checks are those of `_one_by_one`.
    """
    try:
        lines = decoder.decode_lines(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not data.endswith(b"\n") or len(lines) != data.count(b"\n"):
        return None
    raw = data.split(b"\n")
    if len(max(raw, key=len)) > LONGEST_LINE:
        return None
    # The turns of a file differ in their numbers alone: a few outlines cover all of them.
    outlines = data.translate(None, _OF_NUMBERS).split(b"\n")
    plain = {outline: _is_plain(outline) for outline in set(outlines)}
    try:
        for index, line in enumerate(lines):
            if type(line) is not TurnLine or not plain[outlines[index]]:
                _check_keys(raw[index], line)
    except (ValueError, RecursionError):
        return None
    return Lines(list(enumerate(lines, 1)), [])


def _one_by_one(data: bytes) -> Lines:
    good: list[tuple[int, Line | None]] = []
    bad: list[tuple[int, str]] = []
    for number, raw in enumerate(data.split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            line = decoded(raw)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            bad.append((number, why(error, raw)))
            if good and _HEAD.search(raw[:LONGEST_LINE]):
                good.append((number, None))
            continue
        good.append((number, line))
    return Lines(good, bad)


def decoded(raw: bytes) -> Line:
    """One line of a file.

    Raises:
        msgspec.DecodeError: it breaks the types or their ranges.
        RecursionError: it is nested too deep.
        ValueError: it is too long, has a key twice, or is a first line whose format is unknown.
    """
    if len(raw) > LONGEST_LINE:
        raise ValueError(f"a line of {len(raw) >> 20} MiB")
    line = decoder.decode(raw)
    if type(line) is not TurnLine or not _is_plain(raw.translate(None, _OF_NUMBERS)):
        _check_keys(raw, line)
    return line


def _is_plain(outline: bytes) -> bool:
    """Whether a turn is certainly one object, on a line of its own, without a repeated key.

    Args:
        outline: the turn without the bytes of `_OF_NUMBERS`. Keys whose outlines differ, differ; where the outlines
            are equal, as those of `p1` and `p2` are, this is not certain, and the answer is False.
    """
    if not (outline.startswith(b"{") and outline.endswith(b"}") and outline.count(b"{") == outline.count(b"}") == 1):
        return False
    if b"\\" in outline or not outline.isascii():
        return False
    between = outline.split(b'"')
    keys = [between[index] for index in range(1, len(between) - 1, 2) if between[index + 1].startswith(b":")]
    return len(between) % 2 == 1 and len(set(keys)) == len(keys)


def _check_keys(raw: bytes, line: Line) -> None:
    """Checks that msgspec's types cannot express: repeated keys, and a first line whose format is unknown.

    Raises:
        ValueError: the message says what is wrong.
    """
    keys = json.loads(raw, object_pairs_hook=_refuse_repeated_keys)
    if isinstance(line, SessionLine):
        if "schema" not in keys:
            raise ValueError("names no schema, the number of its format")
        if line.schema > SCHEMA:
            raise ValueError(f"written in format {line.schema}, this version reads up to {SCHEMA}")


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        earlier: set[str] = set()
        twice = next(key for key, _ in pairs if key in earlier or earlier.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {_json_excerpt(twice)} stands twice")
    return out


def why(error: Exception, raw: bytes) -> str:
    """What is wrong with a line; for a value out of range, with the value."""
    message = str(error)
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, UnicodeDecodeError):
        return f"is not text in UTF-8 ({error.reason})"
    limit, place = _LIMIT.fullmatch(message), _PLACE.fullmatch(message)
    try:
        document = json.loads(raw, parse_int=_whole_number) if limit or place else None
    except (ValueError, RecursionError):
        document = None
    if limit:
        sign, most, where = limit.groups()
        beyond = (value for value in _values(document, where) if _is_number(value) and not _within(value, sign, most))
        value = next(beyond, None)
        return f"{_field(where)}: {'' if value is None else _json_excerpt(value) + ' is '}{_BEYOND[sign]} {most}"
    if place and place[2]:
        value = next(_values(document, place[2]), None)
        is_left_out = value is None or isinstance(value, dict | list) or place[1].startswith("Invalid value")
        contrast = "" if is_left_out else f", not {_json_excerpt(value)}"
        return f"{_field(place[2])}: {place[1][:1].lower()}{place[1][1:]}{contrast}".replace("`", "")
    return message


def _whole_number(digits: str) -> float | int:
    """A whole number; as a float where it has too many digits to show."""
    return int(digits) if len(digits) < _LONGEST_TOLD else float(digits)


def _values(document: object, where: str) -> Iterator[object]:
    """The values at a place such as `a.b[0]`, where `[...]` stands for all."""
    values: list[object] = [document]
    for key, index in _STEP.findall(where):
        values = list(_inside(values, key, index))
    yield from values


def _inside(values: Iterable[object], key: str, index: str) -> Iterator[object]:
    for value in values:
        if isinstance(value, dict):
            if key in value:
                yield value[key]
            elif index == "...":
                yield from value.values()
        elif isinstance(value, list) and index:
            yield from value if index == "..." else value[int(index) : int(index) + 1]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _within(value: object, sign: str, limit: str) -> bool:
    assert isinstance(value, int | float)
    most = float(limit)
    return {">=": value >= most, ">": value > most, "<=": value <= most, "<": value < most}[sign]


def _field(where: str) -> str:
    return where.replace("[...]", "")


def _json_excerpt(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= _LONGEST_TOLD else text[: _LONGEST_TOLD - 1] + "…"
