"""Names of cases in the files of other tools: the same in every session, and different within one.

Other tools join histories by these names. So a name says what was asked of a case, and nothing of the session that
asked: no name of the session, and no digest of the user's file, which changes with every edit.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from levit_bench.catalog.network_calls import without_digest
from levit_bench.records import Record
from levit_bench.report.words.safe_text import visible

LONGEST_BYTES = 1024
"""Of a name: the limit of Bencher, the smallest of all consumers."""
LONGEST_STEM = 120
"""Characters of a name in the name of a file, which systems limit to 255 bytes."""
_DIGITS = 8
_UNSAFE = re.compile(r"[^A-Za-z0-9_@=+-]+")


class _Spelling(NamedTuple):
    """One way to name a case."""

    network: Callable[[Record], str]
    """The name of its network."""
    more: Callable[[Record], str] = lambda _: ""
    """What follows the setting."""


def _label(record: Record) -> str:
    return record.info.label or without_digest(record.case.network)


def _network(record: Record) -> str:
    network = without_digest(record.case.network)
    return f"{record.info.label} ({network})" if record.info.label else network


def _packages(record: Record) -> str:
    return " ".join(f"{axis} of {package}" for axis, package in sorted(record.info.made_by.items()))


_SPELLINGS = (
    _Spelling(_label),
    _Spelling(_network),
    _Spelling(_network, _packages),
    _Spelling(lambda record: record.case.network, _packages),
    _Spelling(lambda record: record.case.network, lambda record: record.info.id),
)
"""From the shortest to one that no two cases share: the last but one has the digest of the file, the last the id."""


def case_names(records: Sequence[Record]) -> list[str]:
    """A name for each record of one session: its network, as labelled by the user, and its setting.

    The side of a gate is part of the setting where there are several. Cases that would be called alike, such as two
    files of one name, get more words until they are not.
    """
    hidden = ("side",) if len({record.case.side for record in records}) < 2 else ()
    names = [""] * len(records)
    open_places = list(range(len(records)))
    for spelling in _SPELLINGS:
        for place in open_places:
            names[place] = _name(records[place], spelling, hidden)
        times = Counter(names)
        open_places = [place for place in open_places if times[names[place]] > 1]
    return names


def _name(record: Record, spelling: _Spelling, hidden: Sequence[str]) -> str:
    words = [spelling.network(record), *record.case.words(leave_out=hidden), spelling.more(record)]
    return within_bytes(visible(" ".join(word for word in words if word)), LONGEST_BYTES)


def within_bytes(text: str, limit: int) -> str:
    """A text of at most so many bytes in UTF-8; of a longer one the beginning, and a digest of the whole."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= limit:
        return raw.decode("utf-8")
    end = f" ~{hashlib.sha256(raw).hexdigest()[:_DIGITS]}"
    return raw[: limit - len(end)].decode("utf-8", "ignore") + end


def stems(names: Sequence[str]) -> dict[str, str]:
    """A distinct stem for each name, of letters, digits and `_@=+-` alone: for names of files and of addresses.

    Names whose stems would be equal, also in upper and lower case, get a digest of the name behind them.
    """
    plain = {name: _UNSAFE.sub("-", name).strip("-") or "case" for name in names}
    times = Counter(stem.casefold() for stem in plain.values())
    return {
        name: stem
        if times[stem.casefold()] == 1 and len(stem) <= LONGEST_STEM
        else f"{stem[:LONGEST_STEM]}~{hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]}"
        for name, stem in plain.items()
    }
