"""Cold starts as a table and as rows for programs.

Knows columns; refuses to know how the figures were made.
"""

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
from levit_bench.report.words.findings import About, plain
from levit_bench.report.words.findings import grouped as grouped_findings
from levit_bench.report.words.safe_text import shortened

if TYPE_CHECKING:
    from rich.table import Table

_MIB = 1 << 20
_REASON = 200
_NOTHING = "–"
_COLUMNS = ("compiled", "loaded", "first pass", "start", "memory", "peak", "copy")
_IF_KNOWN = {"start", "peak", "copy"}
"""Columns that are left out where no case has anything in them."""
_LEGEND = (
    "compiled: once a session · loaded: from the artifact on disk · memory: added by load and first pass · start, "
    "peak: of a process that holds nothing else (--isolation alone) · below, 95 % over runs"
)


class _Cell(NamedTuple):
    """A figure, and what stands below it."""

    value: str
    below: str = ""


def view(asked: ViewRequest) -> CaseView:
    """Cold starts of the chosen cases, a table a session; of a whole store, those that are known.

    Raises:
        NothingToShowError: none is known.
    """
    records = [record for record in asked.records if asked.one_session or any(run.cold for run in record.runs)]
    require_cold(records)
    return CaseView(
        records,
        rows=lambda: rows(records),
        sections=lambda: grouped(records, table),
        findings=lambda: doubts(records),
    )


def table(records: Sequence[Record]) -> Table:
    """Two rows a case: its figures, and beside its conditions their intervals; or why it has none."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), caption_justify="left")
    cells = [_cells(cold(record)) for record in records]
    shown = [name for name in _COLUMNS if name not in _IF_KNOWN or any(one[name].value != _NOTHING for one in cells)]
    out.add_column("case", overflow="fold")
    for name in shown:
        out.add_column(name, justify="right", overflow="fold")
    names = cases.shown_names(record.info for record in records)
    failures = []
    for record, one in zip(records, cells, strict=True):
        network, asked = names[record.case.network], cases.axes(record.case)
        out.add_row(Text(network, style="bold"), *(one[name].value for name in shown))
        out.add_row(Text(asked), *(one[name].below for name in shown))
        if (why := no_speed(record)) is not None:
            failures.append(f"{network} {asked}: {shortened(why.message, _REASON)}")
    out.caption = Text("\n".join([_LEGEND, *failures]))
    return out


def rows(records: Sequence[Record]) -> list[dict[str, object]]:
    """The same for programs, beside what `show` tells; what is not known is absent."""
    out = []
    for record, row in zip(records, cases.rows(records), strict=True):
        doubt, known = crowded(record), row["findings"]
        found = [*known, *plain([doubt])] if doubt and isinstance(known, list) else known
        out.append(row | columns(record) | {"findings": found})
    return out


def doubts(records: Sequence[Record]) -> list[Finding]:
    """What is odd about cold starts, in one finding, with how many more sessions it is about."""
    found: dict[str, About] = {}
    for record in records:
        if (doubt := crowded(record)) is not None:
            found.setdefault(record.session, About(doubt, "", record.session))
    return grouped_findings(found.values(), several=len({record.session for record in records}) > 1)


def _cells(one: Cold) -> dict[str, _Cell]:
    """What stands in each column."""
    times = "" if one.times is None else f"{significant(one.times, 2)}x a pass"
    pinned = "" if one.copy_pinned_s is None else f"pinned {_seconds(one.copy_pinned_s)}"
    found = (
        _Cell(_seconds(one.compile_s)),
        _with_limits(one.load),
        _with_limits(one.first_pass)._replace(below=times),
        _with_limits(one.start),
        _Cell(_mib(one.grown_bytes)),
        _Cell(_mib(one.peak_bytes)),
        _Cell(_seconds(one.copy_s), pinned),
    )
    return dict(zip(_COLUMNS, found, strict=True))


def _with_limits(found: Estimate | Finding | None) -> _Cell:
    return _Cell(format_latency(found.value), plus_minus(found)) if isinstance(found, Estimate) else _Cell(_NOTHING)


def _seconds(found: float | None) -> str:
    return _NOTHING if found is None else format_latency(found)


def _mib(found: float | None) -> str:
    return _NOTHING if found is None else f"{found / _MIB:,.0f} MiB"
