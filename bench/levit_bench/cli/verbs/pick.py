"""`levit-bench pick`: which network to take."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from levit_bench.cli.options import (
    Verb,
    choice_options,
    json_option,
    set_option,
)
from levit_bench.errors import EXIT_DONE, EXIT_NOTHING, NothingToShowError

if TYPE_CHECKING:
    from levit_bench.reading.session_choice import SessionChoice


@click.command("pick", cls=Verb)
@click.option("--max-latency", metavar="DURATION", help="At most this long a batch: 20ms, 1.5s, 800us.")
@click.option("--min-throughput", type=float, metavar="IMAGES", help="At least this many images a second.")
@click.option("--min-top1", type=float, metavar="PERCENT", help="Published top-1 of at least this.")
@click.option(
    "--percentile",
    metavar="P",
    help="--max-latency holds for this percent of the passes, from 50 on: p95, p99.  [default: the median]",
)
@choice_options
@set_option
@json_option
def command(
    max_latency: str | None,
    min_throughput: float | None,
    min_top1: float | None,
    percentile: str | None,
    choice: SessionChoice,
    on: str | None,
    as_json: bool,
) -> int:
    """Name the network to take, and in which runtime or other setting, with the reason, from what is stored.

    With --max-latency or --min-throughput the most accurate that is fast enough; of equals in top-1, to one decimal,
    the fastest. With --min-top1 alone the fastest that is accurate enough. With both kinds the most accurate that is
    within all limits.

    A network counts as fast enough when its whole 95 % interval is within the limit, that of its latency or of its
    images a second, in each of the sessions that are joined; one whose interval holds the limit is named as one that
    may fit, and so is one of fewer than three runs. Networks tie when they are equal
    in top-1, or when the interval of their ratio, paired by run, holds 1. All settings of one machine and device
    count: a table has the best of each, another the other networks and why they lost. --session, --where and --set
    choose. Ends with 3 when none fits, or there are several machines or sets of images.

    \b
    Examples:
      levit-bench pick --max-latency 30ms --min-top1 78 --session last --where allocator=pinned
      levit-bench pick --max-latency 30ms --percentile p95 --session last
      levit-bench pick --min-top1 80 --where threads=1 --where batch=1
      levit-bench pick --min-top1 90 --set my-parts
      levit-bench pick --max-latency 50ms --min-top1 82 --json
      levit-bench pick --min-throughput 100 --max-latency 200ms --where batch=16
    """
    from levit_bench import api
    from levit_bench.cli.output import MOST, print_findings, print_words, stderr, stdout
    from levit_bench.cli.standard_streams import OUT
    from levit_bench.reading.picking import limits, picked
    from levit_bench.report.front.pick import (
        around,
        document,
        more_passes,
        rivals_table,
        sentence,
        settings_table,
    )
    from levit_bench.report.words.findings import of_panels

    bounds = limits(max_latency, min_throughput, min_top1, percentile)  # refused before anything is read
    results = api.load_chosen(choice)
    pick = picked(results, bounds, on)
    if as_json:
        click.echo(json.dumps(document(pick), indent=2, allow_nan=False))
    else:
        if pick.answer is not None:
            # A script gets it on one line; a terminal would break that within words.
            if OUT.isatty():
                print_words(stdout(), sentence(pick))
            else:
                click.echo(sentence(pick))
        # Without an answer nothing goes to stdout, where a script looks for one.
        out = stderr() if pick.answer is None else stdout()
        for table in (settings_table(pick), rivals_table(pick)):
            if table is not None:
                out.print(table)
    console = stderr()
    for line in (*around(pick), *more_passes(pick)):
        print_words(console, line)
    print_findings(results.findings)
    named = (pick.answer, *(tie.point for tie in pick.ties), *pick.undecided)
    print_findings(of_panels(pick.panels, [point for point in named if point]), most=MOST)
    if pick.answer is None and not as_json:
        raise NothingToShowError(sentence(pick))
    return EXIT_NOTHING if pick.answer is None else EXIT_DONE
