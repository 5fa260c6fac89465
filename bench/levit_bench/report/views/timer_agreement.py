"""Our clock against a second one, as a table and as rows for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.judge.timer_agreement import AGREEMENT, Account, Agreement, account, agreements
from levit_bench.numbers.units import counted, format_duration, significant
from levit_bench.records import Finding, Record
from levit_bench.report.views import cases
from levit_bench.report.views.view import CaseView, ViewRequest, grouped

if TYPE_CHECKING:
    from rich.table import Table

_WORDS = {True: "agrees", False: "differs", None: "not told"}


def view(asked: ViewRequest) -> CaseView:
    """Our clock beside a second instrument's, a table a session."""
    records = asked.records
    return CaseView(records, rows=lambda: rows(records), sections=lambda: grouped(records, table))


def table(records: Sequence[Record]) -> Table:
    """One row a case: our mean pass over the second timer's of the same turns, and the account of the processor
    below.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left")
    out.add_column("network", overflow="fold")
    out.add_column("case", overflow="fold")
    out.add_column("ours / second timer", justify="right", no_wrap=True)
    out.add_column("95 %", justify="right", no_wrap=True)
    out.add_column("runs", justify="right", no_wrap=True)
    out.add_column(f"within {AGREEMENT:.0%}", no_wrap=True)
    names = cases.shown_names(record.info for record in records)
    found = agreements(records)
    for one in found:
        if isinstance(one, Agreement):
            name, limits = Text(names[one.record.case.network], style="bold"), f"{one.low:.3f}–{one.high:.3f}"
            asked = Text(cases.axes(one.record.case))
            out.add_row(name, asked, f"{one.value:.3f}", limits, str(one.runs), _WORDS[one.agrees])
    told = [one.message for one in found if isinstance(one, Finding)]
    if not found:
        told = ["No case here was timed by a second timer. Measure with one: levit-bench run --cross-check"]
    out.caption = Text("\n".join([*dict.fromkeys(told), *_sentence(account(records))]))
    return out


def rows(records: Sequence[Record]) -> list[dict[str, object]]:
    """The same for programs: rows of cases, then one of the account."""
    out: list[dict[str, object]] = [
        {
            "session": one.record.session,
            "network": one.record.case.network,
            **cases.fields(one.record.case),
            "witness_ratio": one.value,
            "witness_ratio_low": one.low,
            "witness_ratio_high": one.high,
            "runs": one.runs,
            "agrees": one.agrees,
        }
        for one in agreements(records)
        if isinstance(one, Agreement)
    ]
    whole = account(records)
    if whole is not None:
        out.append({"told_cpu_s": whole.told_s, "system_cpu_s": whole.system_s, "runs": whole.runs})
    return out


def _sentence(whole: Account | None) -> list[str]:
    if whole is None:
        return []
    told, system = format_duration(whole.told_s), format_duration(whole.system_s)
    by = f"{told} by their own clocks, {system} by the system's account ({significant(whole.ratio, 4)})"
    return [f"Processor time of all seats in {counted(whole.runs)}: {by}."]
