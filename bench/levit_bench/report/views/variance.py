"""Variance components as a table and as dictionaries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.command_lines import command_line
from levit_bench.errors import NothingToShowError
from levit_bench.judge.variance.components import Components, components
from levit_bench.numbers.units import significant
from levit_bench.report.views.cases import fields
from levit_bench.report.views.view import CaseView, ViewRequest, grouped
from levit_bench.report.words import shared_axes
from levit_bench.report.words.safe_text import distinct
from levit_bench.report.words.setting import machine_line

if TYPE_CHECKING:
    from rich.table import Table

_LEVELS = ("of_sessions", "between_sessions", "between_runs", "between_rounds", "between_passes")


def view(request: ViewRequest) -> CaseView:
    """Standard deviations of the chosen cases, a table a machine.

    Raises:
        NothingToShowError: no case was timed.
    """
    records = request.records
    if not components(records):
        raise NothingToShowError(f"no case was timed, so that nothing varies. To see why: {command_line('show')}")
    return CaseView(
        records,
        rows=lambda: rows(components(records)),
        sections=lambda: grouped(
            records, lambda some: table(components(some)), heading=lambda record: machine_line(record.machine)
        ),
    )


def table(entries: Sequence[Components]) -> Table:
    """Two rows a case, its network beside the latency and its axes beside the ratio; standard deviations in percent."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    words = shared_axes.words_of([entry.case for entry in entries])
    out = FittedTable(
        title=shared_axes.heading(words),
        caption="standard deviations in percent; n: sessions/runs; est.: of the sessions' estimates",
    )
    out.add_column("case", overflow="fold")
    for heading in ("of", "n"):
        out.add_column(heading, no_wrap=True)
    for heading in ("est.", "session", "run", "round", "pass"):
        out.add_column(heading, justify="right", no_wrap=True)
    names = distinct(entry.case.network for entry in entries)
    for entry, rest in zip(entries, shared_axes.rests(words), strict=True):
        case = entry.case
        name = names[case.network] if entry.quantity == "latency" else f"{rest} {entry.isolation}".lstrip()
        levels = [_percent(getattr(entry, level)) for level in _LEVELS]
        n = f"{entry.sessions}/{entry.runs}"
        out.add_row(Text(name), entry.quantity, n, *levels)
    return out


def rows(entries: Sequence[Components]) -> list[dict[str, object]]:
    """One dictionary an estimate: standard deviations of the natural logarithm, None where data are missing."""
    return [
        {
            "network": entry.case.network,
            **fields(entry.case),
            "isolation": entry.isolation,
            "quantity": entry.quantity,
            "sessions": entry.sessions,
            "runs": entry.runs,
        }
        | {level: None if math.isnan(getattr(entry, level)) else getattr(entry, level) for level in _LEVELS}
        for entry in entries
    ]


def _percent(deviation: float) -> str:
    return "–" if math.isnan(deviation) else significant(100 * deviation, 2)
