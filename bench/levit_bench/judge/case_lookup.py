"""Lookup of the stored case that a text such as `levit_192:batch=16,allocator=pinned` names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from levit_bench.axes import SETTING
from levit_bench.catalog.network_calls import split_names
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.comparability import case_fields, enumerate_values, natural, where
from levit_bench.judge.stored_networks import networks_meant, no_network
from levit_bench.records import Record, parse_size

_CALLED = re.compile(r"\w+[(\[]")


def named(records: Sequence[Record], text: str) -> Record:
    """The one subject that a text names: NETWORK, NETWORK@PIXELS, and either with :FIELD=VALUE,FIELD=VALUE.

    A network may be named in any way that `levit_bench.judge.stored_networks` knows.

    Raises:
        UsageError: several cases match; the message names the fields that tell them apart. Or a field has no value, or
            two.
        NothingToShowError: no case matches; the message names the networks that are stored.
    """
    matches, _ = _matches_and_fields(records, text)
    if len(matches) > 1:
        advice = f"Choose with --where for both sides, or name one: {_one(matches)}"
        raise UsageError(f"{_ambiguity(text, matches)} {advice}")
    return matches[0]


def rival(records: Sequence[Record], record: Record, text: str) -> Record:
    """The other subject that a text names in the setting of one subject of the same session.

    Args:
        records: of the session.
        record: whose rival is looked up.
        text: as for `named`; a field in it says where the rival's setting differs, as in `levit_192:form=inference`.
            Of several sizes, the one of the record is taken.

    Raises:
        UsageError: it is the record itself, several cases match, or a field has no value, or two.
        NothingToShowError: the session does not hold it, or not in that setting.
    """
    matches, fields = _matches_and_fields([other for other in records if other.session == record.session], text)
    wanted = {axis.name: str(record.case.value(axis.name)) for axis in SETTING if axis.name not in fields}
    same = [other for other in matches if wanted.items() <= case_fields(other.case).items()]
    if not same:
        differing = {
            name: sorted({case_fields(other.case)[name] for other in matches} - {value}, key=natural)
            for name, value in wanted.items()
        }
        stored = "; ".join(f"{name} {enumerate_values(values)}" for name, values in differing.items() if values)
        raise NothingToShowError(
            f"{text[:80]!r} was not timed in the setting of {record.case.label[:120]}, but with {stored}. Time both in "
            "the same one, or say in which field the two may differ, such as NETWORK:batch=16."
        )
    others = [other for other in same if other.info.id != record.info.id]
    if not others:
        raise UsageError(
            f"{text[:80]!r} is {record.case.label[:120]} itself: a case has no ratio to itself. Name another one."
        )
    others = [other for other in others if other.case.size == record.case.size] or others
    if len(others) > 1:
        raise UsageError(f"{_ambiguity(text, others)} Name one: {_one(others)}")
    return others[0]


def _matches_and_fields(records: Sequence[Record], text: str) -> tuple[list[Record], dict[str, str]]:
    """The subjects that a text names, at least one, and the fields in it.

    Raises:
        UsageError: a field has no value, or two.
        NothingToShowError: no case matches.
    """
    subjects = [record for record in records if record.info.role == "subject"]
    network, fields = (text, {}) if networks_meant(subjects, text) else network_and_fields(text)
    meant = networks_meant(subjects, network)
    if not meant:
        raise no_network(subjects, network)
    return where([record for record in subjects if record.case.network in meant], fields), fields


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


def network_and_fields(text: str) -> tuple[str, dict[str, str]]:
    """Network and fields of a text. A colon without `field=` after it belongs to the name, as in `nets.py:build`.

    Raises:
        UsageError: a field has no value, or is given twice; a size behind `@` is a field, too.
    """
    name, tail = text, ""
    for colon in re.finditer(":", text):
        before, after = text[: colon.start()], text[colon.end() :]
        # The `=` of a call belongs to its arguments, and so does a colon within it.
        if "=" in after and not _CALLED.match(after) and _is_whole(before):
            name, tail = before, after
    bare, at, pixels = name.rpartition("@")
    sized = bool(at) and parse_size(pixels) is not None
    fields = {"resolution": pixels} if sized else {}
    for part in tail.split(",") if tail else ():
        field, equals, value = (word.strip() for word in part.partition("="))
        if not equals:
            raise UsageError(f"{part[:80]!r} in {text[:120]!r} has no value. Write FIELD=VALUE, such as batch=16.")
        if field in fields:
            raise UsageError(
                f"{text[:120]!r} gives {field[:80]} twice, {fields[field][:80]} and {value[:80]}, and names one case. "
                "Give it once."
            )
        fields[field] = value
    return (bare if sized else name), fields


def _is_whole(name: str) -> bool:
    """Whether a name does not end within its call."""
    try:
        return bool(split_names(name))
    except UsageError:
        return False


def _ambiguity(text: str, matches: Sequence[Record]) -> str:
    """How many cases a text names, and the fields in which they differ."""
    fields = ", ".join(f"{name} ({enumerate_values(values)})" for name, values in _differing(matches).items())
    return f"{text[:80]!r} is {len(matches)} stored cases, which differ in {fields}."


def _differing(matches: Sequence[Record]) -> dict[str, list[str]]:
    """The fields in which several cases differ, each with its values."""
    rows = [case_fields(record.case) for record in matches]
    return {
        name: sorted({row[name] for row in rows}, key=natural)
        for name in rows[0]
        if len({row[name] for row in rows}) > 1
    }


def _one(matches: Sequence[Record]) -> str:
    """The name of the first of several cases, with the fields that tell it apart."""
    row = case_fields(matches[0].case)
    fields = ",".join(f"{name}={row[name]}" for name in _differing(matches) if name != "network")
    return f"{row['network'][:80]}:{fields}" if fields else row["network"][:120]
