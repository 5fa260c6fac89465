"""Which stored case somebody means who writes `levit_192:batch=16,allocator=pinned`.

Knows names, fields and their values; refuses to know any number that was measured.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from levit_bench.catalog.network_calls import canonical, split_names
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.comparability import case_fields, enumerate_values, natural, where
from levit_bench.records import Record, parse_size

_CALLED = re.compile(r"\w+[(\[]")


def named(records: Sequence[Record], text: str) -> Record:
    """The one subject that a text means: NETWORK, NETWORK@PIXELS, and either with :FIELD=VALUE,FIELD=VALUE.

    A network of a file may be named without its digest.

    Raises:
        UsageError: several cases are meant, with the fields that tell them apart; or a field has no value.
        NothingToShowError: none is, with what there is.
    """
    subjects = [record for record in records if record.info.role == "subject"]
    stored = sorted({record.case.network for record in subjects}, key=natural)
    network, fields = (text, {}) if text in stored else _taken_apart(text)
    network = canonical(network)
    found = [record for record in subjects if record.case.network == network]
    found = found or [record for record in subjects if record.case.network.partition("#")[0] == network]
    if not found:
        near = difflib.get_close_matches(network, stored, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise NothingToShowError(
            f"no stored case is of {network[:80]!r}. {hint}Stored are: {enumerate_values(stored) or 'none'}."
        )
    found = where(found, fields)
    if len(found) > 1:
        raise UsageError(_several(text, found))
    return found[0]


def two(records: Sequence[Record], first: str, second: str) -> tuple[Record, Record]:
    """The two subjects that two texts mean.

    Raises:
        UsageError, NothingToShowError: as `named`; or both mean the same case.
    """
    one, other = named(records, first), named(records, second)
    if one.info.id == other.info.id:
        raise UsageError(
            f"{first[:80]!r} and {second[:80]!r} are the same case, {one.case.label[:120]}. Name two different ones."
        )
    return one, other


def _taken_apart(text: str) -> tuple[str, dict[str, str]]:
    """Name and fields. A colon without `field=` behind it belongs to the name, as in `nets.py:build`."""
    name, tail = text, ""
    for colon in re.finditer(":", text):
        before, after = text[: colon.start()], text[colon.end() :]
        # The `=` of a call belongs to its arguments, and so does a colon within it.
        if "=" in after and not _CALLED.match(after) and _is_whole(before):
            name, tail = before, after
    fields = {}
    for part in tail.split(",") if tail else ():
        field, equals, value = part.partition("=")
        if not equals:
            raise UsageError(f"{part[:80]!r} in {text[:120]!r} has no value. Write FIELD=VALUE, such as batch=16.")
        fields[field.strip()] = value.strip()
    bare, at, pixels = name.rpartition("@")
    sized = at and parse_size(pixels) is not None
    return (bare, {"resolution": pixels, **fields}) if sized else (name, fields)


def _is_whole(name: str) -> bool:
    """Whether a name does not end within its call."""
    try:
        return bool(split_names(name))
    except UsageError:
        return False


def _several(text: str, found: Sequence[Record]) -> str:
    """What several cases differ in, and how to name one of them."""
    rows = [case_fields(record.case) for record in found]
    differing = {
        name: sorted({row[name] for row in rows}, key=natural)
        for name in rows[0]
        if len({row[name] for row in rows}) > 1
    }
    told = ", ".join(f"{name} ({enumerate_values(values)})" for name, values in differing.items())
    return (
        f"{text[:80]!r} is {len(found)} stored cases, which differ in {told}. "
        f"Choose with --where for both sides, or name one: {_one(rows[0], differing)}"
    )


def _one(row: Mapping[str, str], differing: Mapping[str, Sequence[str]]) -> str:
    fields = ",".join(f"{name}={row[name]}" for name in differing if name != "network")
    return f"{row['network'][:80]}:{fields}" if fields else row["network"][:120]
