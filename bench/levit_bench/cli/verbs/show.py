"""`levit-bench show`: what is stored, one line a case."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from levit_bench.cli.options import Verb, conditions_from, json_option, session_option, store_option, where_option
from levit_bench.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from levit_bench.records import Record

    _Rows = Callable[[Sequence[Record]], list[dict[str, object]]]
    _Table = Callable[[Sequence[Record]], Table]

MANY = 100
"""Cases from which on the reader is told how to choose among them."""


@click.command("show", cls=Verb)
@store_option
@session_option
@where_option
@click.option("--instrument", is_flag=True, help="Show the yardsticks and the null network, too.")
@click.option("--variance", is_flag=True, help="Show where the variance lies: between sessions, runs, rounds, passes.")
@click.option(
    "--percentiles", is_flag=True, help="Show p50, p90, p95 and p99 of single passes where there are passes enough."
)
@click.option("--cold", is_flag=True, help="Show cold starts: compile, load and first pass times, memory.")
@click.option("--witness", is_flag=True, help="Compare our clock with a second instrument's, after run --witness.")
@click.option(
    "--against", "base", metavar="NETWORK", help="Show how many times as long each takes as this one, with intervals."
)
@click.option(
    "--grid", "network", metavar="NETWORK", help="With --against: this network alone, by runtime, batch and allocator."
)
@click.option("--markdown", "as_markdown", is_flag=True, help="With --grid: print Markdown, for a page.")
@json_option
def command(
    root: Path,
    session: str | None,
    wanted: tuple[str, ...],
    instrument: bool,
    variance: bool,
    percentiles: bool,
    cold: bool,
    witness: bool,
    base: str | None,
    network: str | None,
    as_markdown: bool,
    as_json: bool,
) -> int:
    """Show what is stored, one line a case and session; failed cases with their reason.

    \b
    Examples:
      levit-bench show --session last
      levit-bench show --where allocator=pinned --variance
      levit-bench show --session last --against levit_128s
      levit-bench show --session last --against levit_192 --grid efficientnet_b2 --markdown
      levit-bench show --session last --percentiles
      levit-bench show --cold
    """
    from rich.text import Text

    from levit_bench import api
    from levit_bench.cli.output import MOST, print_findings, stderr, stdout
    from levit_bench.judge.cold_starts import require_cold
    from levit_bench.judge.comparability import where
    from levit_bench.judge.compare.reference_network import holding
    from levit_bench.judge.variance.reproducibility import floors
    from levit_bench.report.views import cold_starts as starts
    from levit_bench.report.views import looks, reproducibility
    from levit_bench.report.views.cases import doubts
    from levit_bench.report.words.setting import session_line
    from levit_bench.store.lookup import resolve_session

    _require_one_table(variance + percentiles + cold + witness + (base is not None))
    _require_pair(base, network, as_markdown=as_markdown, as_json=as_json)
    results = api.load(resolve_session(root, session) if session else root)
    records = where(results.records, conditions_from(wanted)) if wanted else list(results.records)
    shown = [record for record in records if instrument or record.info.role == "subject"]
    if base is not None:
        sessions = holding(shown, base)
        shown = [record for record in shown if record.session in sessions]
    if cold:
        shown = [record for record in shown if session or any(run.cold for run in record.runs)]
        require_cold(shown)
    if network is not None and base is not None and not as_json:
        _show_grids(shown, network, base, as_markdown=as_markdown)
        print_findings(results.findings)
        print_findings(
            doubts([record for record in shown if record.case.network in (network, base)], results.records), most=MOST
        )
        return 0
    # One session says nothing about its day: the others of the store do.
    history = api.load(root).records if session and not root.is_file() else results.records
    rows, table = _views(
        base, results.records, history, variance=variance, percentiles=percentiles, cold=cold, witness=witness
    )
    if as_json:
        document = [row for row in rows(shown) if network is None or row["network"] == network]
        click.echo(json.dumps(document, indent=2, allow_nan=False))
    else:
        console = stdout()
        for line, group in groups(shown, heading=_machine if variance else session_line):
            console.print(Text(line, style="bold"))
            console.print(table(group))
        plain = not (variance or percentiles or cold or witness or base)
        if session and plain:
            for decided in looks.tables(shown):
                console.print(decided)
        if plain and not session and (told := reproducibility.line(floors(shown))):
            console.print(told, style="dim")
        if len(shown) > MANY and not (session or wanted):
            stderr().print(f"{len(shown)} cases. --session and --where choose among them.", style="dim")
    print_findings(results.findings)
    if cold:
        print_findings(starts.doubts(shown))
    print_findings(doubts(shown, results.records), most=MOST)
    return 0


def _require_one_table(asked: int) -> None:
    if asked > 1:
        tables = "--variance, --percentiles, --cold, --witness and --against"
        raise UsageError(f"{tables} are tables of their own. Ask for one at a time.")


def _require_pair(base: str | None, network: str | None, *, as_markdown: bool, as_json: bool) -> None:
    if network is not None and base is None:
        raise UsageError(f"--grid {network[:80]} needs a network to compare with: --against NETWORK.")
    if as_markdown and (network is None or as_json):
        raise UsageError("--markdown prints what --grid shows, and no JSON. Write --against NETWORK --grid NETWORK.")


def _show_grids(records: Sequence[Record], network: str, base: str, *, as_markdown: bool) -> None:
    """One network against another, a grid a session."""
    from rich.text import Text

    from levit_bench.cli.output import stdout
    from levit_bench.judge.compare.reference_network import against
    from levit_bench.report.views import grid as pair
    from levit_bench.report.words.safe_text import markdown_cell

    found = pair.grids(against(records, base), network)
    if as_markdown:
        parts = [[f"{markdown_cell(line, 300)}:", "", *pair.markdown(grid)] for line, grid in found.items()]
        click.echo("\n\n".join("\n".join(lines) for lines in parts))
        return
    for line, grid in found.items():
        stdout().print(Text(line, style="bold"))
        stdout().print(pair.table(grid))
    stdout().print(Text(pair.caption(network, base)))


def _views(
    base: str | None,
    whole: Sequence[Record],
    history: Sequence[Record],
    *,
    variance: bool,
    percentiles: bool,
    cold: bool,
    witness: bool,
) -> tuple[_Rows, _Table]:
    """How records of whole sessions are shown: as rows for programs, and as a table."""
    from levit_bench.judge.compare.reference_network import against
    from levit_bench.judge.variance.components import components
    from levit_bench.judge.variance.session_drift import drifts
    from levit_bench.report.views import cases
    from levit_bench.report.views import reference_network as report
    from levit_bench.report.views import variance as variances

    if variance:
        return (lambda shown: variances.rows(components(shown))), (lambda shown: variances.table(components(shown)))
    if percentiles:
        from levit_bench.report.views import percentiles as passes

        return passes.rows, passes.table
    if cold:
        from levit_bench.report.views import cold_starts as starts

        return starts.rows, starts.table
    if witness:
        from levit_bench.report.views import timer_agreement as second

        return second.rows, second.table
    if base is not None:
        return (lambda shown: report.rows(against(shown, base), base, whole)), (
            lambda shown: report.table(against(shown, base), base)
        )
    drift = drifts(history)
    return (lambda shown: cases.rows(shown, whole, drift)), (lambda shown: cases.table(shown, drift))


def groups(records: Iterable[Record], heading: Callable[[Record], str]) -> list[tuple[str, list[Record]]]:
    """Records under their headings, in the order of first appearance."""
    out: dict[str, list[Record]] = {}
    for record in records:
        out.setdefault(heading(record), []).append(record)
    return list(out.items())


def _machine(record: Record) -> str:
    from levit_bench.report.words.setting import machine_line

    return machine_line(record.machine)
