"""The catalog as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.catalog import Entry
from bench.units import format_count

if TYPE_CHECKING:
    from rich.table import Table


def table(entries: Sequence[Entry]) -> Table:
    """One row a network, fit for 80 columns."""
    from rich import box
    from rich.table import Table

    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), caption=f"{len(entries)} networks")
    out.add_column("network", no_wrap=True, style="bold")
    out.add_column("family", no_wrap=True)
    for name in ("pixels", "top-1", "params", "MACs"):
        out.add_column(name, justify="right", no_wrap=True)
    for entry in entries:
        out.add_row(
            entry.name,
            entry.family,
            str(entry.resolution),
            "–" if entry.top1 is None else f"{entry.top1:.1f}",
            format_count(entry.params_m * 1e6),
            format_count(None if entry.macs_m is None else entry.macs_m * 1e6),
        )
    return out
