"""Results files as damage, editors, merges and ill will leave them: one random mutation of a stored file at a time.

Knows lines and JSON; refuses to know what a reader makes of them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

EXTREMES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 1e-300, 5e-324, 1e300, -1e300, 1e9, -0.0, 0.5, 1e-9, 10**9, 2**31, 2**63, 2**64,
    10**18, -(10**18), "", " ", "0", "nan", "-1", "\x00", "\x1b[31m", "é" * 10, "x" * 5_000,
    "99999-01-01T00:00:00Z", [],
    {}, [0], [-1.0], [1e300, 1e-300], [[]], {"a": 1}, ["x"], "session", "turn", "levit_128s", "shipped",
    "cuda", "alone",
    "failed",
)  # fmt: skip
"""What a value is replaced by."""
RAW = (
    b"NaN", b"Infinity", b"-Infinity", b"1" + b"0" * 400, b"1e999", b"-1" + b"0" * 400, b"0x10", b"01", b"1.", b".5",
    b"'a'", b'"' + b"y" * 1_000_000 + b'"', b"[" * 5_000, b"\xff\xfe", b"\x00", b'"\\ud800"', b"", b'"\xff"',
    b"true false",
)  # fmt: skip
"""The same, of what no JSON library writes."""

Line = dict[str, Any]
Mutation = Callable[[random.Random, list[bytes], Sequence[list[bytes]]], list[bytes]]


def mutated(rng: random.Random, data: bytes, others: Sequence[bytes]) -> tuple[str, bytes]:
    """A file with one mutation, and the name of that.

    Args:
        rng: draws the mutation and its place.
        data: of the file.
        others: of other files of the store, which parts are taken from.
    """
    lines = data.splitlines(keepends=True)
    made = rng.choice(MUTATIONS)
    return made.__name__, b"".join(made(rng, list(lines), [other.splitlines(keepends=True) for other in others]))


def _at(rng: random.Random, lines: list[bytes]) -> int:
    """A line: each kind as often as another, though nearly all are turns."""
    kind = rng.choice((b'"session"', b'"case"', b'"run-start"', b'"turn"', b'"turn"', b'"run-end"'))
    places = [index for index, line in enumerate(lines) if line.startswith(b'{"kind":' + kind)]
    return rng.choice(places or range(len(lines)))


def _paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The ways to every value inside."""
    out = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            out += _paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            out += _paths(inner, (*path, index))
    return out


def _place(rng: random.Random, line: Line) -> tuple[Any, str | int]:
    """A value: what holds it, and its key."""
    *way, last = rng.choice(_paths(line))
    held: Any = line
    for step in way:
        held = held[step]
    return held, last


def _edited(lines: list[bytes], index: int, edit: Callable[[Line], object]) -> list[bytes]:
    line = json.loads(lines[index])
    edit(line)
    lines[index] = json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    return lines


def bit_flipped(rng: random.Random, lines: list[bytes], _others: Sequence[list[bytes]]) -> list[bytes]:
    """One bit of a line."""
    index = _at(rng, lines)
    line = bytearray(lines[index])
    line[rng.randrange(len(line))] ^= 1 << rng.randrange(8)
    lines[index] = bytes(line)
    return lines


def byte_changed(rng: random.Random, lines: list[bytes], _others: Sequence[list[bytes]]) -> list[bytes]:
    """One character, by one that JSON is made of."""
    index = _at(rng, lines)
    line = bytearray(lines[index])
    line[rng.randrange(len(line))] = rng.choice(b'0123456789.-eE"{}[]:,\n\r\x00 ')
    lines[index] = bytes(line)
    return lines


def truncated(rng: random.Random, lines: list[bytes], _others: Sequence[list[bytes]]) -> list[bytes]:
    """The end is gone."""
    whole = b"".join(lines)
    return [whole[: rng.randrange(len(whole))]]


def hole_torn(rng: random.Random, lines: list[bytes], _others: Sequence[list[bytes]]) -> list[bytes]:
    """A stretch in the middle is gone, or zeros, as a crashed file system leaves it."""
    whole = bytearray(b"".join(lines))
    first = rng.randrange(len(whole))
    last = min(first + rng.randrange(1, 3000), len(whole))
    whole[first:last] = bytes(last - first) if rng.random() < 0.5 else b""
    return [bytes(whole)]


def lines_swapped(rng: random.Random, lines: list[bytes], _others: Sequence[list[bytes]]) -> list[bytes]:
    """Two lines in each other's place."""
    one, other = _at(rng, lines), _at(rng, lines)
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def lines_repeated(rng: random.Random, lines: list[bytes], _others: Sequence[list[bytes]]) -> list[bytes]:
    """A stretch of lines a second time, there or elsewhere."""
    first = _at(rng, lines)
    block = lines[first : first + rng.choice((1, 1, 2, 5, len(lines)))]
    where = rng.choice((first, first + len(block), len(lines), rng.randrange(len(lines) + 1)))
    return [*lines[:where], *block, *lines[where:]]


def lines_deleted(rng: random.Random, lines: list[bytes], _others: Sequence[list[bytes]]) -> list[bytes]:
    """A stretch of lines is gone."""
    first = _at(rng, lines)
    del lines[first : first + rng.choice((1, 1, 1, 2, 5, 20))]
    return lines


def shuffled(rng: random.Random, lines: list[bytes], _others: Sequence[list[bytes]]) -> list[bytes]:
    """All but the first line, in any order."""
    rest = lines[1:]
    rng.shuffle(rest)
    return [lines[0], *rest]


def value_replaced(rng: random.Random, lines: list[bytes], _others: Sequence[list[bytes]]) -> list[bytes]:
    """A value by an extreme one."""

    def edit(line: Line) -> None:
        held, key = _place(rng, line)
        held[key] = rng.choice(EXTREMES)

    return _edited(lines, _at(rng, lines), edit)


def value_raw(rng: random.Random, lines: list[bytes], _others: Sequence[list[bytes]]) -> list[bytes]:
    """A value by what is no JSON, or hardly."""
    index = _at(rng, lines)

    def edit(line: Line) -> None:
        held, key = _place(rng, line)
        held[key] = "@@@"

    lines = _edited(lines, index, edit)
    lines[index] = lines[index].replace(b'"@@@"', rng.choice(RAW), 1)
    return lines


def value_borrowed(rng: random.Random, lines: list[bytes], others: Sequence[list[bytes]]) -> list[bytes]:
    """A value by that of the same field in another line."""
    index = _at(rng, lines)
    kind = json.loads(lines[index])["kind"]
    donors = [line for each in (lines, *others) for line in each if json.loads(line)["kind"] == kind]
    donor = json.loads(rng.choice(donors))
    return _edited(lines, index, lambda line: line.update([rng.choice(list(donor.items()))]))


def key_deleted(rng: random.Random, lines: list[bytes], _others: Sequence[list[bytes]]) -> list[bytes]:
    """A key, or one of a list, is gone."""

    def edit(line: Line) -> None:
        held, key = _place(rng, line)
        del held[key]

    return _edited(lines, _at(rng, lines), edit)


def key_repeated(rng: random.Random, lines: list[bytes], _others: Sequence[list[bytes]]) -> list[bytes]:
    """A key of a line stands twice, with two values."""
    index = _at(rng, lines)
    key = rng.choice(list(json.loads(lines[index])))
    lines[index] = lines[index].rstrip()[:-1] + b',"%s":%s}\n' % (
        key.encode(),
        json.dumps(rng.choice(EXTREMES)).encode(),
    )
    return lines


def ids_swapped(rng: random.Random, lines: list[bytes], _others: Sequence[list[bytes]]) -> list[bytes]:
    """Two cases have each other's ids where they are declared; all turns relabelled alike would be a forgery."""
    ids = [line["id"] for line in map(json.loads, lines) if line["kind"] == "case"]
    if len(ids) < 2:
        return lines
    one, other = (each.encode() for each in rng.sample(ids, 2))
    kinds = rng.choice(((b'"case"',), (b'"case"', b'"turn"'), (b'"case"', b'"run-start"', b'"turn"')))
    return [
        line.replace(one, b"@").replace(other, one).replace(b"@", other)
        if line.startswith(tuple(b'{"kind":' + kind for kind in kinds))
        else line
        for line in lines
    ]


def joined(rng: random.Random, lines: list[bytes], others: Sequence[list[bytes]]) -> list[bytes]:
    """Another session follows, whole, without its first lines, or as a merge mixes them."""
    other = rng.choice(others) if others else list(lines)
    how = rng.choice(("whole", "headless", "late", "merged", "torn"))
    if how == "whole":
        return [*lines, *other]
    if how == "headless":
        return [*lines, *other[1:]]
    if how == "late":
        return [*lines, *other[rng.randrange(len(other)) :]]
    if how == "torn":
        return [*lines, other[0][: rng.randrange(1, len(other[0]))], b"\n", *other[1:]]
    cut = rng.randrange(1, min(len(lines), len(other)))
    return [*lines[:cut], b"<<<<<<< ours\n", *lines[cut:], b"=======\n", *other[cut:], b">>>>>>> theirs\n"]


def turn_borrowed(rng: random.Random, lines: list[bytes], others: Sequence[list[bytes]]) -> list[bytes]:
    """A turn of another session among those of this one."""
    turns = [line for other in others for line in other if line.startswith(b'{"kind":"turn"')]
    if turns:
        lines.insert(_at(rng, lines), rng.choice(turns))
    return lines


def encoded_otherwise(rng: random.Random, lines: list[bytes], _others: Sequence[list[bytes]]) -> list[bytes]:
    """The same text as other editors save it."""
    whole = b"".join(lines)
    text = whole.decode()
    return [
        rng.choice(
            (
                b"\xef\xbb\xbf" + whole, text.encode("utf-16"), text.replace("\n", "\r\n").encode(), b"",
                b"\n\n" + whole,
                text.replace("\n", "\r").encode(), whole.rstrip(), text.replace(":", " : ").encode(),
                b"\x1f\x8b" + whole,
                text.replace("\n", "\u2028").encode(), whole.replace(b"\n", b"\n\n"),
            )
        )
    ]  # fmt: skip


MUTATIONS: tuple[Mutation, ...] = (
    bit_flipped, byte_changed, truncated, hole_torn, lines_swapped, lines_repeated, lines_deleted, shuffled,
    value_replaced, value_replaced, value_replaced, value_raw, value_borrowed, value_borrowed, key_deleted, key_deleted,
    key_repeated, ids_swapped, joined, joined, turn_borrowed, encoded_otherwise,
)  # fmt: skip
