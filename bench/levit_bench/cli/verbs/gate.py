"""`levit-bench gate`: two sides measured in one session, and a verdict on the second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from levit_bench.cli.options import Verb, gate_request_options, json_option, request_from, store_option
from levit_bench.errors import EXIT_INTERRUPTED


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
    "--null", "control", is_flag=True, help="Measure side a a second time: where it differs from itself, no verdict."
)
@gate_request_options
@click.option(
    "--margin",
    default="5%",
    show_default=True,
    help="A case is the same within this share; a gate that could not have found so much is inconclusive.",
)
@click.option(
    "--min-effect", default="2%", show_default=True, help="Smaller slowdowns do not fail, however sure they are."
)
@click.option("--allow-inconclusive", is_flag=True, help="End with 0 also where the data cannot tell.")
@click.option(
    "--allow-other-outputs", is_flag=True, help="Judge the time of a network also where it computes something else."
)
@store_option
@click.option("--title", help="What the gate is for; kept in its session.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write comment.md, junit.xml, gate.json and the picture there.",
)
@click.option("--annotations", is_flag=True, help="Print annotations for GitHub's runners.")
@json_option
def command(
    first: str | None,
    second: str | None,
    control: bool,
    root: Path,
    margin: str,
    min_effect: str,
    allow_inconclusive: bool,
    allow_other_outputs: bool,
    title: str | None,
    out: Path | None,
    annotations: bool,
    as_json: bool,
    **words: Any,  # noqa: ANN401
) -> int:
    """Measure two sides in one session, and judge each network of the second.

    Both sides take turns in random order, in several fresh runs, each in processes of its own environment; everything
    that is not named differs in nothing. In a git repository the working tree is judged against the merge base with
    the default branch.

    \b
    Examples:
      levit-bench gate --networks models/nets.py:build --budget 2m
      levit-bench gate --a main --networks models/nets.py:build --out gate
      levit-bench gate --a 'torch==2.12.*' --networks paper --budget 5m
      levit-bench gate --a runtime=eager --b runtime=onnxruntime --networks levit_192

    Exit codes: 0 nothing is slower and a slowdown of the margin would have been found, 1 a case is slower, failed,
    missing or computes something else, 2 usage, 3 the data cannot tell or nothing was compared, 130 interrupted.
    """
    from levit_bench import api
    from levit_bench.asking import arguments
    from levit_bench.cli.faults import keeping
    from levit_bench.cli.output import print_findings, stderr
    from levit_bench.cli.progress import reporter
    from levit_bench.judge.gate.gate_report import GateRules
    from levit_bench.judge.gate.side_by_side import side_by_side
    from levit_bench.reading.rules import gate_rules_from

    arguments.title(title)
    rules = gate_rules_from(min_effect, margin)
    gate_rules = GateRules(rules.min_effect, rules.margin, allow_inconclusive, allow_other_outputs)
    console = stderr()
    with reporter(console) as observer:
        outcome = api.measure_gate(
            request_from(words), root, (first, second), rules, observer, control=control, title=title
        )
    with keeping(outcome.path):
        results = api.load(outcome.path)
        report = side_by_side(results.records, gate_rules, results.findings)
    print(report.outcome, report.exit_code)
    for case in (*report.cases, *report.controls):
        print(case.name, case.verdict, case.reason, case.apart, case.allowed)
    for d in report.differences:
        print(d)
    print_findings(report.findings)
    return EXIT_INTERRUPTED if outcome.interrupted else report.exit_code
