"""`levit-bench nightly`: a stored plan measured, judged against the trend, and written down, in one command."""

from __future__ import annotations

from pathlib import Path

import click

from levit_bench.cli.options import Verb, store_option
from levit_bench.errors import EXIT_NOTHING


@click.command("nightly", cls=Verb)
@click.argument("plan", type=click.Path(path_type=Path))
@store_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("reports/nightly"),
    show_default=True,
    metavar="FOLDER",
    help="Write report.html, comment.md, trend.json, trend.svg and trend.png there.",
)
def command(plan: Path, root: Path, out: Path) -> int:
    """Measure the plan of a night, add the session to the store, and judge it against the trend.

    PLAN is a TOML file: networks, budget and the other arguments of levit_bench.measure, and a table [judge] with
    reference, since, min_effect and acknowledged. A change that nobody has acknowledged makes the night fail for 30
    days, or as long as since says. With a reference, a session or a tag, slow drift is held against it. A second night
    on the same machine ends at once, and a session of another kind is waited for.

    \b
    Examples:
      levit-bench nightly nightly.toml
      levit-bench nightly nightly.toml --store ~/results --out ~/public/nightly

    Exit codes: 0 no new alert, 1 there is one, a case failed, or the disk is full, 2 usage, or --out cannot be written
    to, 3 another night is at work, 130 interrupted.
    """
    from levit_bench import api
    from levit_bench.asking.ability import require_measuring

    require_measuring()
    from levit_bench.cli.faults import keeping
    from levit_bench.cli.output import print_findings, print_words, print_wrapped, stderr, stdout
    from levit_bench.cli.progress import reporter
    from levit_bench.measuring.session.machine_lock import only_one
    from levit_bench.nightly.night import FILES, carry_out, check
    from levit_bench.nightly.plan import read_plan
    from levit_bench.paths.whole_files import clear_files
    from levit_bench.report.trend.comment import headline_of
    from levit_bench.report.trend.table import lines, table
    from levit_bench.report.views import cases

    night_plan = read_plan(plan)
    check(night_plan, root)
    with only_one("nightly", night_plan.title) as holder:
        if holder:
            print_words(stderr(), f"another night is at work on this machine: {holder}. Nothing was measured.")
            return EXIT_NOTHING
        clear_files(out, FILES)
        with reporter(stderr()) as observer:
            night = carry_out(night_plan, root, observer)
        with keeping(night.outcome.path):
            console, results = stdout(), api.load(night.outcome.path)
            console.print(cases.table([record for record in results.records if record.info.role == "subject"]))
            if night.trend is not None:
                console.print(table(night.trend.trend))
                for line in lines(night.trend.trend):
                    print_wrapped(console, line)
            print_words(console, headline_of(night.tonight))
            written = night.write(out)
            print_words(stderr(), f"wrote {', '.join(map(str, written))}")
            print_findings([*results.findings, *night.findings, *(night.trend.trend.findings if night.trend else ())])
    return night.exit_code
