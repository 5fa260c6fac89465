"""`levit-bench front`: the Pareto front of what is stored."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bench.cli.options import conditions_from, json_option, session_option, store_option, where_option


@click.command("front")
@store_option
@session_option
@where_option
@click.option(
    "--metric", type=click.Choice(["latency", "throughput"]), default="latency", show_default=True, help="Which speed."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("reports"),
    show_default=True,
    help="Folder for front.png, front.svg, front.csv and front.md.",
)
@json_option
def command(root: Path, session: str | None, wanted: tuple[str, ...], metric: str, out: Path, as_json: bool) -> int:
    """Draw the speed/accuracy Pareto front of what is stored.

    Only what is comparable shares a panel: one machine, device, threads, batch, runtime, precision, form, allocator
    and torch version. Prints the table and writes PNG, SVG, CSV and Markdown.

    \b
    Examples:
      levit-bench front
      levit-bench front --session last --where threads=1
    """
    from rich.text import Text

    from bench import api
    from bench.cli.output import print_findings, stderr, stdout
    from bench.judge.comparable import where
    from bench.judge.front import panels, require_comparable
    from bench.report.export import write_front
    from bench.report.reproduce import reproduce
    from bench.report.table import rows, table
    from bench.report.text import visible
    from bench.request import resolve_session

    results = api.load(resolve_session(root, session) if session else root)
    records = where(results.records, conditions_from(wanted)) if wanted else results.records
    found = panels(records, "throughput" if metric == "throughput" else "latency")
    require_comparable(found)
    written = write_front(found, out, reproduce(found, session))
    if as_json:
        click.echo(json.dumps(rows(found), indent=2, allow_nan=False))
    else:
        console = stdout()
        for panel in found:
            console.print(table(panel))
    print_findings(results.findings)
    console = stderr()
    for path in written:
        console.print(Text(f"wrote {visible(str(path))}"), soft_wrap=True)
    return 0
