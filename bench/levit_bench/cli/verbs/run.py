"""`levit-bench run`: time networks and store the session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from levit_bench.cli.options import Verb, goal_options, json_option, request_from, request_options, store_option
from levit_bench.errors import EXIT_DONE, EXIT_FAILED_CASE, EXIT_INTERRUPTED, UsageError

_WITH_RESUME = ("resume", "budget", "no_wait", "root", "as_json")
"""Parameters that mean something beside --resume."""


@click.command("run", cls=Verb)
@request_options
@goal_options
@store_option
@click.option(
    "--resume",
    metavar="SESSION",
    help="Add fresh runs to a session (its name, or 'last') for --budget; its intervals pay for the look.",
)
@click.option("--title", help="What the session is for; kept in its file.")
@json_option
def command(root: Path, resume: str | None, title: str | None, as_json: bool, **words: Any) -> int:  # noqa: ANN401
    """Time networks on this machine and store the session.

    All cases take turns in random order, in several fresh runs, beside a reference network. Ctrl-C keeps what was
    taken. Preparation comes on top of the budget: about two seconds a network and ten for the start; what is prepared
    is kept, and later sessions begin after those ten ('levit-bench cache'). Worker processes do not inherit the
    shell's variables: LEVIT_BENCH_PASS_ENV=NAME[,NAME] passes some on, and stores them.

    \b
    Examples:
      levit-bench run --networks levit_128s,efficientnet_b0 --threads 1 --batch 1 --budget 60s
      levit-bench run --networks paper --allocator pinned,shipped --budget 10m
      levit-bench run --networks paper --race --budget 3m
      levit-bench run --networks levit_192,efficientnet_b2 --target-error 1% --budget 5m
      levit-bench run --networks nets.py:build,levit_128s --accuracy 78.3
      levit-bench run --resume last --budget 2m
    """
    from rich.text import Text

    from levit_bench import api
    from levit_bench.asking import arguments
    from levit_bench.cli.faults import keeping
    from levit_bench.cli.output import MOST, print_findings, print_words, stderr, stdout
    from levit_bench.cli.progress import reporter
    from levit_bench.judge.variance.longer_session import longer
    from levit_bench.numbers.units import counted
    from levit_bench.report.views import cases, looks
    from levit_bench.report.words import checked_references, reused_networks
    from levit_bench.report.words.longer_session import sentence
    from levit_bench.report.words.safe_text import visible

    arguments.title(title)
    console = stderr()
    with reporter(console) as observer:
        if resume is not None:
            _refuse_other_options()
            outcome = api.resume(root, resume, words["budget"], observer, no_wait=words["no_wait"])
        else:
            outcome = api.measure_request(request_from(words), root, observer, title=title)
    with keeping(outcome.path):
        results = api.load(outcome.path)
        if as_json:
            document = {
                "session": outcome.path.stem,
                "interrupted": outcome.interrupted,
                "failed": outcome.failed,
                "cases": cases.rows(results.records),
                **looks.documents(results.records),
            }
            click.echo(json.dumps(document, indent=2, allow_nan=False))
        else:
            stdout().print(cases.table([record for record in results.records if record.info.role == "subject"]))
            for decided in looks.tables(results.records):
                stdout().print(decided)
        print_findings(results.findings)
        print_findings(cases.findings_of(results.records), most=MOST)
        if (reused := reused_networks.sentence(results.records)) is not None:
            console.print(Text(reused, style="dim"), soft_wrap=True)
        if (checked := checked_references.sentence(results.records)) is not None:
            console.print(Text(checked, style="dim"), soft_wrap=True)
        gain = longer(
            [record for record in results.records if record.info.role == "subject"], outcome.costs, outcome.scatter
        )
    if gain is not None:
        print_words(console, sentence(gain, outcome.path.stem))
    whole = counted(outcome.runs, "complete run")
    broken = ", one broken off," if outcome.interrupted else ""
    console.print(Text(f"{whole}{broken} in {visible(str(outcome.path))}"), soft_wrap=True)
    if outcome.interrupted:
        return EXIT_INTERRUPTED
    return EXIT_FAILED_CASE if outcome.failed else EXIT_DONE


def _refuse_other_options() -> None:
    """Check that --resume has no options beside the budget: all others are those of the session.

    Raises:
        UsageError: it has; the message names them.
    """
    context = click.get_current_context()
    names = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name not in _WITH_RESUME
        and context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    ]
    if names:
        raise UsageError(f"--resume takes everything but the budget from its session. Leave out {', '.join(names)}.")
