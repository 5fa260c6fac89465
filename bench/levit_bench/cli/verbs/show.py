"""`levit-bench show`: stored cases, one line each, and other views of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from levit_bench.cli.options import Verb, choice_options, json_option
from levit_bench.errors import UsageError
from levit_bench.report.views.registry import VIEWS, chosen, option

if TYPE_CHECKING:
    from levit_bench.reading.session_choice import SessionChoice

MANY = 100
"""Number of cases above which a hint says how to choose among them."""


def view_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """One option for each view: a flag, or one with a value, as its registration states."""
    for name, entry in reversed(VIEWS.items()):
        takes: dict[str, Any] = {"metavar": entry.value} if entry.value else {"is_flag": True}
        command = click.option(option(name), name, help=entry.words, **takes)(command)
    return command


@click.command("show", cls=Verb)
@choice_options
@click.option("--instrument", is_flag=True, help="Show the yardsticks and the null network, too.")
@view_options
@click.option("--markdown", "as_markdown", is_flag=True, help="With --grid: print Markdown, for a page.")
@json_option
def command(
    choice: SessionChoice,
    instrument: bool,
    as_markdown: bool,
    as_json: bool,
    **views: str | bool | None,
) -> int:
    """Show what is stored, one line a case and session; failed cases with their reason.

    Without a choice and a view, shows the newest session that was not taken under an emulator, and below it a list of
    the others. --json, --where and views are about all sessions, unless some are chosen.

    \b
    Examples:
      levit-bench show
      levit-bench show --session last
      levit-bench show --where allocator=pinned --variance
      levit-bench show --session last --against levit_128s
      levit-bench show --session last --against levit_192 --grid efficientnet_b2 --markdown
      levit-bench show --session last --percentiles
      levit-bench show --cold
    """
    from levit_bench import api
    from levit_bench.cli.output import MOST, print_findings, print_wrapped, stderr, stdout
    from levit_bench.reading.session_list import newest_session, other_sessions
    from levit_bench.report.listings import sessions
    from levit_bench.report.views.cases import findings_of
    from levit_bench.report.words import checked_references, gate_sessions

    chosen(views)  # refused before anything is read
    if as_markdown and (views["grid"] is None or as_json):
        raise UsageError("--markdown prints what --grid shows, and no JSON. Write --against NETWORK --grid NETWORK.")
    is_about_all = as_json or choice.names_sessions or choice.conditions or chosen(views)
    newest = None if is_about_all else newest_session(choice.stores)
    results = (
        api.load_chosen(choice._replace(takes_gates=True))
        if newest is None
        else api.load_several([newest[1]], newest[0])
    )
    view = results.show(instrument=instrument, **views)
    if as_json:
        click.echo(json.dumps(view.rows(), indent=2, allow_nan=False))
    elif as_markdown and view.markdown is not None:
        click.echo(view.markdown())
    else:
        console = stdout()
        for line, table in view.sections():
            print_wrapped(console, line, style="bold")
            console.print(table)
        for part in view.closing():
            console.print(part)
        if (checked := checked_references.sentence(view.records)) is not None:
            print_wrapped(console, checked, style="dim")
        if (of_gate := gate_sessions.sentence(view.records)) is not None:
            print_wrapped(console, of_gate, style="dim")
        shown = {record.session for record in view.records}
        if newest is not None and (others := other_sessions(choice.stores, shown)):
            console.print()
            console.print(sessions.table(others))
        if len(view.records) > MANY and not (choice.names_sessions or choice.conditions):
            stderr().print(f"{len(view.records)} cases. --session and --where choose among them.", style="dim")
    print_findings(results.findings)
    print_findings(view.findings())
    print_findings(findings_of(view.records, results.whole), most=MOST)
    return 0
