"""Filters and sort orders over networks of the catalog, for every command that lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from levit_bench.catalog.entries import Entry
from levit_bench.catalog.entries import entries as catalog_entries
from levit_bench.errors import UsageError
from levit_bench.numbers.units import counted, format_count
from levit_bench.spelling import did_you_mean


class Filters(NamedTuple):
    """Conditions that an entry must meet to be listed; with the defaults, all do."""

    families: tuple[str, ...] = ()
    """Families as the catalog writes them; empty: all."""
    min_top1: float | None = None
    """Percent. An entry without a published top-1 does not pass."""
    max_macs: float | None = None
    """Multiply-accumulates of one image. An entry without a count does not pass."""
    in1k_only: bool = False
    """Leave out weights trained on more than ImageNet-1k."""


# Sort key of each order; entries without the value come last. The highest top-1 and the lowest cost come first.
_ORDERS: dict[str, Callable[[Entry], Any]] = {
    "name": lambda entry: entry.name,
    "family": lambda entry: entry.family.lower(),
    "top1": lambda entry: None if entry.top1 is None else -entry.top1,
    "params": lambda entry: entry.params_m,
    "macs": lambda entry: entry.macs_m,
    "resolution": lambda entry: (entry.shape.height * entry.shape.width, entry.shape.height),
}
ORDERS = tuple(_ORDERS)
"""Names of the orders that entries can be sorted by."""


def families() -> tuple[str, ...]:
    """The families of the catalog, in its order."""
    return tuple(dict.fromkeys(entry.family for entry in catalog_entries()))


def family_named(text: str) -> str:
    """The family of that name, in upper or lower case.

    Raises:
        UsageError: there is none; the message names the nearest one, and all.
    """
    by_key = {family.lower(): family for family in families()}
    family = by_key.get(text.lower())
    if family is not None:
        return family
    hint = did_you_mean(text, families())
    raise UsageError(f"unknown family {text[:80]!r}.{hint} Families: {', '.join(sorted(families(), key=str.lower))}.")


def keep(entries: Iterable[Entry], filters: Filters) -> tuple[Entry, ...]:
    """The entries that pass all filters, in their order."""
    return tuple(entry for entry in entries if _passes(entry, filters))


def ordered(entries: Sequence[Entry], order: str) -> tuple[Entry, ...]:
    """The entries sorted by one of `ORDERS`; equal ones stay in their order, those without the value come last."""
    key = _ORDERS[order]
    with_value = [entry for entry in entries if key(entry) is not None]
    return (*sorted(with_value, key=key), *(entry for entry in entries if key(entry) is None))


def why_empty(entries: Sequence[Entry], filters: Filters) -> str:
    """For filters that no entry passes: how many would pass without each of them, and which one to loosen.

    Args:
        entries: The entries that were filtered, at least one.
        filters: None of the entries passes them.
    """
    nothing = Filters()
    alone = {
        _option_text(field, value): len(keep(entries, filters._replace(**{field: getattr(nothing, field)})))
        for field, value in filters._asdict().items()
        if value != getattr(nothing, field)
    }
    helpful = [f"without {option} {count} would" for option, count in alone.items() if count]
    all_of_them = counted(len(entries), "network")
    if helpful:
        return f"none of {all_of_them} passes all filters: {', '.join(helpful)}. Loosen that."
    return f"none of {all_of_them} passes, whichever filter is dropped. Loosen several of {', '.join(alone)}."


def _passes(entry: Entry, filters: Filters) -> bool:
    return (
        (not filters.families or entry.family in filters.families)
        and (filters.min_top1 is None or (entry.top1 is not None and entry.top1 >= filters.min_top1))
        and (filters.max_macs is None or (entry.macs_m is not None and entry.macs_m * 1e6 <= filters.max_macs))
        and not (filters.in1k_only and entry.pretraining)
    )


def _option_text(field: str, value: Any) -> str:  # noqa: ANN401 (the value of any field)
    """A filter as it is written on the command line."""
    option = {"families": "--family"}.get(field, "--" + field.replace("_", "-"))
    if field == "families":
        return f"{option} {','.join(value)}"
    if field == "in1k_only":
        return option
    return f"{option} {format_count(value) if field == 'max_macs' else f'{value:g}'}"
