"""A race for the front: looks decide who is a member and who is beaten, and only undecided networks take more turns.

A network is beaten when one that is at least as accurate is surely faster, and a member when all those that are at
least as accurate, and are not beaten themselves, are surely slower. "Surely" is Student's t over the runs that hold
both, paired by round, at a level which Bonferroni divides among looks and networks, and for *beaten*, where any rival
will do, among rivals as well; *member* needs every one of its tests, so dividing by networks is enough (Berger,
*Multiparameter hypothesis testing and acceptance sampling*, Technometrics 24, 1982). All decisions of a session hold
together with 95 %. A network whose place the runs that are left cannot tell either is left open; giving one up
early can only leave more open, and makes no decision wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from levit_bench.catalog.image_sets import common
from levit_bench.judge.early_stopping.turn_log import Logs, due, logs_by_case
from levit_bench.judge.paired_ratio import paired_run
from levit_bench.judge.set_accuracies import accuracy_on, sets_of, too_few_classes
from levit_bench.judge.verdicts import Effect, of_pairs
from levit_bench.numbers.statistics import t_factor
from levit_bench.planning.budget import level_at_a_look
from levit_bench.planning.policy import Earlier, Referee
from levit_bench.records import Case, CaseLine, Decision, Look, Protocol, TurnLine

HOPE = 2.0
"""A place is given up when even this many times the planned runs would not decide it, by the estimates so far."""


class Runner(NamedTuple):
    """A network in the race."""

    id: str
    """Of its case."""
    name: str
    accuracy: float
    """Top-1 in percent."""
    course: object
    """All axes but the network and its images: equal for networks that compete."""


def runners(lines: Sequence[CaseLine], among: Sequence[CaseLine] = ()) -> list[Runner]:
    """The subjects that can have a place on a front: those with an accuracy on its set, most accurate first.

    Args:
        lines: the cases that can be timed.
        among: all cases of the session, by which the set is the same however many of them are left; by default `lines`.
    """
    subjects = [line for line in among or lines if line.role == "subject"]
    image_set, same = common([line.scored for line in subjects]), sets_of(subjects)
    subject_runners = [
        Runner(line.id, f"{line.case.network}@{line.case.size}", accuracy.top1, _course(line.case))
        for line in lines
        if line.role == "subject"
        and image_set is not None
        and (accuracy := accuracy_on(line, image_set, same)) is not None
        and too_few_classes(line, image_set) is None
    ]
    return sorted(subject_runners, key=lambda runner: (-runner.accuracy, runner.id))


def _course(case: Case) -> object:
    """Everything but the network and its images."""
    return msgspec.structs.replace(case, network="", resolution=1, width=None, channels=3, dtype="float32")


def referee(protocol: Protocol, lines: Sequence[CaseLine], looks: tuple[int, ...], earlier: Earlier) -> Referee:
    """The referee of the races among the subjects of these lines; each combination of axes is its own race."""
    racing = runners(lines, earlier.cases)
    return _Race(racing, looks, len(racing) + len(earlier.resting))


class _Race(NamedTuple):
    """Decides again at every look from the turns alone, so that a resumed session decides the same."""

    runners: list[Runner]
    looks: tuple[int, ...]
    networks: int
    """Decisions that share the level."""

    def look(self, done: Sequence[int], turns: Sequence[TurnLine], *, last: bool) -> Look | None:
        """Decisions by the runs so far, and the cases that need no more turns."""
        number = due(self.looks, len(done), last=last)
        if number is None:
            return None
        state = _State(self.runners, self.networks, self.looks)
        for runs in (*self.looks[: number - 1], len(done)):
            decided_before, rested_before = dict(state.decided), state.rested
            state.take(done[:runs], turns, last=last and runs == len(done))
        return Look(
            number=number,
            of=len(self.looks),
            runs=len(done),
            level=level_at_a_look(len(self.looks)),
            decided={case: decision for case, decision in state.decided.items() if case not in decided_before},
            resting=tuple(sorted(state.rested - rested_before)),
        )


class _State:
    """Decisions so far, and the cases that rest."""

    def __init__(self, runners: Sequence[Runner], networks: int, looks: Sequence[int]) -> None:
        self._runners = runners
        self._alpha = (1 - level_at_a_look(len(looks))) / max(1, networks)
        self._planned = looks[-1]
        self._slower: set[tuple[str, str]] = set()
        """Pairs of a network and a rival that is surely slower."""
        self.decided: dict[str, Decision] = {}
        self.rested: frozenset[str] = frozenset()

    def take(self, runs: Sequence[int], turns: Sequence[TurnLine], *, last: bool) -> None:
        """Decide from these runs."""
        logs = logs_by_case(turns, runs)
        # A case that is neither at rest nor in the latest run has failed, and is not a rival.
        awake = [rival for rival in self._runners if rival.id not in self.rested and runs[-1] in logs.get(rival.id, {})]
        for runner in awake:
            if runner.id not in self.decided:
                decision = self._decide(runner, logs, awake)
                if decision is not None:
                    self.decided[runner.id] = decision
        for runner in awake:
            if runner.id not in self.decided:
                decision = self._give_up(runner, logs, awake, len(runs), last=last)
                if decision is not None:
                    self.decided[runner.id] = decision
        needed = {
            rival.id
            for runner in awake
            if runner.id not in self.decided
            for rival in (runner, *self._unresolved(runner, awake))
        }
        self.rested |= frozenset(rival.id for rival in awake) - needed

    def _decide(self, runner: Runner, logs: dict[str, Logs], awake: Sequence[Runner]) -> Decision | None:
        """Beaten, a member, or None."""
        rivals = (
            sum(
                contender.course == runner.course and contender.accuracy >= runner.accuracy
                for contender in self._runners
            )
            - 1
        )
        nearest: tuple[float, Effect, Runner] | None = None
        for rival, effect in self._effects(runner, logs, awake):
            low, _ = effect.limits(1 - 2 * self._alpha / max(1, rivals))
            if low > 0:
                return Decision(verdict="beaten", why=_why_beaten(rival, effect.log, low))
            _, high = effect.limits(1 - 2 * self._alpha)
            if high < 0:
                self._slower.add((runner.id, rival.id))
                if nearest is None or high > nearest[0]:
                    nearest = high, effect, rival
        if self._unresolved(runner, awake):
            return None
        if nearest is None:
            return Decision(verdict="member", why="no network that is not beaten itself is as accurate")
        high, effect, rival = nearest
        return Decision(verdict="member", why=_why_member(rival, effect.log, high))

    def _give_up(
        self, runner: Runner, logs: dict[str, Logs], awake: Sequence[Runner], runs: int, *, last: bool
    ) -> Decision | None:
        """Open for the rest of the session: no runs are left to decide by, or no feasible number would decide."""
        required = [(self._needed(effect), effect, rival) for rival, effect in self._effects(runner, logs, awake)]
        if not required:
            return Decision(verdict="open", why=f"too few of the {runs} runs hold it and its rivals") if last else None
        limit = HOPE * self._planned
        may_be_beaten = any(effect.log > 0 and needed <= limit for needed, effect, _ in required)
        may_be_member = all(effect.log < 0 and needed <= limit for needed, effect, _ in required)
        if not last and (may_be_beaten or may_be_member):
            return None
        needed, effect, rival = max(required, key=lambda entry: entry[0])
        return Decision(verdict="open", why=_why_open(rival, effect, needed))

    def _effects(
        self, runner: Runner, logs: dict[str, Logs], awake: Sequence[Runner]
    ) -> Iterator[tuple[Runner, Effect]]:
        """Its effect against each unresolved rival, where there are runs enough."""
        for rival in self._unresolved(runner, awake):
            mine, theirs = logs[runner.id], logs[rival.id]
            pairs = (paired_run(mine[run], theirs[run]) for run in sorted(mine.keys() & theirs.keys()))
            effect = of_pairs([pair for pair in pairs if pair is not None])
            if isinstance(effect, Effect):
                yield rival, effect

    def _unresolved(self, runner: Runner, awake: Sequence[Runner]) -> list[Runner]:
        """The rivals that may beat it: at least as accurate, not beaten themselves, and not known to be slower."""
        return [
            rival
            for rival in awake
            if rival.course == runner.course
            and rival.accuracy >= runner.accuracy
            and rival.id != runner.id
            and not self._is_beaten(rival)
            and (runner.id, rival.id) not in self._slower
        ]

    def _is_beaten(self, runner: Runner) -> bool:
        return runner.id in self.decided and self.decided[runner.id].verdict == "beaten"

    def _needed(self, effect: Effect) -> float:
        """Runs that would decide between the two, were the estimates exact."""
        if not effect.log:
            return math.inf
        factor = t_factor(self._planned - 1, 1 - 2 * self._alpha)
        return (factor * effect.error / effect.log) ** 2 * effect.runs


def _why_beaten(rival: Runner, log: float, low: float) -> str:
    return (
        f"{rival.name} ({rival.accuracy:g} %) is at least as accurate and faster: this takes {math.exp(log):.2f} times "
        f"as long, surely more than {math.exp(low):.2f}"
    )


def _why_member(rival: Runner, log: float, high: float) -> str:
    return (
        f"all that are at least as accurate take longer; the nearest, {rival.name} ({rival.accuracy:g} %), "
        f"{math.exp(-log):.2f} times as long, surely more than {math.exp(-high):.2f}"
    )


def _why_open(rival: Runner, effect: Effect, needed: float) -> str:
    low, high = (math.exp(limit) for limit in effect.limits(0.95))
    runs = f"about {math.ceil(needed)} runs would tell" if needed < 10_000 else "no number of runs would tell"
    return (
        f"takes {math.exp(effect.log):.3f} times as long as {rival.name} ({rival.accuracy:g} %; {low:.3f} to "
        f"{high:.3f} after {effect.runs} runs): {runs}"
    )
