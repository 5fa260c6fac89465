"""`levit-bench bisect`: the first slow commit, or version of a package, between a good and a bad one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from levit_bench.cli.options import (
    ListOption,
    Verb,
    Words,
    gate_request_options,
    json_option,
    request_from,
    store_option,
)
from levit_bench.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from levit_bench.asking.bisection import Step
    from levit_bench.catalog.candidates import Candidate
    from levit_bench.judge.bisect.answers import Answer


@click.command("bisect", cls=Verb)
@click.argument("good")
@click.argument("bad", required=False)
@click.option(
    "--case",
    "cases",
    cls=ListOption,
    type=Words(),
    help="The one network that became slow, named as for --networks; the options below say how it is run.",
)
@gate_request_options
@click.option(
    "--at-most",
    default="8m",
    show_default=True,
    metavar="TIME",
    help="Up to which --budget is doubled where a candidate is not told apart; then it is skipped.",
)
@click.option(
    "--min-effect",
    default="2%",
    show_default=True,
    metavar="PERCENT",
    help="The two ends must differ by more, surely; otherwise nothing is bisected.",
)
@click.option("--faster", "is_faster", is_flag=True, help="Find what made it faster.")
@click.option("--first-parent", is_flag=True, help="Of merges follow the first parent alone.")
@click.option("--restart", is_flag=True, help="Forget the answers of an earlier call that did not come to its end.")
@store_option
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Write bisect.json, bisect.svg and bisect.png."
)
@json_option
def command(
    good: str,
    bad: str | None,
    cases: tuple[str, ...],
    root: Path,
    at_most: str,
    min_effect: str,
    *,
    is_faster: bool,
    first_parent: bool,
    restart: bool,
    out: Path | None,
    as_json: bool,
    **words: Any,  # noqa: ANN401
) -> int:
    """Find the first commit between GOOD and BAD with which a case became slow, and prove it.

    First both ends are measured side by side: where BAD is not surely slower, nothing is bisected. Then commits are
    chosen as git bisect chooses them, and each is measured against GOOD by a gate, with fresh runs in random order: one
    nearer to BAD is bad. One that is not told apart is measured twice as long, up to --at-most, and then skipped, as is
    one that cannot be built. At the end the commit that was found is measured against the one before it once more.

    GOOD and BAD are revisions, in one word or two: v1..main, or v1 main; without BAD it is HEAD. Or they are versions
    of a package: of 'torch==2.10.*..2.13.*' all that pip finds, each in an environment of its own. Nothing is checked
    out in the working tree. A bisection that was interrupted or killed goes on when the same command is given again.

    \b
    Examples:
      levit-bench bisect v1..main --case models/nets.py:build
      levit-bench bisect HEAD~16 --case nets.py:build --batch 4 --budget 30s --out bisect
      levit-bench bisect 'onnxruntime==1.20.*..1.24.*' --case levit_192 --runtime onnxruntime

    Exit codes: 0 found and proven, 1 the store cannot be written, 2 usage, or an end cannot be had, 3 the ends do not
    differ, the data cannot tell, or no candidate at all could be measured, 130 interrupted.
    """
    from levit_bench import api
    from levit_bench.asking.bisection import BisectRules
    from levit_bench.cli.faults import no_verdict
    from levit_bench.cli.output import print_words, stderr, stdout
    from levit_bench.numbers.units import parse_duration
    from levit_bench.reading.rules import min_effect_from
    from levit_bench.report.bisect import files
    from levit_bench.report.bisect.document import encoded
    from levit_bench.report.bisect.table import table
    from levit_bench.report.bisect.words import outcome_words

    with no_verdict():
        request = request_from({**words, "networks": _one_case(cases, words.pop("networks"))})
        ends = _ends(good, bad)
        budget_s = parse_duration(request.budget)
        rules = BisectRules(min_effect_from(min_effect), budget_s, max(parse_duration(at_most), budget_s), is_faster)
        if out is not None:
            files.clear(out)
        console, told = stdout(), _Teller(stderr(), is_faster=is_faster)
        try:
            found, log = api.bisect(
                request, root, ends, rules, told, told.observing, first_parent=first_parent, restart=restart
            )
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(f"{told.kept} are kept: the same command goes on from there.")
            raise
        if as_json:
            click.echo(encoded(found), nl=False)
            print_words(stderr(), outcome_words(found))
        else:
            console.print(table(found))
            print_words(console, outcome_words(found))
        if out is not None:
            written = files.write(found, out)
            print_words(stderr(), f"wrote {', '.join(map(str, written))}")
        log.remove()
        return found.exit_code


def _one_case(cases: tuple[str, ...], networks: tuple[str, ...]) -> tuple[str, ...]:
    if cases and networks:
        raise UsageError("--case and --networks say the same here. Give one of them.")
    if not (cases or networks):
        raise UsageError("no case was named. Name the network that became slow: --case nets.py:build.")
    return cases or networks


def _ends(good: str, bad: str | None) -> tuple[str, str]:
    """Both ends, from one word or two.

    Raises:
        UsageError: an end is empty, or there are three.
    """
    first, dots, second = good.partition("..")
    if dots and bad is not None:
        raise UsageError(
            f"{good[:80]!r} names both ends already, and {bad[:80]!r} a third. Write GOOD..BAD, or GOOD BAD."
        )
    if not dots:
        second = bad if bad is not None else "HEAD"
    if not first.strip() or not second.strip(". "):
        raise UsageError(f"{good[:80]!r} lacks an end. Write GOOD..BAD, such as v1..main.")
    return first.strip(), second.lstrip(".").strip()


class _Teller:
    """Says on stderr what is measured and what came of it."""

    def __init__(self, console: Console, *, is_faster: bool) -> None:
        self._console, self._is_faster = console, is_faster
        self._answers = 0

    @property
    def kept(self) -> str:
        """How many answers there are, in words."""
        from levit_bench.numbers.units import counted

        return counted(self._answers, "answer")

    @contextmanager
    def observing(self) -> Iterator[Any]:
        """An observer that draws a bar for one gate."""
        from levit_bench.cli.progress import reporter

        with reporter(self._console) as observer:
            yield observer

    def step(self, step: Step) -> None:
        """A measurement is about to begin."""
        from levit_bench.cli.output import print_words
        from levit_bench.numbers.units import format_duration
        from levit_bench.report.words.safe_text import visible

        left = f", about {format_duration(step.left_s)} left" if math.isfinite(step.left_s) else ""
        print_words(
            self._console, f"step {step.number} of about {step.about}{left}: {visible(step.words)}", style="dim"
        )

    def answered(self, answer: Answer, against: Candidate, *, is_known: bool, is_pair: bool) -> None:
        """There is an answer."""
        from levit_bench.cli.output import print_words
        from levit_bench.report.bisect.words import answer_words

        self._answers += answer.is_final
        words = answer_words(answer, against, is_faster=self._is_faster, is_pair=is_pair)
        print_words(self._console, f"{'known: ' if is_known else ''}{words}")
