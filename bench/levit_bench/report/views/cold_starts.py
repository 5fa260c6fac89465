"""Cold starts as a table and as dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.judge.cold_starts import Cold, cold, crowded, require_cold
from levit_bench.judge.estimates import no_speed
from levit_bench.numbers.units import format_latency, significant
from levit_bench.records import Estimate, Finding, Record
from levit_bench.report.front.table import plus_minus
from levit_bench.report.views import cases
from levit_bench.report.views.cold_start_columns import columns
from levit_bench.report.views.view import CaseView, ViewRequest, grouped
from levit_bench.report.words import shared_axes
from levit_bench.report.words.findings import About, plain
from levit_bench.report.words.findings import grouped as grouped_findings
from levit_bench.report.words.safe_text import visible

if TYPE_CHECKING:
    from rich.table import Table

_MIB = 1 << 20
_NOTHING = "–"
_COLUMNS = ("compiled", "loaded", "first pass", "start", "memory", "peak", "copy")
_IF_KNOWN = {"start", "peak", "copy"}
"""Columns that are left out where they are empty for all cases."""
_LEGEND = (
    "compiled: once for all runs, with the day where an earlier session did it · loaded: from the artifact on disk · "
    "memory: added by load and first pass · start, peak: of a process that holds nothing else and started by "
    "itself (--isolation alone --start-method spawn) · below, 95 % over runs"
)


class _Cell(NamedTuple):
    """A figure and the text below it."""

    value: str
    below: str = ""


def view(request: ViewRequest) -> CaseView:
    """Cold starts of the chosen cases, a table a session; of a whole store, of the cases that have one.

    Raises:
        NothingToShowError: none is known.
    """
    records = [record for record in request.records if request.one_session or any(run.cold for run in record.runs)]
    require_cold(records)
    return CaseView(
        records,
        rows=lambda: rows(records),
        sections=lambda: grouped(records, table),
        findings=lambda: findings_of(records),
    )


def table(records: Sequence[Record]) -> Table:
    """Two rows a case: its figures, and their intervals beside its axes; the reasons of failed cases below."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    words = shared_axes.words_of([record.case for record in records])
    out = FittedTable(title=shared_axes.heading(words))
    cells = [_cells(cold(record)) for record in records]
    shown = [
        name
        for name in _COLUMNS
        if name not in _IF_KNOWN or any(case_cells[name].value != _NOTHING for case_cells in cells)
    ]
    out.add_column("case", overflow="fold")
    for name in shown:
        out.add_column(name, justify="right", overflow="fold")
    names = cases.shown_names(record.info for record in records)
    failures: dict[str, list[str]] = {}
    for record, rest, case_cells in zip(records, shared_axes.rests(words), cells, strict=True):
        network = names[record.case.network]
        out.add_row(Text(network, style="bold"), *(case_cells[name].value for name in shown))
        if rest or any(case_cells[name].below for name in shown):
            out.add_row(Text(rest), *(case_cells[name].below for name in shown))
        if (why := no_speed(record)) is not None:
            failures.setdefault(visible(why.message), []).append(f"{network} {cases.axes(record.case)}")
    reasons = [cases.reason_with_cases(reason, [*dict.fromkeys(whose)]) for reason, whose in failures.items()]
    out.caption = Text("\n".join([_LEGEND, *reasons]))
    return out


def rows(records: Sequence[Record]) -> list[dict[str, object]]:
    """One dictionary a case with the columns of `show` and of its cold start; unknown figures are None."""
    out = []
    for record, row in zip(records, cases.rows(records), strict=True):
        finding, row_findings = crowded(record), row["findings"]
        findings = [*row_findings, *plain([finding])] if finding and isinstance(row_findings, list) else row_findings
        out.append(row | columns(record) | {"findings": findings})
    return out


def findings_of(records: Sequence[Record]) -> list[Finding]:
    """Findings about cold starts: one, with the number of further sessions."""
    by_session: dict[str, About] = {}
    for record in records:
        if (finding := crowded(record)) is not None:
            by_session.setdefault(record.session, About(finding, "", record.session))
    return grouped_findings(by_session.values(), many_sessions=len({record.session for record in records}) > 1)


def _cells(figures: Cold) -> dict[str, _Cell]:
    """The cells of a case, by column."""
    times = "" if figures.times is None else f"{significant(figures.times, 2)}x a pass"
    pinned = "" if figures.copy_pinned_s is None else f"pinned {_seconds(figures.copy_pinned_s)}"
    cells = (
        _Cell(_seconds(figures.compile_s), (figures.compiled_at or "").partition("T")[0]),
        _with_limits(figures.load),
        _with_limits(figures.first_pass)._replace(below=times),
        _with_limits(figures.start),
        _Cell(_mib(figures.grown_bytes)),
        _Cell(_mib(figures.peak_bytes)),
        _Cell(_seconds(figures.copy_s), pinned),
    )
    return dict(zip(_COLUMNS, cells, strict=True))


def _with_limits(estimate: Estimate | Finding | None) -> _Cell:
    return (
        _Cell(format_latency(estimate.value), plus_minus(estimate))
        if isinstance(estimate, Estimate)
        else _Cell(_NOTHING)
    )


def _seconds(seconds: float | None) -> str:
    return _NOTHING if seconds is None else format_latency(seconds)


def _mib(size_bytes: float | None) -> str:
    return _NOTHING if size_bytes is None else f"{size_bytes / _MIB:,.0f} MiB"
