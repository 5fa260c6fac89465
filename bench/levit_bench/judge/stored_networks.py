"""Lookup of the stored networks that a text names, for every verb and option that takes the name of one."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

from levit_bench.catalog.network_calls import canonical, is_of_file, without_digest
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.records import Record

SHOWN_NAMES = 6
"""Networks that a message names before it says how many more there are."""


def networks_meant(records: Iterable[Record], text: str) -> tuple[str, ...]:
    """The names of the stored networks that a text names, in order; of several ways to name one, the first that does.

    The name as it is stored, a call written in another way; a network of a file without the digest behind it, with its
    folder or without; the label that its user gave it. Several where a file has several versions, or two networks have
    one label.
    """
    labels_of: dict[str, set[str]] = {}
    for record in records:
        labels_of.setdefault(record.case.network, set()).update([record.info.label] if record.info.label else [])
    name = canonical(text)
    ways: tuple[Callable[[str], bool], ...] = (
        lambda stored: stored == text,
        lambda stored: stored == name,
        lambda stored: without_digest(stored) == name,
        lambda stored: text in labels_of[stored],
        lambda stored: is_of_file(stored) and _without_folder(without_digest(stored)) == name,
    )
    for is_meant in ways:
        if meant := tuple(sorted(stored for stored in labels_of if is_meant(stored))):
            return meant
    return ()


def network_meant(records: Iterable[Record], text: str) -> str:
    """The one stored network that a text names.

    Raises:
        UsageError: it names several; the message has their names.
        NothingToShowError: it names none; the message has the names that are stored.
    """
    all_records = list(records)
    meant = networks_meant(all_records, text)
    if not meant:
        raise no_network(all_records, text)
    if len(meant) > 1:
        raise UsageError(f"{text[:80]!r} is several networks: {_listed(meant)}. Name one of these.")
    return meant[0]


def short_name(records: Iterable[Record], network: str) -> str:
    """The name of a stored network for a command line: without the digest of its file, where that means it alone."""
    short = without_digest(network)
    return short if networks_meant(records, short) == (network,) else network


def no_network(records: Iterable[Record], text: str) -> NothingToShowError:
    """The refusal of a text that names no stored network, with the nearest name and those that are stored."""
    names = {record.case.network: record.info.label for record in records}
    near = difflib.get_close_matches(text, [*names, *filter(None, names.values())], n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return NothingToShowError(f"no stored case is of {text[:80]!r}. {hint}Stored are: {_listed(sorted(names))}.")


def _listed(names: Iterable[str]) -> str:
    texts = list(names)
    more = f" and {len(texts) - SHOWN_NAMES} more" if len(texts) > SHOWN_NAMES else ""
    return f"{', '.join(texts[:SHOWN_NAMES])}{more}" if texts else "none"


def _without_folder(name: str) -> str:
    """`models/nets.py:build(w=1)` as `nets.py:build(w=1)`; a slash in a call stays."""
    file, colon, function = name.partition(".py:")
    return f"{file.rpartition('/')[2]}{colon}{function}"
