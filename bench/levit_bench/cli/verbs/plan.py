"""`levit-bench plan`: forecast of a run: its cases, duration and precision."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from levit_bench.cli.options import Verb, goal_options, json_option, request_from, request_options, store_option
from levit_bench.errors import EXIT_DONE, EXIT_FAILED_CASE, EXIT_USAGE

if TYPE_CHECKING:
    from rich.table import Table


@click.command("plan", cls=Verb)
@request_options
@goal_options
@store_option
@json_option
def command(root: Path, as_json: bool, **words: Any) -> int:  # noqa: ANN401
    """Say what a run would do, how long it takes, and the smallest honest budget. Measures nothing.

    Times come from what the store holds of this machine, else from multiply-accumulates; how far runs scatter, which
    divides the budget into runs and rounds, from its sessions in the same setting, else from the pilot's. Says how far
    the intervals will reach, and the smallest slowdown that the session will find four times in five. The run itself
    plans again with what it sees. Ends with 2 when the run would be refused, and with 1 when a runtime or form of a
    package cannot be loaded, so that its cases would fail.

    \b
    Example:
      levit-bench plan --networks paper --threads 1 --batch 1 --budget 5m
    """
    from levit_bench.asking.ability import require_measuring

    require_measuring()
    from levit_bench.asking.request import budget_is_open, check_race, left_out, protocol_of, subjects, workshop_of
    from levit_bench.cli.output import print_findings
    from levit_bench.judge.early_stopping.planner import planned
    from levit_bench.judge.variance.case_sessions import usual_scatter
    from levit_bench.judge.variance.expected_precision import reach
    from levit_bench.judge.variance.reproducibility import kind_of
    from levit_bench.judge.variance.run_scatter import kinds_ahead, run_scatter
    from levit_bench.measuring.machine.description import conditions, machine
    from levit_bench.measuring.reference_cases import instrument_cases
    from levit_bench.measuring.session.session import about_threads
    from levit_bench.measuring.session.sharing import SHARING
    from levit_bench.measuring.workers.process_environment import shell
    from levit_bench.measuring.workers.shell import about
    from levit_bench.planning.forecast import forecast
    from levit_bench.planning.policy import with_budget
    from levit_bench.records import CaseLine
    from levit_bench.report.listings.plan import document, sentences, table
    from levit_bench.store import files

    request = request_from(words)
    protocol = protocol_of(request)
    # A worker process is started only for names that are not in the catalog, for what packages offer, and for --batch
    # max, which tries sizes.
    with workshop_of(request) as workshop:
        chosen_subjects = subjects(request, workshop)
        unusable = workshop.unusable(subject.case for subject in chosen_subjects)
        sharing = SHARING._replace(is_kept=workshop.holds)
    if request.race:
        check_race(chosen_subjects)
    records, unreadable = files.load_readable(files.session_files(root)) if root.exists() else ([], [])
    cases = [s.case for s in chosen_subjects]
    this_machine = machine(gpus=any(case.device == "cuda" for case in cases))
    references = [case for case, _ in instrument_cases(cases)]
    prediction = forecast(cases, references, protocol, records, this_machine, sharing)
    protocol, budget = with_budget(protocol, prediction.costs, is_open=budget_is_open(request.budget))
    lines = [CaseLine(id=case.id, case=case) for case in cases]
    machine_state, worker_shell = conditions(), shell({(case.threads, case.allocator) for case in cases})
    kinds = kinds_ahead(lines, protocol, this_machine, machine_state, worker_shell)
    scatter = run_scatter(records, kinds)
    between = usual_scatter(record for record in records if kind_of(record) in kinds)
    plan = planned(prediction.costs, protocol, scatter=scatter)
    expected = reach(plan, between.deviation, between.freedom)
    if as_json:
        click.echo(json.dumps(document(prediction, plan, protocol, expected, budget), indent=2))
    else:
        _print(table(prediction), sentences(prediction, plan, protocol, expected, budget))
    fitted = [subject.finding for subject in chosen_subjects if subject.finding is not None]
    print_findings(
        [
            *unreadable,
            *left_out([request]),
            *fitted,
            *unusable,
            *about(worker_shell),
            *about_threads(chosen_subjects, machine_state),
        ]
    )
    if budget.refusal is not None:
        return EXIT_USAGE
    return EXIT_FAILED_CASE if unusable else EXIT_DONE


def _print(table: Table, sentences: Iterable[str]) -> None:
    """The table, and below it the sentences over the terminal's width, however narrow the table is."""
    from levit_bench.cli.output import print_words, stdout

    stdout().print(table)
    for sentence in sentences:
        print_words(stdout(), sentence)
