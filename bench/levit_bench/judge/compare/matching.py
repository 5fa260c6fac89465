"""Matching of the cases of two sides: same network, images and setting, or the fields in which the settings differ.

A network of a file is the same one by its name: where the digests differ, its file was edited between the sessions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from levit_bench.catalog.network_calls import is_of_file, without_digest
from levit_bench.catalog.twins import is_ranked
from levit_bench.errors import UsageError
from levit_bench.judge.comparability import FIELDS_OF_SETTING, Setting, enumerate_values, natural, setting, values
from levit_bench.judge.front.panels import once
from levit_bench.records import Finding, Record
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

    @property
    def of_any_version(self) -> Key:
        """Equal for the versions of a file; the digest says which of them it is."""
        return self._replace(network=without_digest(self.network))


class Pair(NamedTuple):
    """The same network on both sides."""

    first: Key
    second: Key

    @property
    def differing(self) -> dict[str, tuple[str, str]]:
        """The fields in which the two differ, with both values."""
        mine, theirs = self.first.fields(), self.second.fields()
        return {name: (mine[name], theirs[name]) for name in mine if mine[name] != theirs[name]}

    @property
    def is_edited(self) -> bool:
        """Whether the file of the network has another digest on the second side."""
        return self.first.network != self.second.network


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
    ambiguous: tuple[str, ...] = ()
    """Networks of files, without digests, of which a session holds several versions: no other version is theirs."""


_Side = Mapping[Key, Sequence[Record]]
"""The records of a side by their keys, one a session."""


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


def match(first_side: _Side, second_side: _Side, ignore: Collection[str] = ()) -> Matched:
    """Pair the keys of two sides: equals first, then those of one network that differ in the fewest fields.

    Versions of a file are one network, the newest of each side first, unless a session holds several of them. Older
    versions of what is paired are left out.

    Raises:
        UsageError: with a field ignored, a case has several counterparts that differ in equally many fields.
    """
    first_left, second_left = dict.fromkeys(first_side), dict.fromkeys(second_side)
    several = {*of_several_versions(first_side), *of_several_versions(second_side)}
    equal = [Pair(key, key) for key in first_side if key in second_left]
    for pair in equal:
        del first_left[pair.first], second_left[pair.first]
    ignored: list[Pair] = []
    apart: list[Pair] = []
    near = _near({key: first_side[key] for key in first_left}, {key: second_side[key] for key in second_left}, several)
    for pair in sorted(near, key=lambda pair: _distance(pair, ignore)):
        if pair.first not in first_left or pair.second not in second_left:
            continue
        is_allowed = pair.differing.keys() <= set(ignore)
        if is_allowed and pair.differing:
            _refuse_several(pair, second_left)
        (ignored if is_allowed else apart).append(pair)
        del first_left[pair.first], second_left[pair.second]
    order = {key: at for at, key in enumerate(first_side)}
    pairs = sorted([*equal, *ignored], key=lambda pair: order[pair.first])
    paired = {
        pair.first.of_any_version: second_side[pair.second][-1].session
        for pair in pairs
        if without_digest(pair.first.network) not in several
    }
    left = tuple(key for key in first_left if key.of_any_version not in paired)
    # A version that is newer than the judged one is no earlier state of it.
    right = tuple(key for key in second_left if second_side[key][-1].session > paired.get(key.of_any_version, ""))
    unsure = {without_digest(key.network) for key in left} & {without_digest(key.network) for key in right} & several
    return Matched(tuple(pairs), tuple(apart), left, right, tuple(sorted(unsure)))


def of_several_versions(side: _Side) -> set[str]:
    """Networks of files, without digests, of which a session of this side holds several versions."""
    versions: dict[tuple[str, str], set[str]] = {}
    for key, records in side.items():
        if is_of_file(key.network):
            for record in records:
                versions.setdefault((record.session, without_digest(key.network)), set()).add(key.network)
    return {name for (_, name), networks in versions.items() if len(networks) > 1}


def pooled_versions(side: _Side, newest: Collection[Key]) -> dict[Key, list[Record]]:
    """A side with all versions of a file under one key: that of the newest session where it has one of them.

    Versions of which a session holds several stay apart.

    Args:
        side: sessions of a series, oldest first.
        newest: the keys of the session that they are held against.
    """
    several = of_several_versions(side)
    versions = [key for key in newest if is_of_file(key.network)]
    alone = {key.of_any_version: key for key in versions}
    several |= {without_digest(key.network) for key in versions if alone[key.of_any_version] != key}
    out: dict[Key, list[Record]] = {}
    for key, records in side.items():
        is_pooled = is_of_file(key.network) and without_digest(key.network) not in several
        target = alone.setdefault(key.of_any_version, key) if is_pooled else key
        out.setdefault(target, []).extend(records)
    return {key: sorted(records, key=lambda record: record.session) for key, records in out.items()}


def why_nothing(
    first_keys: Collection[Key], second_keys: Collection[Key], apart: Sequence[Pair], ambiguous: Sequence[str] = ()
) -> str:
    """Message that no case of two sides can be compared: the reason, and what to do.

    Args:
        first_keys: of the first side.
        second_keys: of the second side.
        apart: pairs of one network whose settings differ.
        ambiguous: networks of files of which a session holds several versions.
    """
    if not apart:
        if ambiguous:
            return f"cannot compare: {ambiguous_words(ambiguous)}"
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


def _near(first_side: _Side, second_side: _Side, several: Collection[str]) -> list[Pair]:
    """Pairs of one network; of versions of a file the newest first."""
    by_network: dict[str, list[Key]] = {}
    for key in second_side:
        by_network.setdefault(without_digest(key.network), []).append(key)
    pairs = [
        Pair(first, second)
        for first in first_side
        for second in by_network.get(without_digest(first.network), ())
        if first.network == second.network or without_digest(first.network) not in several
    ]

    def newest(pair: Pair) -> tuple[str, ...]:
        return (second_side[pair.second][-1].session, first_side[pair.first][-1].session) if pair.is_edited else ()

    return sorted(pairs, key=newest, reverse=True)


def _distance(pair: Pair, ignore: Collection[str]) -> tuple[int, bool, bool]:
    """How far two settings are apart: fields that differ, whether they may not, and whether the file was edited."""
    return len(pair.differing), not pair.differing.keys() <= set(ignore), pair.is_edited


def _refuse_several(pair: Pair, second_keys: Iterable[Key]) -> None:
    field = next(iter(pair.differing))
    rivals = [
        candidate
        for key in second_keys
        if key.network == pair.second.network
        and (candidate := Pair(pair.first, key)).differing.keys() == pair.differing.keys()
    ]
    if len(rivals) > 1:
        texts = sorted({candidate.differing[field][1] for candidate in rivals}, key=natural)
        raise UsageError(
            f"{pair.first.network[:80]} has {len(rivals)} counterparts when {field} is ignored "
            f"({enumerate_values(texts)}). Choose with --where {field}={texts[0]}, which both sides must then have, "
            "or compare sessions that hold one of them."
        )


def ambiguous_words(networks: Sequence[str]) -> str:
    """Why versions of a file are not paired, and what to do."""
    return (
        f"of {enumerate_values(networks)} a session holds several versions of the file, so that none is the version of "
        "the other side. Compare sessions that hold one version each."
    )


def edited(pairs: Iterable[Pair]) -> list[Finding]:
    """Finding of networks whose file is another one on the second side."""
    names = {
        f"{without_digest(pair.second.network)} ({_digest(pair.first)}, {_digest(pair.second)})"
        for pair in pairs
        if pair.is_edited
    }
    if not names:
        return []
    message = (
        f"the file of {enumerate_values(sorted(names, key=natural))} was edited between the sides: what the edit did "
        "is part of the ratio. Whether both compute the same was not checked: only a gate that measures both does that."
    )
    return [Finding(kind="file-edited", message=message)]


def not_paired(matched: Matched) -> list[Finding]:
    """Finding of networks of files that are on both sides and not paired, since a session holds several versions."""
    if not matched.ambiguous:
        return []
    return [Finding(kind="several-versions", message=ambiguous_words(matched.ambiguous))]


def _digest(key: Key) -> str:
    return key.network.removeprefix(without_digest(key.network))


def _names(keys: Iterable[Key]) -> list[str]:
    return sorted({key.network for key in keys}, key=natural)
