"""`levit-bench explain`: where the ratio between two cases comes from."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from levit_bench.cli.options import Verb, json_option, several_conditions_from, store_option, where_option
from levit_bench.errors import EXIT_DONE, EXIT_FAILED_CASE

if TYPE_CHECKING:
    from levit_bench.judge.explain.factors import Explanation
    from levit_bench.records import Finding
    from levit_bench.report.explain.tables import SideProfile


_PROFILING_S = 60.0  # What others who wait are told: it takes seconds a case, and has no budget.


@click.command("explain", cls=Verb)
@click.argument("first", metavar="CASE")
@click.argument("second", metavar="CASE")
@store_option
@click.option(
    "--session",
    "session",
    metavar="NAME",
    default="last",
    show_default=True,
    help="One session: its name, the beginning of it, or 'last'.",
)
@where_option
@click.option(
    "--profile", is_flag=True, help="Prepare both here and watch a pass of each, operator by operator: takes a minute."
)
@click.option("--no-wait", is_flag=True, help="Profile also while a session is at work on this machine.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Draw it, too: a .png, .svg or .pdf file.")
@json_option
def command(
    first: str,
    second: str,
    root: Path,
    session: str,
    where: tuple[str, ...],
    profile: bool,
    no_wait: bool,
    out: Path | None,
    as_json: bool,
) -> int:
    """Say where the ratio between two cases of a session comes from: work, allocator, efficiency.

    A CASE is a network, and what makes it unique: levit_192, or levit_192:batch=16,allocator=pinned. The factors come
    from stored figures, and their product is the ratio of the second over the first, paired by round.

    --profile measures on the spot and stores nothing: each case in a fresh process of its own, what share of a square
    matrix product's rate it reaches, its kernels, the bytes they move, and its time by kind of operator and by layer.

    \b
    Examples:
      levit-bench explain levit_192 efficientnet_b2 --where batch=16 --where allocator=shipped
      levit-bench explain levit_192:allocator=pinned levit_192:allocator=shipped --session 20261126T060430
      levit-bench explain levit_128s efficientnet_b0 --where allocator=pinned --profile --out why.png

    Exit codes: 0 done, 1 a case could not be profiled, 2 usage, 3 nothing to explain, 130 interrupted.
    """
    from rich.text import Text

    from levit_bench import api
    from levit_bench.cli.output import MOST, print_findings, print_words, print_wrapped, stderr, stdout
    from levit_bench.report.explain import tables as report
    from levit_bench.report.explain.figure import check_ending, draw
    from levit_bench.report.front.figure import save
    from levit_bench.report.views.cases import findings_of
    from levit_bench.report.words.safe_text import visible
    from levit_bench.report.words.setting import session_line
    from levit_bench.store.lookup import passed_over, resolve_session

    if out is not None:
        check_ending(out)
    path = resolve_session(root, session)
    results = (
        api.load_several([path], root, findings=passed_over(root, session))
        .subjects()
        .where(**several_conditions_from(where))
    )
    explanation = results.explain(first, second)
    both = explanation.first.record, explanation.second.record
    watched, findings = _profiles(explanation, wait=not no_wait) if profile else (None, [])
    if as_json:
        click.echo(json.dumps(report.document(explanation, watched), indent=2, allow_nan=False))
    else:
        console = stdout()
        print_wrapped(console, session_line(both[0]), style="bold")
        console.print(report.table(explanation))
        if watched:
            for table in (report.watched_table, report.kinds_table, report.layers_table):
                console.print(table(explanation, watched))
            for line in report.remarks(explanation, watched):
                print_wrapped(console, line, style="red")
        for line in report.notes(explanation):
            print_wrapped(console, line, style="dim")
        print_words(console, report.sentence(explanation))
    if out is not None:
        save(draw(explanation, watched), out, f"session {visible(both[0].session)}")
        stderr().print(Text(f"wrote {visible(str(out))}"), soft_wrap=True)
    print_findings((*results.findings, *explanation.findings, *findings))
    print_findings(findings_of(both, results.whole), most=MOST)
    return EXIT_FAILED_CASE if watched and any(side.reason for side in watched) else EXIT_DONE


def _profiles(explanation: Explanation, *, wait: bool) -> tuple[tuple[SideProfile, SideProfile], list[Finding]]:
    """Profiles of both sides, measured here, and findings on how this differs from the stored session."""
    from rich.text import Text

    from levit_bench.asking.ability import require_measuring

    require_measuring("profile")
    from levit_bench.cli.output import stderr
    from levit_bench.cli.progress import reporter
    from levit_bench.judge.explain.profile import ProfileSource, elsewhere, unlike
    from levit_bench.measuring.machine.description import conditions, machine
    from levit_bench.measuring.profiling.profiled_cases import check, profiles
    from levit_bench.measuring.session.machine_lock import alone
    from levit_bench.records import Case
    from levit_bench.report.explain.tables import SideProfile
    from levit_bench.report.words.safe_text import visible

    console = stderr()

    def show_progress(what: str, case: Case) -> None:
        console.print(Text(visible(f"{what} {case.network}"), style="dim"))

    both = explanation.first, explanation.second
    for side in both:
        check(side.record.case)
    what = f"profiles {both[0].record.case.network} and {both[1].record.case.network}"
    with ExitStack() as profiling:
        with reporter(console) as observer:  # Its bar must have ended before the steps are printed.
            beside = profiling.enter_context(alone(what, _PROFILING_S, observer, wait=wait))
        outcomes = profiles([side.record.case for side in both], both[0].record.protocol, show_progress)
    here, versions = machine(gpus=False).hardware.id, conditions().versions
    out, findings = [], [*beside]
    for side in both:
        outcome = outcomes[side.record.info.id]
        if isinstance(outcome, str):
            out.append(SideProfile(reason=outcome))
            continue
        out.append(SideProfile(outcome.profile))
        origin = ProfileSource(here, versions.get("torch"), outcome.prepared.params, outcome.prepared.macs)
        finding = elsewhere(side.record, origin) or unlike(side.record, side.latency.value, outcome.profile)
        findings += [finding] if finding else []
    return (out[0], out[1]), findings
