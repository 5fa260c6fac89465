"""`levit-bench gate`: two sides measured in one session, and a verdict on the second."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from levit_bench.cli.faults import no_verdict
from levit_bench.cli.options import Verb, gate_request_options, json_option, request_from, store_option
from levit_bench.errors import EXIT_DONE, EXIT_USAGE, UsageError

if TYPE_CHECKING:
    from levit_bench.judge.gate.gate_report import GateReport, GateRules
    from levit_bench.judge.verdicts import Rules


_OF_MEASURING = ("first", "second", "control", "networks", "budget", "find", "at_most", "title", "is_plan")
"""Parameters that mean nothing where stored sessions are judged."""
_NOT_REPEATED = ("is_plan", "root", "out", "annotations", "as_json", "no_wait", "cache", "fresh")
"""Parameters that say where to, when and how it is shown, and nothing of what is measured and judged."""
_MOST = "10m"


@click.command("gate", cls=Verb)
@click.option(
    "--a",
    "first",
    metavar="SIDE",
    help="What is compared with: a revision, an interpreter, requirements such as 'torch==2.12.*', values of axes such "
    "as runtime=eager, or several of these.  [default: the merge base with the default branch]",
)
@click.option(
    "--b", "second", metavar="SIDE", help="What is judged, named in the same ways.  [default: the working tree]"
)
@click.option(
    "--null",
    "control",
    is_flag=True,
    help="Measure side a a second time: no verdict within what it differs from itself.",
)
@gate_request_options
@click.option(
    "--find",
    metavar="PERCENT",
    help="In place of --budget: as long as it takes to find such a slowdown nine times in ten, by what this machine's "
    "stored gates scatter.",
)
@click.option("--at-most", default=_MOST, show_default=True, metavar="TIME", help="The most that --find may take.")
@click.option(
    "--plan",
    "is_plan",
    is_flag=True,
    help="Measure and install nothing: say how long it would take and which slowdown it would find, by what this "
    "machine's stored sessions took and its gates scatter.",
)
@click.option(
    "--margin",
    default="5%",
    show_default=True,
    metavar="PERCENT",
    help="A case is the same within this share; a gate that could not have found so much is inconclusive.",
)
@click.option(
    "--min-effect",
    default="2%",
    show_default=True,
    metavar="PERCENT",
    help="Smaller slowdowns do not fail, however sure they are.",
)
@click.option("--allow-inconclusive", is_flag=True, help="End with 0 also where the data cannot tell.")
@click.option(
    "--allow-other-outputs", is_flag=True, help="Judge the time of a network also where it computes something else."
)
@click.option(
    "--baseline",
    metavar="SESSION",
    help="Measure nothing: compare a stored session with this one, or with a tag or a store of this machine.",
)
@click.option(
    "--reference", metavar="SESSION", help="With --baseline: a second one, fixed, against which slow drift shows."
)
@click.option(
    "--session",
    metavar="NAME",
    help="Measure nothing: judge a stored gate once more; with --baseline, the session that is compared.",
)
@store_option
@click.option("--title", help="What the gate is for; kept in its session.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write comment.md, junit.xml, gate.json, gate.svg and gate.png there.",
)
@click.option("--name", default="", help="Of this gate, where a pull request has several comments.")
@click.option("--annotations", is_flag=True, help="Print annotations for GitHub's runners, too.")
@json_option
@no_verdict()
def command(
    *,
    root: Path,
    margin: str,
    min_effect: str,
    allow_inconclusive: bool,
    allow_other_outputs: bool,
    baseline: str | None,
    reference: str | None,
    session: str | None,
    out: Path | None,
    name: str,
    annotations: bool,
    as_json: bool,
    **words: Any,  # noqa: ANN401
) -> int:
    """Measure two sides in one session, and judge each network of the second.

    Both sides take turns in random order, in several fresh runs, each in processes of its own environment; nothing
    differs but what is named. In a git repository the working tree is judged against the merge base with the default
    branch. Halfway, cases whose verdict is certain are left out, and the rest of the time is for the others.

    \b
    Examples:
      levit-bench gate --networks models/nets.py:build --budget 2m
      levit-bench gate --a main --networks models/nets.py:build --out gate
      levit-bench gate --a main --networks models/nets.py:build --find 3% --plan
      levit-bench gate --a 'torch==2.12.*' --networks paper --budget 5m
      levit-bench gate --a runtime=eager --b runtime=onnxruntime --networks levit_192
      levit-bench gate --session last --out gate
      levit-bench gate --baseline good --reference v1

    Exit codes: 0 nothing is slower and a slowdown of the margin would have been found, 1 a case is slower, failed,
    missing or computes something else, 2 usage, or a side cannot be had or a file not be written, 3 the data cannot
    tell or nothing was compared, 130 interrupted.
    """
    from levit_bench.cli.output import print_findings
    from levit_bench.judge.gate.gate_report import GateRules
    from levit_bench.reading.gate import gate_of_stored
    from levit_bench.reading.rules import gate_rules_from
    from levit_bench.report.gate import pages

    if words["is_plan"] and (out is not None or annotations):
        raise UsageError("--plan measures nothing, so there is no verdict to write. Leave --out, --annotations out.")
    if out is not None:
        pages.clear(out)
    rules = gate_rules_from(min_effect, margin)
    gate_rules = GateRules(rules.min_effect, rules.margin, allow_inconclusive, allow_other_outputs)
    if baseline is not None:
        _refuse_measuring_options("--baseline")
        report = gate_of_stored(root, session or "last", [baseline, *([reference] if reference else [])], gate_rules)
    elif reference is not None:
        raise UsageError("--reference goes with --baseline, which compares stored sessions. Add it, or leave it out.")
    elif session is not None:
        _refuse_measuring_options("--session")
        report = _again(root, session, gate_rules)
    elif words.pop("is_plan"):
        return _planned(root, rules, words, as_json=as_json)
    else:
        report = _measured(root, gate_rules, words)
    if session is None or baseline is not None:
        report = report._replace(command=_words_of_command())
    _show(report, out, name, annotations=annotations, as_json=as_json)
    print_findings(report.findings)
    return report.exit_code


def _again(root: Path, session: str, rules: GateRules) -> GateReport:
    """The verdicts of a stored gate once more, by its own rules where the command line has no others."""
    from levit_bench import api
    from levit_bench.reading.session_choice import SessionChoice

    context = click.get_current_context()
    given: dict[str, str | None] = {
        name: context.params[name] if context.get_parameter_source(name) is ParameterSource.COMMANDLINE else None
        for name in ("min_effect", "margin")
    }
    return api.load_chosen(SessionChoice((root,), (session,), takes_gates=True)).gate(
        **given, allow_inconclusive=rules.allow_inconclusive, allow_other_outputs=rules.allow_other_outputs
    )


def _measured(root: Path, rules: GateRules, words: dict[str, Any]) -> GateReport:
    """Measure the two sides, and judge what was measured."""
    from levit_bench import api
    from levit_bench.asking import arguments
    from levit_bench.asking.sides import NothingSharedError
    from levit_bench.cli.faults import keeping
    from levit_bench.cli.output import print_words, stderr
    from levit_bench.cli.progress import reporter
    from levit_bench.judge.gate.one_sided import one_sided
    from levit_bench.judge.verdicts import Rules
    from levit_bench.reading.gate import gate_of_session

    sides = words.pop("first"), words.pop("second")
    control, find, at_most, title = (words.pop(name) for name in ("control", "find", "at_most", "title"))
    arguments.title(title)
    share = _slowdown(find)
    if share is not None:
        words["budget"] = at_most
    try:
        with reporter(stderr()) as observer:
            outcome = api.measure_gate(
                request_from(words), root, sides, Rules(rules.min_effect, rules.margin), observer,
                control=control, find=share, title=title,
            )  # fmt: skip
    except NothingSharedError as error:
        for line in error.lines:
            print_words(stderr(), line)
        return one_sided(*error.found, rules)
    with keeping(outcome.path):
        results = api.load(outcome.path)
        report = gate_of_session(results.records, results.findings, rules)
        return report._replace(is_stopped=outcome.interrupted)


def _planned(root: Path, rules: Rules, words: dict[str, Any], *, as_json: bool) -> int:
    """Print the plan of a gate."""
    from levit_bench import api
    from levit_bench.asking.ability import require_measuring
    from levit_bench.cli.output import print_findings, print_words, stdout
    from levit_bench.report.gate import plan as report_words
    from levit_bench.report.listings.plan import table
    from levit_bench.store import files

    require_measuring()
    from levit_bench.asking.gate_plan import plan_gate
    from levit_bench.measuring.sides.side_words import SideWords, side_words

    texts = (("--a", words.pop("first")), ("--b", words.pop("second")))
    first, second = (SideWords() if text is None else side_words(option, text) for option, text in texts)
    control, find, at_most, _ = (words.pop(name) for name in ("control", "find", "at_most", "title"))
    share = _slowdown(find)
    if share is not None:
        words["budget"] = at_most
    history, unreadable = files.load_readable(files.session_files(root)) if root.exists() else ([], [])
    planned = plan_gate(
        request_from(words), history, (first, second), rules, api.planner_for(root), control=control, find=share
    )
    given = planned.forecast, planned.plan, planned.protocol, planned.budget, planned.found, planned.takes
    if as_json:
        click.echo(json.dumps(report_words.document(*given), indent=2, allow_nan=False))
    else:
        stdout().print(table(planned.forecast))
        for sentence in report_words.sentences(*given):
            print_words(stdout(), sentence)
    print_findings(unreadable)
    return EXIT_DONE if planned.budget.refusal is None else EXIT_USAGE


def _slowdown(find: str | None) -> float | None:
    """The share that --find names.

    Raises:
        UsageError: it is none, or comes with a budget.
    """
    from levit_bench.reading.rules import slowdown_from

    context = click.get_current_context()
    given = {
        name for name in ("budget", "at_most") if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    if find is None:
        if "at_most" in given:
            raise UsageError("--at-most goes with --find. Name the slowdown to be found, or say --budget.")
        return None
    if "budget" in given:
        raise UsageError("--find plans the budget itself. Leave --budget out; --at-most limits it.")
    return slowdown_from(find)


def _refuse_measuring_options(stored: str) -> None:
    """Check that nothing is said of measuring where stored sessions are judged.

    Raises:
        UsageError: naming what is.
    """
    context = click.get_current_context()
    names = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in _OF_MEASURING
        and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]
    if names:
        raise UsageError(f"{stored} judges what is stored and measures nothing. Leave {', '.join(names)} out.")


def _words_of_command() -> tuple[str, ...]:
    """The options of this command line that say what is compared and by which rules, for whoever repeats it."""
    context = click.get_current_context()
    words: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        value = context.params.get(name)
        if name in _NOT_REPEATED or context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        if value is True:
            words.append(parameter.opts[0])
        elif value not in (None, False):
            words += [parameter.opts[0], ",".join(map(str, value)) if isinstance(value, tuple) else str(value)]
    return tuple(words)


def _show(report: GateReport, out: Path | None, name: str, *, annotations: bool, as_json: bool) -> None:
    """Print the report, and write its files."""
    from levit_bench.cli.output import print_words, print_wrapped, stderr, stdout
    from levit_bench.report.gate import pages
    from levit_bench.report.gate.annotations import workflow_commands
    from levit_bench.report.gate.document import encoded
    from levit_bench.report.gate.sentence import overall
    from levit_bench.report.gate.table import notes, table

    console = stdout()
    if as_json:
        click.echo(encoded(report), nl=False)
        print_words(stderr(), overall(report).text)
    else:
        console.print(table(report))
        for note in notes(report):
            print_wrapped(console, note, style="dim")
        print_words(console, overall(report).text)
    if annotations:
        for line in workflow_commands(report):
            click.echo(line, err=as_json)
    if out is not None:
        written = pages.write(report, out, name)
        print_words(stderr(), f"wrote {', '.join(map(str, written))}")
