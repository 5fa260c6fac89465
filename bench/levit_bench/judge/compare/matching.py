"""Which cases of two sides are the same case in the same setting, and in what those of one network differ.

Knows names, fields and their values; refuses to know any number that was measured.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from levit_bench.catalog.twins import is_twin
from levit_bench.errors import UsageError
from levit_bench.judge.comparability import FIELDS_OF_SETTING, Setting, enumerate_values, natural, setting, values
from levit_bench.judge.front.panels import once
from levit_bench.records import Record

NEVER = {
    "machine": "two machines differ in each network by another factor, the yardstick included",
    "yardstick": "another yardstick is another unit",
    "gpu": "two GPUs differ in each network by another factor, the yardstick included",
    "device": "each device has a yardstick of its own, which is another unit",
}
"""Fields whose difference no wish can overrule, with the reason."""


class Key(NamedTuple):
    """What two records share when their times may be compared."""

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
    """Where every case of both sides went."""

    pairs: tuple[Pair, ...]
    """May be compared."""
    apart: tuple[Pair, ...]
    """May not: their settings differ."""
    left: tuple[Key, ...]
    """Only on the first side."""
    right: tuple[Key, ...]
    """Only on the second side."""


def keyed(records: Iterable[Record]) -> dict[Key, list[Record]]:
    """Subjects but twins by what makes them comparable, in order of first appearance; of each, one record a session."""
    subjects = [r for r in records if r.info.role == "subject" and not is_twin(r.case.network)]
    out: dict[Key, list[Record]] = {_key(record): [] for record in subjects}
    for record in once(subjects):
        out[_key(record)].append(record)
    return out


def check_ignored(ignore: Collection[str]) -> None:
    """Refuse to ignore what decides whether there is a common unit at all.

    Raises:
        UsageError: a field cannot be ignored, or there is no such field.
    """
    known = ("resolution", "channels", "dtype", *FIELDS_OF_SETTING)
    for field in ignore:
        if field in NEVER:
            raise UsageError(f"--ignore {field} is not possible: {NEVER[field]}. Measure both sides with the same one.")
        if field not in known:
            near = difflib.get_close_matches(field, known, n=1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            may = ", ".join(name for name in known if name not in NEVER)
            raise UsageError(f"--ignore {field[:80]!r}: no such field. {hint}The fields are {may}.")


def match(ones: Collection[Key], others: Collection[Key], ignore: Collection[str] = ()) -> Matched:
    """Pair the keys of two sides: equals first, then those of one network that differ in the fewest fields.

    Raises:
        UsageError: with a field ignored, a case has several counterparts that differ in equally many fields.
    """
    free, wanted = dict.fromkeys(ones), dict.fromkeys(others)
    equal = [Pair(key, key) for key in ones if key in wanted]
    for pair in equal:
        del free[pair.first], wanted[pair.first]
    ignored: list[Pair] = []
    apart: list[Pair] = []
    for distance, allowed, pair in _near(free, wanted, frozenset(ignore)):
        if pair.first not in free or pair.second not in wanted:
            continue
        if allowed:
            _refuse_several(pair, distance, wanted)
        (ignored if allowed else apart).append(pair)
        del free[pair.first], wanted[pair.second]
    order = {key: at for at, key in enumerate(ones)}
    pairs = sorted([*equal, *ignored], key=lambda pair: order[pair.first])
    return Matched(tuple(pairs), tuple(apart), tuple(free), tuple(wanted))


def why_nothing(ones: Collection[Key], others: Collection[Key], apart: Sequence[Pair]) -> str:
    """Why not one case of two sides can be compared, and what to do about it.

    Args:
        ones: the first side.
        others: the second side.
        apart: what they have in common but for some fields.
    """
    if not apart:
        first, second = (enumerate_values(_names(side)) for side in (ones, others))
        return f"cannot compare: no network is on both sides. The first has {first}; the second has {second}."
    found: dict[str, set[str]] = {}
    for pair in apart:
        for name, texts in pair.differing.items():
            found.setdefault(name, set()).update(texts)
    named = [f"{name} ({enumerate_values(sorted(texts, key=natural))})" for name, texts in found.items()]
    listed = ", ".join(named[:-1]) + " and " + named[-1] if len(named) > 1 else named[0]
    never = [NEVER[name] for name in found if name in NEVER]
    if never:
        return (
            f"cannot compare: the results differ in {listed}. Not even ratios carry over: {'; '.join(never)}. "
            "Measure both sides on the same one."
        )
    options = " ".join(f"--ignore {name}" for name in found)
    return f"cannot compare: the results differ in {listed}. Choose with --where, or say {options}."


def _key(record: Record) -> Key:
    case = record.case
    return Key(case.network, case.size, case.channels, case.dtype, setting(record))


def _near(ones: Iterable[Key], others: Iterable[Key], ignore: frozenset[str]) -> list[tuple[int, bool, Pair]]:
    """Pairs of one network: in how many fields they differ, whether all may, nearest first."""
    by_network: dict[str, list[Key]] = {}
    for key in others:
        by_network.setdefault(key.network, []).append(key)
    pairs = [Pair(one, other) for one in ones for other in by_network.get(one.network, ())]
    found = [(len(pair.differing), pair.differing.keys() <= ignore, pair) for pair in pairs]
    return sorted(found, key=lambda each: (each[0], not each[1]))


def _refuse_several(pair: Pair, distance: int, others: Iterable[Key]) -> None:
    field = next(iter(pair.differing))
    rivals = [
        other
        for each in others
        if each.network == pair.first.network
        and len((other := Pair(pair.first, each)).differing) == distance
        and other.differing.keys() == pair.differing.keys()
    ]
    if len(rivals) > 1:
        texts = sorted({other.differing[field][1] for other in rivals}, key=natural)
        raise UsageError(
            f"{pair.first.network[:80]} has {len(rivals)} counterparts when {field} is ignored "
            f"({enumerate_values(texts)}). Choose with --where {field}={texts[0]}, which both sides must then have, "
            "or compare sessions that hold one of them."
        )


def _names(keys: Iterable[Key]) -> list[str]:
    return sorted({key.network for key in keys}, key=natural)
