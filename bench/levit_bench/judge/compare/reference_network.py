"""Ratios of stored cases to one network of the same session and setting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from levit_bench.errors import NothingToShowError
from levit_bench.judge.comparability import Setting, enumerate_values, setting
from levit_bench.judge.estimates import no_speed
from levit_bench.judge.paired_ratio import Ratio, paired
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
        base: name of a network as it is stored, such as `levit_128s`. Where a setting holds it at several resolutions,
            a case is paired with the base at its own, else with the first.
    """
    groups: dict[tuple[str, Setting], list[Record]] = {}
    for record in records:
        groups.setdefault((record.session, setting(record)), []).append(record)
    return [row for group in groups.values() for row in _group(group, base)]


def holding(records: Sequence[Record], base: str) -> frozenset[str]:
    """Names of the sessions that hold the base.

    Raises:
        NothingToShowError: none does; the message names the networks there are.
    """
    sessions = frozenset(record.session for record in records if record.case.network == base)
    if not sessions:
        names = sorted({record.case.network for record in records})
        choices = f"Stored are: {enumerate_values(names)}." if names else "The store holds no case at all."
        raise NothingToShowError(f"no stored case is of {base[:80]!r}, so nothing can be shown against it. {choices}")
    return sessions


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
