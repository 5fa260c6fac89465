"""Agreement with a second timer, as a table and as dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.command_lines import command_line
from levit_bench.errors import NothingToShowError
from levit_bench.judge.timer_agreement import AGREEMENT, Account, Agreement, account, agreements
from levit_bench.numbers.units import counted, format_duration, significant
from levit_bench.records import Finding, Record
from levit_bench.report.views import cases
from levit_bench.report.views.view import CaseView, ViewRequest, grouped
from levit_bench.report.words import shared_axes

if TYPE_CHECKING:
    from rich.table import Table

_SUGGESTED = 3
"""Networks of a command that is suggested."""
_WORDS = {True: "agrees", False: "differs", None: "undecided"}


def view(request: ViewRequest) -> CaseView:
    """Our mean pass against the second timer's, a table a session.

    Raises:
        NothingToShowError: no case was timed by a second timer in enough runs, and no processor time is stored; the
            message says why.
    """
    records = request.records
    results = agreements(records)
    if account(records) is None and not any(isinstance(result, Agreement) for result in results):
        reasons = dict.fromkeys(result.message for result in results if isinstance(result, Finding))
        raise NothingToShowError(
            _not_checked(records) if not reasons else "the two timers cannot be compared:", [*reasons]
        )
    return CaseView(records, rows=lambda: rows(records), sections=lambda: grouped(records, table))


def table(records: Sequence[Record]) -> Table:
    """One row a case: our mean pass over the second timer's of the same turns; below, the workers' processor time by
    their own clocks and by the system.
    """
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    results = agreements(records)
    timed_cases = [result.record.case for result in results if isinstance(result, Agreement)]
    words = shared_axes.words_of(timed_cases)
    rests = shared_axes.rests(words)
    rest_of = dict(zip(timed_cases, rests, strict=True))
    out = FittedTable(title=shared_axes.heading(words))
    out.add_column("network", overflow="fold")
    if any(rests):
        out.add_column("case", overflow="fold")
    out.add_column("ours / second timer", justify="right", no_wrap=True)
    out.add_column("95 %", justify="right", no_wrap=True)
    out.add_column("runs", justify="right", no_wrap=True)
    out.add_column(f"within {AGREEMENT:.0%}", no_wrap=True)
    names = cases.shown_names(record.info for record in records)
    for result in results:
        if isinstance(result, Agreement):
            name, limits = Text(names[result.record.case.network], style="bold"), f"{result.low:.3f}–{result.high:.3f}"
            rest = [Text(rest_of[result.record.case])] if any(rests) else []
            out.add_row(name, *rest, f"{result.value:.3f}", limits, str(result.runs), _WORDS[result.agrees])
    remarks = [result.message for result in results if isinstance(result, Finding)]
    if not results:
        remarks = [_not_checked(records)]
    out.caption = Text("\n".join([*dict.fromkeys(remarks), *_sentence(account(records))]))
    return out


def _not_checked(records: Sequence[Record]) -> str:
    """That no case was timed twice, and the command that times some of them so."""
    networks = list(dict.fromkeys(record.case.network for record in records if record.info.role == "subject"))
    again = command_line("run", "--networks", ",".join(networks[:_SUGGESTED]), "--cross-check")
    return f"no case here was timed by a second timer. Measure with one: {again}"


def rows(records: Sequence[Record]) -> list[dict[str, object]]:
    """One dictionary a case, and one of the workers' processor time."""
    out: list[dict[str, object]] = [
        {
            "session": agreement.record.session,
            "network": agreement.record.case.network,
            **cases.fields(agreement.record.case),
            "cross_check_ratio": agreement.value,
            "cross_check_ratio_low": agreement.low,
            "cross_check_ratio_high": agreement.high,
            "runs": agreement.runs,
            "agrees": agreement.agrees,
        }
        for agreement in agreements(records)
        if isinstance(agreement, Agreement)
    ]
    totals = account(records)
    if totals is not None:
        out.append({"told_cpu_s": totals.told_s, "system_cpu_s": totals.system_s, "runs": totals.runs})
    return out


def _sentence(totals: Account | None) -> list[str]:
    if totals is None:
        return []
    own_time, system_time = format_duration(totals.told_s), format_duration(totals.system_s)
    by = f"{own_time} by their own clocks, {system_time} by the system's account ({significant(totals.ratio, 4)})"
    return [f"Processor time of all workers in {counted(totals.runs)}: {by}."]
