"""Percentiles of the pass durations as a table and as rows for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.judge.percentiles import Percentile, counted_passes, needed, percentiles
from levit_bench.numbers.units import format_latency, latency_unit, significant
from levit_bench.records import Estimate, Record
from levit_bench.report.views import cases
from levit_bench.report.views.view import CaseView, ViewRequest, grouped

if TYPE_CHECKING:
    from rich.table import Table


def view(asked: ViewRequest) -> CaseView:
    """Percentiles of the chosen cases, a table a session."""
    records = asked.records
    return CaseView(records, rows=lambda: rows(records), sections=lambda: grouped(records, table))


def table(records: Sequence[Record]) -> Table:
    """Two rows a case: its network beside the percentiles, and its conditions beside their limits in the same units."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    found = [percentiles(record) for record in records]
    out = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        caption_justify="left",
        caption="of single passes; below each its 95 % limits, from runs, or the passes that it needs",
    )
    out.add_column("case", overflow="fold")
    for one in found[0] if found else ():
        out.add_column(one.name, justify="right", no_wrap=True)
    out.add_column("passes", justify="right", no_wrap=True)
    names = cases.shown_names(record.info for record in records)
    for record, told in zip(records, found, strict=True):
        out.add_row(
            Text(names[record.case.network], style="bold"), *(_value(one) for one in told), str(counted_passes(record))
        )
        out.add_row(Text(cases.axes(record.case)), *(_limits(one) for one in told), "")
    return out


def rows(records: Sequence[Record]) -> list[dict[str, object]]:
    """The same for programs, beside what `show` tells: limits that the data cannot give are absent."""
    out = []
    for record, row in zip(records, cases.rows(records), strict=True):
        told: dict[str, object] = {"passes": counted_passes(record)}
        for one in percentiles(record):
            found = one.found if isinstance(one.found, Estimate) else None
            told[f"{one.name}_s"] = found.value if found else None
            told[f"{one.name}_low_s"] = found.low if found and math.isfinite(found.low) else None
            told[f"{one.name}_high_s"] = found.high if found and math.isfinite(found.high) else None
            told[f"{one.name}_needs"] = needed(one.share)
        out.append(row | told)
    return out


def _value(one: Percentile) -> str:
    return format_latency(one.found.value) if isinstance(one.found, Estimate) else "–"


def _limits(one: Percentile) -> str:
    if not isinstance(one.found, Estimate):
        return f"needs {needed(one.share)}" if one.found.kind == "too-few-passes" else ""
    scale, _ = latency_unit(one.found.value)
    return f"{significant(one.found.low / scale)}–{significant(one.found.high / scale)}"
