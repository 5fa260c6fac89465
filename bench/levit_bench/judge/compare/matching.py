"""Matching of the cases of two sides: same network, images and setting, or the fields in which the settings differ."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from levit_bench.catalog.twins import is_ranked
from levit_bench.errors import UsageError
from levit_bench.judge.comparability import FIELDS_OF_SETTING, Setting, enumerate_values, natural, setting, values
from levit_bench.judge.front.panels import once
from levit_bench.records import Record
from levit_bench.spelling import did_you_mean

NEVER = {
    "machine": "two machines differ in each network by another factor, the yardstick included",
    "yardstick": "another yardstick is another unit",
    "gpu": "two GPUs differ in each network by another factor, the yardstick included",
    "device": "each device has a yardstick of its own, which is another unit",
}
"""Fields whose difference `--ignore` cannot allow, with the reason."""


class Key(NamedTuple):
    """Network, images and setting: equal for two records whose times may be compared."""

    network: str
    resolution: str
    """Height and width in pixels, as `Case.size`."""
    channels: int
    dtype: str
    setting: Setting

    def fields(self) -> dict[str, str]:
        """All but the network, as text."""
        images = {"resolution": self.resolution, "channels": str(self.channels), "dtype": self.dtype}
        return {**images, **values(self.setting)}


class Pair(NamedTuple):
    """The same network on both sides."""

    first: Key
    second: Key

    @property
    def differing(self) -> dict[str, tuple[str, str]]:
        """The fields in which the two differ, with both values."""
        mine, theirs = self.first.fields(), self.second.fields()
        return {name: (mine[name], theirs[name]) for name in mine if mine[name] != theirs[name]}


class Matched(NamedTuple):
    """The cases of both sides, matched."""

    pairs: tuple[Pair, ...]
    """Pairs that may be compared."""
    apart: tuple[Pair, ...]
    """Pairs that may not be compared: their settings differ."""
    left: tuple[Key, ...]
    """Only on the first side."""
    right: tuple[Key, ...]
    """Only on the second side."""


def keyed(records: Iterable[Record]) -> dict[Key, list[Record]]:
    """Subjects by their keys, in order of first appearance; of each, one record a session.

    Without twins, and without the sides of gates, which are judged against each other.
    """
    subjects = [r for r in records if r.info.role == "subject" and is_ranked(r.case)]
    records_by_key: dict[Key, list[Record]] = {_key(record): [] for record in subjects}
    for record in once(subjects):
        records_by_key[_key(record)].append(record)
    return records_by_key


def check_ignored(ignore: Collection[str]) -> None:
    """Refuse to ignore a field on which a common unit of both sides depends.

    Raises:
        UsageError: a field cannot be ignored, or there is no such field.
    """
    fields = ("resolution", "channels", "dtype", *FIELDS_OF_SETTING)
    for field in ignore:
        if field in NEVER:
            raise UsageError(f"--ignore {field} is not possible: {NEVER[field]}. Measure both sides with the same one.")
        if field not in fields:
            hint = did_you_mean(field, fields)
            may = ", ".join(name for name in fields if name not in NEVER)
            raise UsageError(f"--ignore {field[:80]!r}: no such field.{hint} The fields are {may}.")


def match(first_keys: Collection[Key], second_keys: Collection[Key], ignore: Collection[str] = ()) -> Matched:
    """Pair the keys of two sides: equals first, then those of one network that differ in the fewest fields.

    Raises:
        UsageError: with a field ignored, a case has several counterparts that differ in equally many fields.
    """
    first_left, second_left = dict.fromkeys(first_keys), dict.fromkeys(second_keys)
    equal = [Pair(key, key) for key in first_keys if key in second_left]
    for pair in equal:
        del first_left[pair.first], second_left[pair.first]
    ignored: list[Pair] = []
    apart: list[Pair] = []
    for distance, allowed, pair in _near(first_left, second_left, frozenset(ignore)):
        if pair.first not in first_left or pair.second not in second_left:
            continue
        if allowed:
            _refuse_several(pair, distance, second_left)
        (ignored if allowed else apart).append(pair)
        del first_left[pair.first], second_left[pair.second]
    order = {key: at for at, key in enumerate(first_keys)}
    pairs = sorted([*equal, *ignored], key=lambda pair: order[pair.first])
    return Matched(tuple(pairs), tuple(apart), tuple(first_left), tuple(second_left))


def why_nothing(first_keys: Collection[Key], second_keys: Collection[Key], apart: Sequence[Pair]) -> str:
    """Message that no case of two sides can be compared: the reason, and what to do.

    Args:
        first_keys: of the first side.
        second_keys: of the second side.
        apart: pairs of one network whose settings differ.
    """
    if not apart:
        first, second = (enumerate_values(_names(side)) for side in (first_keys, second_keys))
        return f"cannot compare: no network is on both sides. The first has {first}; the second has {second}."
    values_by_field: dict[str, set[str]] = {}
    for pair in apart:
        for name, texts in pair.differing.items():
            values_by_field.setdefault(name, set()).update(texts)
    named = [f"{name} ({enumerate_values(sorted(texts, key=natural))})" for name, texts in values_by_field.items()]
    listed = ", ".join(named[:-1]) + " and " + named[-1] if len(named) > 1 else named[0]
    never = [NEVER[name] for name in values_by_field if name in NEVER]
    if never:
        return (
            f"cannot compare: the results differ in {listed}. Not even ratios carry over: {'; '.join(never)}. "
            "Measure both sides on the same one."
        )
    options = " ".join(f"--ignore {name}" for name in values_by_field)
    return f"cannot compare: the results differ in {listed}. Choose with --where, or say {options}."


def _key(record: Record) -> Key:
    case = record.case
    return Key(case.network, case.size, case.channels, case.dtype, setting(record))


def _near(
    first_keys: Iterable[Key], second_keys: Iterable[Key], ignore: frozenset[str]
) -> list[tuple[int, bool, Pair]]:
    """Pairs of one network, each with the number of fields that differ and whether all are ignored; nearest first."""
    by_network: dict[str, list[Key]] = {}
    for key in second_keys:
        by_network.setdefault(key.network, []).append(key)
    pairs = [Pair(first, second) for first in first_keys for second in by_network.get(first.network, ())]
    ranked = [(len(pair.differing), pair.differing.keys() <= ignore, pair) for pair in pairs]
    return sorted(ranked, key=lambda entry: (entry[0], not entry[1]))


def _refuse_several(pair: Pair, distance: int, second_keys: Iterable[Key]) -> None:
    field = next(iter(pair.differing))
    rivals = [
        candidate
        for key in second_keys
        if key.network == pair.first.network
        and len((candidate := Pair(pair.first, key)).differing) == distance
        and candidate.differing.keys() == pair.differing.keys()
    ]
    if len(rivals) > 1:
        texts = sorted({candidate.differing[field][1] for candidate in rivals}, key=natural)
        raise UsageError(
            f"{pair.first.network[:80]} has {len(rivals)} counterparts when {field} is ignored "
            f"({enumerate_values(texts)}). Choose with --where {field}={texts[0]}, which both sides must then have, "
            "or compare sessions that hold one of them."
        )


def _names(keys: Iterable[Key]) -> list[str]:
    return sorted({key.network for key in keys}, key=natural)
