"""Cold starts as a table and as rows for programs.

Knows columns; refuses to know how the figures were made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.judge.cold import cold
from bench.records import Estimate, Finding, Record
from bench.report import cases
from bench.report.table import plus_minus
from bench.report.text import distinct
from bench.units import format_latency, significant

if TYPE_CHECKING:
    from rich.table import Table

_MIB = 1 << 20


def table(records: Sequence[Record]) -> Table:
    """Two rows a case: its figures, and beside its conditions their intervals."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), caption_justify="left")
    out.caption = (
        "compiled: once a session · loaded: from the artifact on disk · memory: added by load and first pass · "
        "peak: of a process of its own (--seats alone); below, 95 % over runs"
    )
    out.add_column("case", overflow="fold")
    found = [cold(record) for record in records]
    copied = any(one.copy_s is not None for one in found)
    for name in ("compiled", "loaded", "first pass", "memory", "peak", *(["copy"] if copied else [])):
        out.add_column(name, justify="right", no_wrap=True)
    names = distinct(record.case.network for record in records)
    for record, one in zip(records, found, strict=True):
        out.add_row(
            Text(names[record.case.network], style="bold"),
            _seconds(one.compile_s),
            _value(one.load),
            _value(one.first_pass),
            _mib(one.grown_bytes),
            _mib(one.peak_bytes),
            *([_seconds(one.copy_s)] if copied else []),
        )
        times = "" if one.times is None else f"{significant(one.times, 2)}x a pass"
        pinned = [f"pinned {_seconds(one.copy_pinned_s)}"] if copied else []
        out.add_row(Text(cases.axes(record.case)), "", _width(one.load), times, "", "", *pinned)
    return out


def rows(records: Sequence[Record]) -> list[dict[str, object]]:
    """The same for programs, beside what `show` tells; what is not known is absent."""
    out = []
    for record, row in zip(records, cases.rows(records), strict=True):
        one = cold(record)
        out.append(
            row
            | {"compile_s": one.compile_s}
            | _limits("load", one.load)
            | _limits("first_pass", one.first_pass)
            | {"first_pass_times": one.times, "grown_bytes": one.grown_bytes, "peak_bytes": one.peak_bytes}
            | {"copy_s": one.copy_s, "copy_pinned_s": one.copy_pinned_s}
            | _limits("process_start", one.start_s)
        )
    return out


def _value(found: Estimate | Finding) -> str:
    return format_latency(found.value) if isinstance(found, Estimate) else "–"


def _seconds(found: float | None) -> str:
    return "–" if found is None else format_latency(found)


def _width(found: Estimate | Finding) -> str:
    return plus_minus(found) if isinstance(found, Estimate) else ""


def _mib(found: float | None) -> str:
    return "–" if found is None else f"{found / _MIB:,.0f} MiB"


def _limits(name: str, found: Estimate | Finding) -> dict[str, float | None]:
    known = found if isinstance(found, Estimate) else None
    bounded = known is not None and math.isfinite(known.high)
    return {
        f"{name}_s": known.value if known else None,
        f"{name}_low_s": known.low if known and bounded else None,
        f"{name}_high_s": known.high if known and bounded else None,
    }
