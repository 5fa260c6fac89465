"""Percentiles of the pass durations as a table and as dictionaries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.command_lines import command_line
from levit_bench.errors import NothingToShowError
from levit_bench.judge.percentiles import Percentile, counted_passes, needed, percentiles
from levit_bench.numbers.units import format_latency, latency_unit, significant
from levit_bench.records import Estimate, Record
from levit_bench.report.views import cases
from levit_bench.report.views.view import CaseView, ViewRequest, grouped
from levit_bench.report.words import shared_axes

if TYPE_CHECKING:
    from rich.table import Table


def view(request: ViewRequest) -> CaseView:
    """Percentiles of the chosen cases, a table a session.

    Raises:
        NothingToShowError: no case has a pass that counts.
    """
    records = request.records
    if not any(map(counted_passes, records)):
        raise NothingToShowError(
            f"no case has passes that count, and so no percentiles. To see why: {command_line('show')}"
        )
    return CaseView(records, rows=lambda: rows(records), sections=lambda: grouped(records, table))


def table(records: Sequence[Record]) -> Table:
    """Two rows a case: its network beside the percentiles, its axes beside their intervals in the same units."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    words = shared_axes.words_of([record.case for record in records])
    rests = shared_axes.rests(words)
    all_percentiles = [percentiles(record) for record in records]
    out = FittedTable(
        title=shared_axes.heading(words),
        caption="of single passes; below each its 95 % limits, from runs, or the passes that it needs",
    )
    out.add_column("case", overflow="fold")
    for percentile in all_percentiles[0] if all_percentiles else ():
        out.add_column(percentile.name, justify="right", no_wrap=True)
    out.add_column("passes", justify="right", no_wrap=True)
    names = cases.shown_names(record.info for record in records)
    for record, rest, case_percentiles in zip(records, rests, all_percentiles, strict=True):
        out.add_row(
            Text(names[record.case.network], style="bold"),
            *(_value(percentile) for percentile in case_percentiles),
            str(counted_passes(record)),
        )
        out.add_row(Text(rest), *(_limits(percentile) for percentile in case_percentiles), "")
    return out


def rows(records: Sequence[Record]) -> list[dict[str, object]]:
    """One dictionary a case with the columns of `show` and its percentiles; limits without data are None."""
    out = []
    for record, row in zip(records, cases.rows(records), strict=True):
        cells: dict[str, object] = {"passes": counted_passes(record)}
        for percentile in percentiles(record):
            estimate = percentile.result if isinstance(percentile.result, Estimate) else None
            cells[f"{percentile.name}_s"] = estimate.value if estimate else None
            cells[f"{percentile.name}_low_s"] = estimate.low if estimate and math.isfinite(estimate.low) else None
            cells[f"{percentile.name}_high_s"] = estimate.high if estimate and math.isfinite(estimate.high) else None
            cells[f"{percentile.name}_needs"] = needed(percentile.share)
        out.append(row | cells)
    return out


def _value(percentile: Percentile) -> str:
    return format_latency(percentile.result.value) if isinstance(percentile.result, Estimate) else "–"


def _limits(percentile: Percentile) -> str:
    if not isinstance(percentile.result, Estimate):
        return f"needs {needed(percentile.share)}" if percentile.result.kind == "too-few-passes" else ""
    scale, _ = latency_unit(percentile.result.value)
    return f"{significant(percentile.result.low / scale)}–{significant(percentile.result.high / scale)}"
