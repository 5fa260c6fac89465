"""Names of a gate's cases for rows of a picture, and the setting that all of them share, which no row repeats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from levit_bench.axes import SAID
from levit_bench.catalog.network_calls import without_digest
from levit_bench.judge.gate.gate_report import GateCase
from levit_bench.records import Case

_AGAINST = " against "
"""Before the session that a case of stored ones is held against."""

_MOST_WORDS = 8
"""Words of names that are explained; of more the number is given."""


class RowNames(NamedTuple):
    """The names of rows, and what stands above them."""

    names: tuple[str, ...]
    """One a case: its network, and the words of its setting in which it differs from another row."""
    shared: tuple[str, ...]
    """What all cases have, in full words: `resolution 224`, `batch 1`; of names that hold no setting nothing."""


def row_names(cases: Sequence[GateCase]) -> RowNames:
    """Names without what all of the cases share; of one case alone that is its whole setting."""
    parts = [_parts(case) for case in cases]
    first = parts[0].words if parts else ()
    shared = [word for word in first if all(word in one.words for one in parts)]
    names = [
        " ".join([one.network, *(word for word in one.words if word not in shared)]) + one.against for one in parts
    ]
    phrases = dict(phrases_of(record.case)) if cases and (record := cases[0].second or cases[0].first) else {}
    return RowNames(tuple(names), tuple(phrases.get(word, word) for word in shared))


def phrases_of(case: Case) -> list[tuple[str, str]]:
    """Each word that the name of a case may have behind its network, with what it means: `b1` is `batch 1`."""
    said = [axis for axis in SAID if axis.name not in ("network", "side")]
    return [(axis.word(value), axis.phrase(value)) for axis in said for value in (case.value(axis.name),)]


def setting_line(cases: Sequence[GateCase]) -> str:
    """What the words behind the names of cases mean: `b1 = batch 1`; empty where no name holds any."""
    found: dict[str, str] = {}
    for case in cases:
        record = case.second or case.first
        said = dict(phrases_of(record.case)) if record is not None else {}
        found |= {word: said[word] for word in _parts(case).words if word in said}
    if not found:
        return ""
    told = [f"{word} = {phrase}" for word, phrase in found.items()]
    more = f" and {len(told) - _MOST_WORDS} more" if len(told) > _MOST_WORDS else ""
    return f"In names of cases: {', '.join(told[:_MOST_WORDS])}{more}."


class _Parts(NamedTuple):
    """The name of a case, taken apart."""

    network: str
    words: tuple[str, ...]
    against: str


def _parts(case: GateCase) -> _Parts:
    """A name that does not begin with its network, which no session has, is taken as a whole."""
    record = case.second or case.first
    network = without_digest(record.case.network) if record is not None else ""
    if not network or not case.name.startswith(f"{network} "):
        return _Parts(case.name, (), "")
    setting, against, session = case.name.removeprefix(f"{network} ").partition(_AGAINST)
    words, rest = [], f"{setting} "
    for word, _ in phrases_of(record.case) if record is not None else ():  # A word may have a space: `3 channels`.
        if rest.startswith(f"{word} "):
            words.append(word)
            rest = rest.removeprefix(f"{word} ")
    return _Parts(network, (*words, *rest.split()), against + session)
