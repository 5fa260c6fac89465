"""Progress on stderr: a bar with the time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from levit_bench.cli.output import note_printed, print_words
from levit_bench.numbers.units import counted, format_duration
from levit_bench.planning.budget import Plan
from levit_bench.records import Finding, Look
from levit_bench.report.views.looks import sentence, spoken
from levit_bench.report.words.safe_text import shortened, visible

if TYPE_CHECKING:
    from levit_bench.measuring.preparing.preparation_step import PreparationStep

_LOOK_S = 5.0  # Seconds between looks at other work.
_LOOKS = 12  # Looks after which the session goes on: nobody comes back to one that never began.
_QUIET_S = 15.0  # Seconds between lines where there is no terminal.
_WAITING_S = 60.0  # Seconds between lines about a session that is waited for.


class Reporter:
    """Progress callbacks of a session that draw a bar, between turns only: no thread of the parent runs during one."""

    def __init__(self, console: Console, bar: Progress | None) -> None:
        self._console = console
        self._bar = bar
        self._task: TaskID | None = bar.add_task("starting", total=None, left="") if bar else None
        self._plan: Plan | None = None
        self._said_at = -_QUIET_S  # The first thing is said at once.
        self._waiting_said_s = -_WAITING_S
        self._noticed: set[tuple[str, str | None]] = set()

    def waiting(self, what: str, waited_s: float) -> None:
        """Another session is at work: say for whom this one waits, and again every minute."""
        if waited_s - self._waiting_said_s >= _WAITING_S:
            self._waiting_said_s = waited_s
            self._say(visible(f"waiting for {what}. --no-wait goes on at once, Ctrl-C ends."))
        if self._bar is not None and self._task is not None:
            self._bar.update(
                self._task, description="waiting for another session", total=None, left=format_duration(waited_s + 1)
            )
            self._bar.refresh()

    def placing(self, what: str, limit: str) -> None:
        """A side of a gate is being made."""
        self._show(visible(what), 0, 1, limit)

    def resolving(self, names: Sequence[str]) -> None:
        """Names that the catalog does not hold are looked up."""
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        self._show(f"looking up {', '.join(map(shortened, names[:3]))}{more}", 0, 1, "imports libraries")

    def starting(self, cases: int, networks: int) -> None:
        """The session begins with its preparation."""
        self._show(
            f"preparing {counted(cases, 'case')} of {counted(networks, 'network')}", 0, 1, "looks at the machine"
        )

    def preparing(self, step: PreparationStep) -> None:
        """The next network is being prepared."""
        setting = " ".join([step.case.runtime, *(str(step.case.value(axis)) for axis in step.varying)])
        left = f"{step.done}/{step.total}, about {format_duration(max(1.0, step.left_s))} left"
        self._show(f"preparing {visible(step.case.network)}, {visible(setting)}", step.done, step.total, left)

    def rehearsing(self, done: int, total: int) -> None:
        """Cases are tried once."""
        self._show("rehearsing" if done else "starting the workers of a rehearsal", done, total, f"{done}/{total}")

    def busy(self, finding: Finding, is_quiet: Callable[[], bool]) -> bool:
        """Other work is at it: on a terminal, wait a minute for its end or until Enter; elsewhere, go on at once."""
        if self._bar is None or not sys.stdin.isatty():
            return False
        self.finding_made(finding)
        self._console.print(
            Text("Waiting a minute for the machine to be quiet. Enter goes on at once, Ctrl-C ends.", style="dim")
        )
        for look in range(_LOOKS):
            left_s = _LOOK_S * (_LOOKS - look)
            self._show("waiting for other work to end", look, _LOOKS, f"{format_duration(left_s)}, or Enter")
            if select.select([sys.stdin], [], [], _LOOK_S)[0]:
                sys.stdin.readline()
                return False
            if is_quiet():
                return True
        return False

    def budget_chosen(self, words: str) -> None:
        """The budget was left to the session."""
        self._say(words)

    def planned(self, plan: Plan) -> None:
        """The plan is known."""
        self._plan = plan
        runs, rounds = counted(plan.runs), counted(plan.rounds, "round")
        looks = f", with a look after {spoken(plan.looks)}" if plan.looks else ""
        # Of rounds a run takes as many as fit into its share of the time, which the plan only estimates.
        fitting = f"about {rounds} in each, and as many more as fit"
        self._say(f"measuring {runs} in {format_duration(plan.seconds)}, {fitting}{looks}{_source(plan)}")

    def measuring(self, run: int, round_: int, elapsed_s: float) -> None:
        """A turn was taken."""
        total = self._plan.seconds if self._plan else elapsed_s
        left = max(0.0, total - elapsed_s)
        self._show(f"run {run + 1}, round {round_ + 1}", elapsed_s, total, f"{format_duration(left)} left")

    def finding_made(self, finding: Finding) -> None:
        """A finding was raised: print it once a session; the file holds it for every run."""
        if (finding.kind, finding.case) in self._noticed:
            return
        self._noticed.add((finding.kind, finding.case))
        print_words(self._console, visible(f"{finding.kind}: {finding.message}"), style="yellow")
        note_printed(finding)

    def looked(self, look: Look) -> None:
        """An interim look was taken: print its decisions in a line."""
        self._say(sentence(look))

    def _show(self, what: str, done: float, total: float, left: str) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=what, completed=done, total=total, left=left)
            self._bar.refresh()
        elif time.monotonic() - self._said_at > _QUIET_S:
            self._say(f"{what} ({left})" if left else what)

    def _say(self, text: str) -> None:
        self._said_at = time.monotonic()
        self._console.print(Text(text, style="dim"))


def _source(plan: Plan) -> str:
    """The source of the plan's variances, where it is not the pilot."""
    if not plan.scatter.sessions:
        return ""
    return f", by the scatter of {plan.scatter.sessions} earlier session{'' if plan.scatter.sessions == 1 else 's'}"


@contextmanager
def reporter(console: Console) -> Iterator[Reporter]:
    """A reporter that restores the terminal at the end."""
    if not console.is_terminal:
        yield Reporter(console, None)
        return
    doing = TextColumn("{task.description}", markup=False)  # it holds the name of a network
    columns = (doing, BarColumn(), TextColumn("{task.fields[left]}"))
    # No refreshing thread: it would wake up while a turn is timed.
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as bar:
        yield Reporter(console, bar)
