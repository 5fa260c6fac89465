"""Variance components as a table and as rows for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.judge.variance.components import Components, components
from levit_bench.numbers.units import significant
from levit_bench.report.views.cases import axes, fields
from levit_bench.report.views.view import CaseView, ViewRequest, grouped
from levit_bench.report.words.safe_text import distinct
from levit_bench.report.words.setting import machine_line

if TYPE_CHECKING:
    from rich.table import Table

_LEVELS = ("of_sessions", "between_sessions", "between_runs", "between_rounds", "between_passes")


def view(asked: ViewRequest) -> CaseView:
    """Standard deviations of the chosen cases, a table a machine."""
    records = asked.records
    return CaseView(
        records,
        rows=lambda: rows(components(records)),
        sections=lambda: grouped(
            records, lambda some: table(components(some)), heading=lambda record: machine_line(record.machine)
        ),
    )


def table(found: Sequence[Components]) -> Table:
    """Two rows a case, its network beside the latency and its conditions beside the ratio; deviations in percent."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        caption_justify="left",
        caption="standard deviations in percent; n: sessions/runs; est.: of the sessions' estimates",
    )
    out.add_column("case", overflow="fold")
    for heading in ("of", "n"):
        out.add_column(heading, no_wrap=True)
    for heading in ("est.", "session", "run", "round", "pass"):
        out.add_column(heading, justify="right", no_wrap=True)
    names = distinct(one.case.network for one in found)
    for one in found:
        case = one.case
        told = names[case.network] if one.quantity == "latency" else f"{axes(case)} {one.seats}"
        levels = [_percent(getattr(one, level)) for level in _LEVELS]
        n = f"{one.sessions}/{one.runs}"
        out.add_row(Text(told), one.quantity, n, *levels)
    return out


def rows(found: Sequence[Components]) -> list[dict[str, object]]:
    """The same for programs: deviations of the natural logarithm, absent where the data cannot show them."""
    return [
        {
            "network": one.case.network,
            **fields(one.case),
            "seats": one.seats,
            "quantity": one.quantity,
            "sessions": one.sessions,
            "runs": one.runs,
        }
        | {level: None if math.isnan(getattr(one, level)) else getattr(one, level) for level in _LEVELS}
        for one in found
    ]


def _percent(deviation: float) -> str:
    return "–" if math.isnan(deviation) else significant(100 * deviation, 2)
