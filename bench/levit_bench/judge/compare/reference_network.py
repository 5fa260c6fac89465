"""Ratios of stored cases to one network of the same session and setting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from levit_bench.errors import NothingToShowError
from levit_bench.judge.comparability import Setting, fields_apart, setting
from levit_bench.judge.estimates import no_speed
from levit_bench.judge.paired_ratio import Ratio, paired
from levit_bench.judge.stored_networks import network_meant
from levit_bench.records import Record


class Against(NamedTuple):
    """One case and its ratio to the base."""

    record: Record
    ratio: Ratio | None
    """How many times as long it takes as the base; absent where they share too few runs, or one has no time."""
    is_base: bool
    """Whether it is the base itself."""


def against(records: Iterable[Record], base: str) -> list[Against]:
    """Every case of a session and setting that holds the base, in the order given; others are left out.

    Args:
        records: of any number of sessions and settings.
        base: name of a network as it is stored, such as `levit_128s`; `base_in` finds it. Where a setting holds it at
            several resolutions, a case is paired with the base at its own, else with the first.
    """
    groups: dict[tuple[str, Setting], list[Record]] = {}
    for record in records:
        groups.setdefault((record.session, setting(record)), []).append(record)
    return [row for group in groups.values() for row in _group(group, base)]


def base_in(records: Sequence[Record], text: str) -> str:
    """The stored name of the network that a text names, for whatever is shown against it.

    Raises:
        NothingToShowError: it names none; the message names the networks there are.
        UsageError: it names several.
    """
    if not records:
        raise NothingToShowError(f"nothing can be shown against {text[:80]!r}: the store holds no case at all.")
    return network_meant(records, text)


def holding(records: Iterable[Record], base: str) -> list[Record]:
    """The records of the sessions that hold the base."""
    all_records = list(records)
    sessions = {record.session for record in all_records if record.case.network == base}
    return [record for record in all_records if record.session in sessions]


def left_out(records: Iterable[Record], base: str) -> dict[tuple[str, ...], int]:
    """How many records `against` leaves out, by the fields in which their setting differs from one that holds the base.

    Args:
        records: of any number of sessions; those of sessions without the base are passed over.
        base: name of a network as it is stored. Of several settings that hold it, the nearest counts.
    """
    present = holding(records, base)
    settings_of_base: dict[str, set[Setting]] = {}
    for record in present:
        if record.case.network == base:
            settings_of_base.setdefault(record.session, set()).add(setting(record))
    counts: dict[tuple[str, ...], int] = {}
    for record in present:
        own, of_base = setting(record), settings_of_base[record.session]
        if own not in of_base:
            # Of several that are as near, whichever comes first by the names of the fields.
            fields = min((fields_apart(own, other) for other in of_base), key=lambda names: (len(names), names))
            counts[fields] = counts.get(fields, 0) + 1
    return counts


def _group(group: Sequence[Record], base: str) -> list[Against]:
    bases = [record for record in group if record.case.network == base]
    if not bases:
        return []
    near = {record.case.size: record for record in bases}
    return [
        Against(record, _ratio(record, near.get(record.case.size, bases[0])), record.case.network == base)
        for record in group
    ]


def _ratio(record: Record, base: Record) -> Ratio | None:
    if record is base:
        return Ratio(1.0, 1.0, 1.0, len(record.runs))
    if no_speed(record) or no_speed(base):
        return None
    return paired([record], [base])
