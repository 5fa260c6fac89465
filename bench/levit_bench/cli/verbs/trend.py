"""`levit-bench trend`: cases over stored sessions, with the changes that last, and who changed with whom."""

from __future__ import annotations

from pathlib import Path

import click

from levit_bench.cli.options import Verb, json_option, several_conditions_from, where_option
from levit_bench.reading.acknowledged import FILE


@click.command("trend", cls=Verb)
@click.option(
    "--store",
    "stores",
    type=click.Path(path_type=Path),
    multiple=True,
    default=(Path("results"),),
    help="Folder of sessions. Several are read as one.  [default: results]",
)
@where_option
@click.option(
    "--reference",
    metavar="SESSION",
    help="Session or tag that slow drift is held against.  [default: the first sessions of each case]",
)
@click.option(
    "--since",
    metavar="TIME",
    help="Alerts that were found before are not new: 2026-11-26, 2026-11, or 7d ago.  [default: all are]",
)
@click.option(
    "--min-effect",
    default="2%",
    show_default=True,
    metavar="PERCENT",
    help="Smaller changes raise no alert, however sure they are.",
)
@click.option(
    "--acknowledged",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=f"Alerts that a person has seen.  [default: {FILE} in the current folder, where it is there]",
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Write trend.json, trend.svg and trend.png there."
)
@click.option("--each", is_flag=True, help="With --out: also a picture of each case.")
@json_option
def command(
    stores: tuple[Path, ...],
    where: tuple[str, ...],
    reference: str | None,
    since: str | None,
    min_effect: str,
    acknowledged: Path | None,
    out: Path | None,
    *,
    each: bool,
    as_json: bool,
) -> int:
    """Read each case of a machine along its sessions, and find the changes that last.

    Each case is followed as its ratio to the yardstick. A change is found night by night, by the order of the last
    sessions among those before, so that at most one false alert a year is expected of 50 cases measured every night. A
    series is split, and the split is named, where torch, the runtime, the GPU or the yardstick changed: its numbers are
    in another unit from there on. Each event says how much, between which sessions and commits, what else changed
    there, and who moved: one network means the network, nearly all mean the machine or a package.

    A known change is acknowledged in trend.toml, and raises no alert any more: [[alert]] with id, verdict (expected,
    fixed or noise), who and why.

    \b
    Examples:
      levit-bench trend
      levit-bench trend --where network=levit_192,threads=1 --out reports/trend --each
      levit-bench trend --since 1d --json

    Exit codes: 0 no new alert, 1 there is one, or a file cannot be written, 2 usage, 3 nothing to show.
    """
    from levit_bench import api
    from levit_bench.cli.output import print_findings, print_words, print_wrapped, stderr, stdout
    from levit_bench.reading.session_choice import SessionChoice
    from levit_bench.report.trend.files import encoded_document
    from levit_bench.report.trend.table import lines, summary, table

    choice = SessionChoice(stores, conditions=several_conditions_from(where))
    page = api.load_chosen(choice).trend(
        reference=reference, since=since, min_effect=min_effect, acknowledged=acknowledged, repository="."
    )
    trend = page.trend
    written = () if out is None else page.write(out, each=each)
    if as_json:
        click.echo(encoded_document(trend).decode(), nl=False)
        print_words(stderr(), summary(trend, str(acknowledged or FILE)))
    else:
        console = stdout()
        console.print(table(trend))
        for line in lines(trend):
            print_wrapped(console, line)
        print_words(console, summary(trend, str(acknowledged or FILE)))
    if written:
        print_words(stderr(), f"wrote {', '.join(map(str, written[:6]))}{' and more' if len(written) > 6 else ''}")
    print_findings(trend.findings)
    return trend.exit_code
