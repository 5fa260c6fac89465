"""`levit-bench show`: what is stored, one line a case."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.options import conditions_from, json_option, session_option, store_option, where_option

if TYPE_CHECKING:
    from bench.records import Record

MANY = 100
"""Cases from which on the reader is told how to choose among them."""


@click.command("show")
@store_option
@session_option
@where_option
@click.option("--instrument", is_flag=True, help="Show the yardsticks and the null network, too.")
@click.option("--variance", is_flag=True, help="Show where the variance lies: between sessions, runs, rounds, passes.")
@json_option
def command(
    root: Path, session: str | None, wanted: tuple[str, ...], instrument: bool, variance: bool, as_json: bool
) -> int:
    """Show what is stored, one line a case and session; failed cases with their reason.

    \b
    Examples:
      levit-bench show --session last
      levit-bench show --where allocator=pinned --variance
    """
    from rich.text import Text

    from bench import api
    from bench.cli.output import print_findings, stderr, stdout
    from bench.judge.comparable import where
    from bench.judge.components import components
    from bench.report import cases, variances
    from bench.report.heading import session_line
    from bench.request import resolve_session

    results = api.load(resolve_session(root, session) if session else root)
    records = where(results.records, conditions_from(wanted)) if wanted else list(results.records)
    shown = [record for record in records if instrument or record.info.role == "subject"]
    if as_json:
        rows = variances.rows(components(shown)) if variance else cases.rows(shown)
        click.echo(json.dumps(rows, indent=2, allow_nan=False))
    else:
        console = stdout()
        for line, group in groups(shown, heading=_machine if variance else session_line):
            console.print(Text(line, style="bold"))
            console.print(variances.table(components(group)) if variance else cases.table(group))
        if len(shown) > MANY and not (session or wanted):
            stderr().print(f"{len(shown)} cases. --session and --where choose among them.", style="dim")
    print_findings((*results.findings, *cases.doubts(shown)))
    return 0


def groups(records: Iterable[Record], heading: Callable[[Record], str]) -> list[tuple[str, list[Record]]]:
    """Records under their headings, in the order of first appearance."""
    out: dict[str, list[Record]] = {}
    for record in records:
        out.setdefault(heading(record), []).append(record)
    return list(out.items())


def _machine(record: Record) -> str:
    from bench.report.heading import machine_line

    return machine_line(record.machine)
