"""`levit-bench scaling`: speed-up and efficiency by threads and streams."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from levit_bench.cli.options import Verb, choice_options, json_option

if TYPE_CHECKING:
    from levit_bench.reading.session_choice import SessionChoice


@click.command("scaling", cls=Verb)
@choice_options
@click.option("--out", type=click.Path(path_type=Path), help="Draw the curves into this PNG, SVG or PDF file.")
@json_option
def command(choice: SessionChoice, out: Path | None, as_json: bool) -> int:
    """Show how speed grows with threads, and with streams: processes that work at once on processors of their own.

    Images a second over those of one thread, paired by round; the efficiency divides by the processors. Where a
    session holds both, streams are compared with one process that has as many threads. Without --session, the newest
    session counts that holds one thread and more.

    \b
    Examples:
      levit-bench run --networks levit_192,efficientnet_b0 --threads 1,2 --batch 16 --budget 3m
      levit-bench run --networks levit_192 --threads 1,2 --streams 1,2 --budget 3m
      levit-bench scaling --out scaling.png

    Exit codes: 0 done, 2 usage, 3 no network was measured with one thread and with more.
    """
    from rich.text import Text

    from levit_bench import api
    from levit_bench.cli.output import MOST, print_findings, print_words, print_wrapped, stderr, stdout
    from levit_bench.report.explain.figure import check_ending
    from levit_bench.report.front.figure import save
    from levit_bench.report.views import scaling as report
    from levit_bench.report.views.cases import findings_of
    from levit_bench.report.views.scaling_figure import draw
    from levit_bench.report.words.safe_text import visible
    from levit_bench.report.words.setting import session_line

    if out is not None:
        check_ending(out)
    results = api.load_chosen(choice).subjects()
    curves = results.scaling()
    if as_json:
        click.echo(json.dumps(report.rows(curves), indent=2, allow_nan=False))
    else:
        print_wrapped(stdout(), session_line(curves[0].base), style="bold")
        stdout().print(report.table(curves))
        for line in report.notes(curves):
            print_words(stdout(), line)
    if out is not None:
        save(draw(curves), out, f"session {visible(curves[0].base.session)}")
        stderr().print(Text(f"wrote {visible(str(out))}"), soft_wrap=True)
    print_findings(results.findings)
    print_findings(findings_of([step.record for curve in curves for step in curve.steps], results.whole), most=MOST)
    return 0
