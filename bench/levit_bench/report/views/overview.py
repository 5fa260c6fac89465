"""The view of stored cases that is shown where none is asked for: one line a case, and what is known around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.judge.variance.reproducibility import floors
from levit_bench.judge.variance.session_drift import drifts
from levit_bench.records import Record
from levit_bench.report.views import cases, looks, reproducibility
from levit_bench.report.views.view import CaseView, ViewRequest, grouped

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


def view(asked: ViewRequest) -> CaseView:
    """The chosen cases, a table a session; below, what looks at one session decided, or how far sessions disagree."""
    records, drift = asked.records, drifts(asked.history())
    return CaseView(
        records,
        rows=lambda: cases.rows(records, asked.whole, drift),
        sections=lambda: grouped(records, lambda some: cases.table(some, drift)),
        closing=lambda: looks.tables(records) if asked.one_session else _reproducibility(records),
    )


def _reproducibility(records: Sequence[Record]) -> list[Table | Text]:
    from rich.text import Text

    told = reproducibility.line(floors(records))
    return [Text(told, style="dim")] if told else []
