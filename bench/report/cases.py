"""Stored cases one by one: as a table, as rows for programs, and as data frames.

Knows columns; refuses to know where they are printed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from bench.judge.estimates import counted_runs, latency, relative_to_yardstick
from bench.records import Case, Estimate, Finding, Record
from bench.report.table import plus_minus
from bench.report.text import distinct, shortened, visible
from bench.units import format_latency, significant

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

_REASON = 200
_TOLD = ("form", "precision", "runtime", "device", "weights")
_USUAL = {name: getattr(Case(network="", resolution=1), name) for name in _TOLD}
"""Values of a case that go without saying: those it has unless asked otherwise."""


def table(records: Sequence[Record]) -> Table:
    """One row a case: latency with its interval, ratio to the yardstick, runs; or why there is no time."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    out.add_column("network", overflow="fold")
    out.add_column("case", overflow="fold")
    out.add_column("latency", justify="right", no_wrap=True)
    out.add_column("95 %", justify="right", no_wrap=True)
    out.add_column("x yardst.", justify="right", no_wrap=True)
    out.add_column("runs", justify="right", no_wrap=True)
    names = distinct(record.case.network for record in records)
    failures = []
    for record in records:
        name, asked = Text(names[record.case.network], style="bold"), axes(record.case)
        found = latency(record)
        if isinstance(found, Estimate):
            ratio = relative_to_yardstick(record)
            shown = significant(ratio.value) if isinstance(ratio, Estimate) else "–"
            out.add_row(name, Text(asked), format_latency(found.value), plus_minus(found), shown, str(found.n))
        else:
            out.add_row(name, Text(asked), Text(record.outcome, style="red"), "", "", str(len(record.runs)))
            failures.append(f"{names[record.case.network]} {asked}: {shortened(found.message, _REASON)}")
    if failures:
        out.caption = Text("\n".join(dict.fromkeys(failures)))
        out.caption_justify = "left"
    return out


def doubts(records: Iterable[Record]) -> list[Finding]:
    """Doubts about the subjects' estimates, each with the name of its case."""
    out = []
    for record in records:
        if record.info.role == "subject":
            found = latency(record)
            about = found.findings if isinstance(found, Estimate) else ()
            named = (f"{shortened(record.case.label, 80)}: {finding.message}" for finding in about)
            out += [msgspec.structs.replace(f, message=m) for f, m in zip(about, named, strict=True)]
    return out


def rows(records: Iterable[Record]) -> list[dict[str, object]]:
    """One dictionary a case and session; limits that the data cannot give are absent, and no number is NaN."""
    return [_row(record) for record in records]


def frame(records: Iterable[Record]) -> pd.DataFrame:
    """The same as a data frame."""
    import pandas as pd

    return pd.DataFrame(rows(records))


def passes(records: Iterable[Record]) -> pd.DataFrame:
    """One row a timed pass, in the order they were taken: the raw evidence."""
    import pandas as pd

    return pd.DataFrame(
        [
            (record.session, record.info.id, record.case.network, run.run, turn.round, turn.position, number, duration)
            for record in records
            for run in record.runs
            for turn in run.turns
            for number, duration in enumerate(turn.duration_s)
        ],
        columns=["session", "case", "network", "run", "round", "position", "pass", "duration_s"],
    )


def axes(case: Case) -> str:
    """What is asked of a network, without its name: usual values go without saying."""
    words = [f"{case.resolution}px", f"b{case.batch}", f"t{case.threads}", case.allocator]
    words += [getattr(case, name) for name in _TOLD if getattr(case, name) != _USUAL[name]]
    return visible(" ".join(words))


def _row(record: Record) -> dict[str, object]:
    case, info = record.case, record.info
    time, ratio = latency(record), relative_to_yardstick(record)
    return {
        "session": record.session,
        "machine": record.machine.id,
        "role": info.role,
        "network": case.network,
        "family": info.family,
        "resolution": case.resolution,
        "batch": case.batch,
        "threads": case.threads,
        "allocator": case.allocator,
        "runtime": case.runtime,
        "precision": case.precision,
        "form": case.form,
        "device": case.device,
        "weights": case.weights,
        "top1": info.accuracy.top1 if info.accuracy else None,
        "params": info.params,
        "macs": info.macs,
        **_limits("latency", "_s", time),
        **_limits("yardstick_ratio", "", ratio),
        "runs": len(counted_runs(record)),
        "outcome": record.outcome,
        "reason": record.reason,
    }


def _limits(name: str, unit: str, found: object) -> dict[str, float | None]:
    if not isinstance(found, Estimate):
        return {f"{name}{unit}": None, f"{name}_low{unit}": None, f"{name}_high{unit}": None}
    bounded = math.isfinite(found.high)
    return {
        f"{name}{unit}": found.value,
        f"{name}_low{unit}": found.low if bounded else None,
        f"{name}_high{unit}": found.high if bounded else None,
    }
