"""The default view of stored cases: one line a case, with looks or the reproducibility between sessions below."""

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


def view(request: ViewRequest) -> CaseView:
    """The chosen cases, a table a session; below, the looks of one session, or how far sessions disagree."""
    records, drift = request.records, drifts(request.history())
    return CaseView(
        records,
        rows=lambda: cases.rows(records, request.whole, drift),
        sections=lambda: grouped(records, lambda some: cases.table(some, drift)),
        closing=lambda: looks.tables(records) if request.one_session else _reproducibility(records),
    )


def _reproducibility(records: Sequence[Record]) -> list[Table | Text]:
    from rich.text import Text

    sentence = reproducibility.line(floors(records))
    return [Text(sentence, style="dim")] if sentence else []
