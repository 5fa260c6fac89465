"""Variance components as a table and as rows for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.judge.components import Components
from bench.report.text import shortened
from bench.units import significant

if TYPE_CHECKING:
    from rich.table import Table

_LEVELS = ("of_sessions", "between_sessions", "between_runs", "between_rounds", "between_passes")


def table(found: Sequence[Components]) -> Table:
    """One row a case and quantity; deviations in percent."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        caption="standard deviations in percent; n: sessions/runs; est.: of the sessions' estimates",
    )
    for heading in ("network", "alloc.", "seats", "of", "n"):
        out.add_column(heading, no_wrap=True)
    for heading in ("est.", "session", "run", "round", "pass"):
        out.add_column(heading, justify="right", no_wrap=True)
    for one in found:
        levels = [_percent(getattr(one, level)) for level in _LEVELS]
        n = f"{one.sessions}/{one.runs}"
        name = Text(shortened(one.case.network, 24))
        out.add_row(name, one.case.allocator, one.seats, one.quantity, n, *levels)
    return out


def rows(found: Sequence[Components]) -> list[dict[str, object]]:
    """The same for programs: deviations of the natural logarithm, absent where the data cannot show them."""
    return [
        {
            "network": one.case.network,
            "resolution": one.case.resolution,
            "batch": one.case.batch,
            "threads": one.case.threads,
            "allocator": one.case.allocator,
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
