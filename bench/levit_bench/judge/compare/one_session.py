"""Comparison of two networks, forms or allocators of one session, paired by round; needs no yardstick."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from levit_bench.axes import AXES, AxisKind
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.comparability import enumerate_values, natural, setting
from levit_bench.judge.compare.two_sides import Report, Row, finished
from levit_bench.judge.estimates import looks_of, no_speed
from levit_bench.judge.paired_ratio import foretold, paired_logs
from levit_bench.judge.stored_networks import network_meant
from levit_bench.judge.verdicts import Effect, Rules, judge, of_pairs
from levit_bench.paths.model_files import kind_of
from levit_bench.records import Finding, Record

FIELDS = ("network", *(axis.name for axis in AXES if axis.kind is AxisKind.NAMES))
"""Fields by which two cases of one session may be compared."""


def within(records: Iterable[Record], field: str, first: str, second: str, rules: Rules = Rules()) -> Report:  # noqa: B008
    """Compare two networks, forms or allocators inside one session, paired by round, in every setting that holds both.

    Args:
        records: of one session.
        field: one of `FIELDS`.
        first: value of the field that is compared with; a network in any way that `stored_networks` knows.
        second: value of the field that is judged.
        rules: what counts as a difference.

    Raises:
        UsageError: the field is not one of those, or the records are of several sessions.
        NothingToShowError: no record has one of the values, or no setting holds both; names what there is.
    """
    if field not in FIELDS:
        raise UsageError(f"cannot compare by {field[:80]!r}. Choose from {', '.join(FIELDS)}.")
    if first == second:
        raise UsageError(f"{first[:80]!r} is compared with itself. Name two different ones.")
    subjects = list({record.info.id: record for record in records if record.info.role == "subject"}.values())
    if len(sessions := {record.session for record in subjects}) > 1:
        raise UsageError(f"these are {len(sessions)} sessions, and pairs need one. Name one session.")
    names = (first, second)
    first, second = (_stored_value(value, field, subjects) for value in names)
    if first == second:
        raise UsageError(f"{names[0][:80]!r} and {names[1][:80]!r} are both {first[:80]}. Name two different ones.")
    groups: dict[object, tuple[list[Record], list[Record]]] = {}
    for record in subjects:
        value = str(getattr(record.case, field))
        if value in (first, second):
            groups.setdefault(_without(record, field), ([], []))[value != first].append(record)
    pairs = [pair for first_cases, second_cases in groups.values() for pair in _side_by_side(first_cases, second_cases)]
    if not pairs:
        raise NothingToShowError(
            f"no setting holds both {field}={first[:80]} and {field}={second[:80]}: they were timed in different ones. "
            "Measure both in one session."
        )
    effects = [
        no_speed(first_case) or no_speed(second_case) or effect_of(first_case, second_case)
        for first_case, second_case in pairs
    ]
    rows = [
        Row(first_case, second_case, finished(comparison, [first_case], [second_case], rules))
        for (first_case, second_case), comparison in zip(pairs, judge(effects, rules, looks_of(subjects)), strict=True)
    ]
    return Report(tuple(rows), findings=_equal_files(first, second))


def _stored_value(value: str, field: str, records: Sequence[Record]) -> str:
    """The value as it is stored."""
    if field == "network":
        return network_meant(records, value)
    stored = sorted({str(getattr(record.case, field)) for record in records}, key=natural)
    if value not in stored:
        raise NothingToShowError(f"no stored case has {field}={value[:80]}. Stored are: {enumerate_values(stored)}.")
    return value


def _equal_files(first: str, second: str) -> tuple[Finding, ...]:
    """Finding of two files with the same bytes."""
    (first_name, _, digest), (second_name, _, second_digest) = first.partition("#"), second.partition("#")
    if not digest or digest != second_digest or first_name.partition(".py:")[2] != second_name.partition(".py:")[2]:
        return ()
    if kind_of(first) is not None:
        return (Finding(kind="equal-files", message=f"{first_name} and {second_name} are one model: equal files."),)
    message = (
        f"{first_name} and {second_name} are equal to the last byte: they can only differ in what they import from "
        "beside them. "
        "Where that is equal, too, this compares a network with itself, and any difference is chance."
    )
    return (Finding(kind="equal-files", message=message),)


def effect_of(first: Record, second: Record) -> Effect | Finding:
    """The second of two cases of one session against the first, paired by round."""
    return of_pairs(paired_logs([second], [first]), foretold([second], [first]))


def _without(record: Record, field: str) -> object:
    """Equal for two cases of a session that may be compared by a field."""
    if field == "network":
        return setting(record)
    return record.case.network, record.case.shape, setting(record).without(field)


def _side_by_side(first_cases: Sequence[Record], second_cases: Sequence[Record]) -> list[tuple[Record, Record]]:
    """Pairs at the same resolution; where there is none, the first of each, as networks have sizes of their own."""
    same = [(first, second) for first in first_cases for second in second_cases if first.case.size == second.case.size]
    return same or [(first_cases[0], second_cases[0])] if first_cases and second_cases else []
