"""`levit-bench pick`: which network to take."""

from __future__ import annotations

import json
from pathlib import Path

import click

from levit_bench.cli.options import (
    Verb,
    conditions_from,
    json_option,
    session_option,
    set_option,
    store_option,
    where_option,
)
from levit_bench.errors import EXIT_DONE, EXIT_NOTHING, NothingToShowError


@click.command("pick", cls=Verb)
@click.option("--max-latency", metavar="DURATION", help="At most this long a batch: 20ms, 1.5s, 800us.")
@click.option("--min-throughput", type=float, metavar="IMAGES", help="At least this many images a second.")
@click.option("--min-top1", type=float, metavar="PERCENT", help="Published top-1 of at least this.")
@store_option
@session_option
@where_option
@set_option
@json_option
def command(
    max_latency: str | None,
    min_throughput: float | None,
    min_top1: float | None,
    root: Path,
    session: str | None,
    where: tuple[str, ...],
    on: str | None,
    as_json: bool,
) -> int:
    """Name the network to take, on one line, with the reason and the ties, from what is stored.

    With --max-latency or --min-throughput the most accurate that is fast enough; of equals in top-1, to one decimal,
    the fastest. With --min-top1 alone the fastest that is accurate enough. With both kinds the most accurate that is
    within all limits.

    A network counts as fast enough when its whole 95 % interval is within the limit, that of its latency or of its
    images a second; one whose interval holds the limit is named as one that may fit. Networks tie when they are equal
    in top-1, or when the interval of their ratio, paired by run, holds 1. One setting and one set of images are
    needed: --session, --where and --set choose them. Ends with 3 when none fits, or there are several.

    \b
    Examples:
      levit-bench pick --max-latency 20ms --session last --where allocator=pinned
      levit-bench pick --min-top1 80 --where threads=1 --where batch=1
      levit-bench pick --min-top1 90 --set my-parts
      levit-bench pick --max-latency 50ms --min-top1 82 --json
      levit-bench pick --min-throughput 100 --max-latency 200ms --where batch=16
    """
    from rich.text import Text

    from levit_bench import api
    from levit_bench.cli.output import MOST, print_findings, stderr
    from levit_bench.reading.picking import limits, picked
    from levit_bench.report.front.pick import around, document, sentence
    from levit_bench.report.words.findings import of_panels

    bounds = limits(max_latency, min_throughput, min_top1)  # refused before anything is read
    results = api.load(root, session).where(**conditions_from(where))
    choice = picked(results, bounds, on)
    if as_json:
        click.echo(json.dumps(document(choice), indent=2, allow_nan=False))
    elif choice.answer is None:
        raise NothingToShowError(sentence(choice))
    else:
        click.echo(sentence(choice))
    console = stderr()
    for line in around(choice):
        console.print(Text(line))
    print_findings(results.findings)
    named = (choice.answer, *(tie.point for tie in choice.ties), *choice.undecided)
    print_findings(of_panels([choice.panel], [point for point in named if point]), most=MOST)
    return EXIT_NOTHING if choice.answer is None else EXIT_DONE
