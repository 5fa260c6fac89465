"""`levit-bench aa`: how often this instrument finds a difference where there is none."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from levit_bench.cli.comparison_options import rules_options
from levit_bench.cli.options import (
    Verb,
    json_option,
    request_from,
    request_options,
    several_conditions_from,
    store_option,
    where_option,
)
from levit_bench.errors import EXIT_DONE, EXIT_FAILED_CASE, EXIT_INTERRUPTED, UsageError
from levit_bench.reading.rules import rules_from

if TYPE_CHECKING:
    from levit_bench.asking.request import Request
    from levit_bench.measuring.preparing.workshop import Workshop
    from levit_bench.measuring.session.session import Outcome
    from levit_bench.reading.results import Results
    from levit_bench.records import Record

MODES = {"shared": ("shared",), "alone": ("alone",), "auto": ("alone", "shared")}
"""Sessions that `--isolation` asks for: twins in one process, in two, or both: first the one that starts more
processes, so that a budget that is too small for it is refused before anything was measured."""
_WORDS = {"shared": "twins in one process", "alone": "twins in two processes"}
MOST_SESSIONS = 1000


class _TwinSessions(NamedTuple):
    """Sessions of twins, measured or read."""

    results: Results
    failed: bool = False
    interrupted: bool = False


@click.command("aa", cls=Verb)
@request_options
@store_option
@where_option
@click.option("--sessions", type=int, default=1, show_default=True, help="Sessions of each kind, --budget each.")
@click.option("--stored", is_flag=True, help="Judge what is stored, and measure nothing.")
@rules_options
@json_option
def command(
    root: Path,
    where: tuple[str, ...],
    sessions: int,
    stored: bool,
    min_effect: str,
    margin: str | None,
    as_json: bool,
    **words: Any,  # noqa: ANN401
) -> int:
    """Time every case under two names and count how often the two are called different.

    One session gives each twin a process of its own, another has them in one (--isolation alone or shared: only that
    one); --sessions 5 takes five of each, and compares them with each other, too. Reports the false alarms with their
    upper limit, the scatter of a run and of a session between equals, and the smallest difference that such a budget
    finds four times in five. --stored judges all twins, yardsticks and repeated sessions of the store.

    \b
    Examples:
      levit-bench aa --networks levit_192,efficientnet_b0 --budget 60s
      levit-bench aa --stored --where allocator=pinned

    Exit codes: 0 done, 1 a case failed, 2 usage, 3 nothing to judge, 130 interrupted.
    """
    from levit_bench.cli.output import print_findings, print_wrapped, stdout
    from levit_bench.report.compare.aa import document, lines, table

    rules_from(min_effect, margin)  # refused before anything is measured
    if not 1 <= sessions <= MOST_SESSIONS:
        raise UsageError(f"--sessions {sessions}: give a whole number from 1 to {MOST_SESSIONS}.")
    twins = _stored_sessions(root, where, words) if stored else _fresh_sessions(root, where, sessions, words)
    comparisons = twins.results.aa(min_effect=min_effect, margin=margin)
    if as_json:
        click.echo(json.dumps(document(comparisons), indent=2, allow_nan=False))
    else:
        console = stdout()
        console.print(table(comparisons))
        for line in lines(comparisons):
            print_wrapped(console, line)
    print_findings(twins.results.findings)
    if twins.interrupted:
        return EXIT_INTERRUPTED
    return EXIT_FAILED_CASE if twins.failed else EXIT_DONE


def _stored_sessions(root: Path, where: tuple[str, ...], words: dict[str, Any]) -> _TwinSessions:
    from levit_bench import api

    if words["networks"]:
        raise UsageError("--stored measures nothing. Leave --networks out, or choose with --where allocator=pinned.")
    return _TwinSessions(api.load(root).where(**several_conditions_from(where)))


def _fresh_sessions(root: Path, where: tuple[str, ...], sessions: int, words: dict[str, Any]) -> _TwinSessions:
    """Measure sessions of twins, one after the other; an interrupt keeps the completed turns."""
    from levit_bench import api
    from levit_bench.asking.ability import require_measuring

    require_measuring()
    from levit_bench.asking.request import protocol_of, workshop_of
    from levit_bench.cli.faults import keeping
    from levit_bench.cli.output import stderr
    from levit_bench.cli.progress import reporter
    from levit_bench.measuring.session.machine_lock import alone
    from levit_bench.reading.results import Results
    from levit_bench.reading.session_choice import SessionChoice

    if where:
        raise UsageError("--where chooses among what is stored. Say --stored, or leave it out.")
    request = request_from(words)
    protocol = protocol_of(request)
    modes = MODES[protocol.seats] * sessions
    records: list[Record] = []
    failed = interrupted = False
    with ExitStack() as series:
        with reporter(stderr()) as observer:  # It must have ended before those of the sessions begin.
            what, wait = f"A/A of {', '.join(request.networks[:3])}", not request.no_wait
            total_s = protocol.budget_s * len(modes)
            series.enter_context(alone(what, total_s, observer, wait=wait, is_series=True))
        workshop = series.enter_context(workshop_of(request))
        began = time.monotonic()
        for number, mode in enumerate(modes):
            each_s = (time.monotonic() - began) / number if number else protocol.budget_s
            heading = f"session {number + 1} of {len(modes)}: {_WORDS[mode]}{_left(each_s * (len(modes) - number))}"
            try:
                outcome = _session(root, request, mode, workshop, heading)
            except KeyboardInterrupt:  # while it was prepared
                if not records:
                    raise
                interrupted = True
                break
            with keeping(outcome.path):
                records += api.load(outcome.path).records
            failed, interrupted = failed or bool(outcome.failed), outcome.interrupted
            if interrupted:
                break
    return _TwinSessions(Results(records, choice=SessionChoice((root,))), failed, interrupted)


def _left(seconds: float) -> str:
    """The time that is left, as the end of a sentence; nothing before the first session has set its budget."""
    from levit_bench.numbers.units import format_duration

    return f", about {format_duration(seconds)} left in all" if seconds else ""


def _session(root: Path, request: Request, mode: str, workshop: Workshop, heading: str) -> Outcome:
    import msgspec

    from levit_bench import api
    from levit_bench.cli.output import print_wrapped, stderr
    from levit_bench.cli.progress import reporter

    console = stderr()
    print_wrapped(console, heading, style="dim")
    mode_request = msgspec.structs.replace(request, isolation=mode)
    with reporter(console) as observer:
        return api.measure_twins(mode_request, root, workshop, observer, title=f"A/A: {_WORDS[mode]}")
