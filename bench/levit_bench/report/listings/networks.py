"""The catalog as a table with footnotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from levit_bench.catalog.entries import Entry
from levit_bench.catalog.image_sets import IMAGENET
from levit_bench.numbers.units import counted, format_count
from levit_bench.report.words.safe_text import shortened, visible

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

MORE_DATA = "*"
"""Marks an accuracy of weights that saw more than ImageNet-1k."""
NOT_HERE = "×"
"""Marks a network that cannot be built here."""
_NAMED = 6
"""Networks that a footnote names; of more it gives the number."""


def table(entries: Sequence[Entry], unavailable: Mapping[str, str]) -> Table:
    """One row a network, fit for 80 columns.

    Args:
        entries: Entries in the order of the rows.
        unavailable: Names that cannot be built here, with the reason.
    """
    from levit_bench.report.fitted_table import FittedTable

    count = counted(len(entries), "network")
    out = FittedTable(caption=count)
    if any(entry.top1 is not None for entry in entries):
        out.caption = f"{count}; top-1 on {IMAGENET.name}"
    if unavailable:
        out.add_column("", no_wrap=True)
    out.add_column("network", overflow="fold", style="bold")
    out.add_column("family", overflow="fold")
    for name in ("px", "top-1", "params", "MACs"):
        out.add_column(name, justify="right", no_wrap=True)
    for entry in entries:
        out.add_row(
            *([NOT_HERE if entry.name in unavailable else ""] if unavailable else []),
            shortened(entry.name),
            shortened(entry.family),
            entry.size,
            ("–" if entry.top1 is None else f"{entry.top1:.1f}") + (MORE_DATA if entry.pretraining else " "),
            format_count(entry.params_m * 1e6),
            format_count(None if entry.macs_m is None else entry.macs_m * 1e6),
            style="dim" if entry.name in unavailable else "",
        )
    return out


def footnotes(entries: Sequence[Entry], unavailable: Mapping[str, str]) -> list[Text]:
    """The meaning of the table's marks, each reason once; empty when it has none."""
    from rich.text import Text

    out = []
    pretraining = sorted({entry.pretraining for entry in entries if entry.pretraining})
    if pretraining:
        out.append(
            Text(
                f"{MORE_DATA} weights that saw more than ImageNet-1k ({', '.join(pretraining)}); --in1k-only hides them"
            )
        )
    for reason in dict.fromkeys(unavailable.values()):
        names = [entry.name for entry in entries if unavailable.get(entry.name) == reason]
        which = ", ".join(names) if len(names) <= _NAMED else f"{len(names)} networks"
        out.append(Text(f"{NOT_HERE} not available here: {visible(which)}. {visible(reason)}", style="yellow"))
    return out
