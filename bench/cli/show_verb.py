"""`levit-bench show`: what is stored, one line a case."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bench.cli.options import conditions_from, json_option, session_option, store_option, where_option


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
    from bench import api
    from bench.cli.output import print_findings, stdout
    from bench.judge.comparable import where
    from bench.judge.components import components
    from bench.report import cases, variances
    from bench.request import resolve_session

    results = api.load(resolve_session(root, session) if session else root)
    records = where(results.records, conditions_from(wanted)) if wanted else list(results.records)
    shown = [record for record in records if instrument or record.info.role == "subject"]
    if as_json:
        rows = variances.rows(components(shown)) if variance else cases.rows(shown)
        click.echo(json.dumps(rows, indent=2, allow_nan=False))
    else:
        stdout().print(variances.table(components(shown)) if variance else cases.table(shown))
    print_findings((*results.findings, *cases.doubts(shown)))
    return 0
