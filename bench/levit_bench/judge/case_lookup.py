"""Lookup of the stored case that a text such as `levit_192:batch=16,allocator=pinned` names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from levit_bench.catalog.network_calls import split_names
from levit_bench.errors import UsageError
from levit_bench.judge.comparability import case_fields, enumerate_values, natural, where
from levit_bench.judge.stored_networks import networks_meant, no_network
from levit_bench.records import Record, parse_size

_CALLED = re.compile(r"\w+[(\[]")


def named(records: Sequence[Record], text: str) -> Record:
    """The one subject that a text names: NETWORK, NETWORK@PIXELS, and either with :FIELD=VALUE,FIELD=VALUE.

    A network may be named in any way that `levit_bench.judge.stored_networks` knows.

    Raises:
        UsageError: several cases match; the message names the fields that tell them apart. Or a field has no value.
        NothingToShowError: no case matches; the message names the networks that are stored.
    """
    subjects = [record for record in records if record.info.role == "subject"]
    network, fields = (text, {}) if networks_meant(subjects, text) else _network_and_fields(text)
    meant = networks_meant(subjects, network)
    if not meant:
        raise no_network(subjects, network)
    matches = where([record for record in subjects if record.case.network in meant], fields)
    if len(matches) > 1:
        raise UsageError(_ambiguity_message(text, matches))
    return matches[0]


def two(records: Sequence[Record], first: str, second: str) -> tuple[Record, Record]:
    """The two subjects that two texts name.

    Raises:
        UsageError, NothingToShowError: as `named`; or both name the same case.
    """
    first_record, second_record = named(records, first), named(records, second)
    if first_record.info.id == second_record.info.id:
        raise UsageError(
            f"{first[:80]!r} and {second[:80]!r} are the same case, {first_record.case.label[:120]}. "
            "Name two different ones."
        )
    return first_record, second_record


def _network_and_fields(text: str) -> tuple[str, dict[str, str]]:
    """Network and fields of a text. A colon without `field=` after it belongs to the name, as in `nets.py:build`."""
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


def _ambiguity_message(text: str, matches: Sequence[Record]) -> str:
    """Message with the fields in which several cases differ, and the name of one of them."""
    rows = [case_fields(record.case) for record in matches]
    differing = {
        name: sorted({row[name] for row in rows}, key=natural)
        for name in rows[0]
        if len({row[name] for row in rows}) > 1
    }
    fields = ", ".join(f"{name} ({enumerate_values(values)})" for name, values in differing.items())
    return (
        f"{text[:80]!r} is {len(matches)} stored cases, which differ in {fields}. "
        f"Choose with --where for both sides, or name one: {_example(rows[0], differing)}"
    )


def _example(row: Mapping[str, str], differing: Mapping[str, Sequence[str]]) -> str:
    fields = ",".join(f"{name}={row[name]}" for name in differing if name != "network")
    return f"{row['network'][:80]}:{fields}" if fields else row["network"][:120]
