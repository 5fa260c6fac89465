"""A race for the front: looks that tell members from the beaten, so that turns go where the place is in doubt.

Knows accuracies and pairs of turns; refuses to know how turns are taken, and how a front is drawn.

A network is beaten when one that is at least as accurate is surely faster, and a member when all those that are at
least as accurate, and are not beaten themselves, are surely slower. "Surely" is Student's t over the runs that hold
both, paired by round, at a level which Bonferroni divides among looks and networks, and for *beaten*, where any rival
will do, among rivals as well; *member* needs every one of its tests, so dividing by networks is enough (Berger,
*Multiparameter hypothesis testing and acceptance sampling*, Technometrics 24, 1982). All decisions of a session hold
together with 95 %. A network whose place the runs that are left cannot tell either is left open; that it is given up
for want of hope can only leave more open, and makes no decision wrong.
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
"""A place is given up when even this many times the planned runs would not tell, if the estimates are right."""


class Runner(NamedTuple):
    """A network in the race."""

    id: str
    """Of its case."""
    name: str
    accuracy: float
    """Top-1 in percent."""
    course: object
    """What it shares with those that it races against."""


def runners(lines: Sequence[CaseLine], among: Sequence[CaseLine] = ()) -> list[Runner]:
    """The subjects that can have a place on a front: those with an accuracy on its set, most accurate first.

    Args:
        lines: the cases that can be timed.
        among: all cases of the session, by which the set is the same however many of them are left; by default `lines`.
    """
    subjects = [line for line in among or lines if line.role == "subject"]
    wanted, same = common([line.scored for line in subjects]), sets_of(subjects)
    found = [
        Runner(line.id, f"{line.case.network}@{line.case.size}", accuracy.top1, _course(line.case))
        for line in lines
        if line.role == "subject"
        and wanted is not None
        and (accuracy := accuracy_on(line, wanted, same)) is not None
        and too_few_classes(line, wanted) is None
    ]
    return sorted(found, key=lambda one: (-one.accuracy, one.id))


def _course(case: Case) -> object:
    """Everything but the network and its images."""
    return msgspec.structs.replace(case, network="", resolution=1, width=None, channels=3, dtype="float32")


def referee(protocol: Protocol, lines: Sequence[CaseLine], looks: tuple[int, ...], earlier: Earlier) -> Referee:
    """Who tells members from the beaten among the subjects of these lines; each combination of axes is its own race."""
    found = runners(lines, earlier.cases)
    return _Race(found, looks, len(found) + len(earlier.resting))


class _Race(NamedTuple):
    """Decides anew at every look from the turns alone, so that a session that is resumed decides the same."""

    runners: list[Runner]
    looks: tuple[int, ...]
    networks: int
    """Decisions that share the level."""

    def look(self, done: Sequence[int], turns: Sequence[TurnLine], *, last: bool) -> Look | None:
        """What the runs tell now, and who needs no more turns."""
        number = due(self.looks, len(done), last=last)
        if number is None:
            return None
        state = _State(self.runners, self.networks, self.looks)
        for runs in (*self.looks[: number - 1], len(done)):
            known, rested = dict(state.decided), state.rested
            state.take(done[:runs], turns, last=last and runs == len(done))
        return Look(
            number=number,
            of=len(self.looks),
            runs=len(done),
            level=level_at_a_look(len(self.looks)),
            decided={case: decision for case, decision in state.decided.items() if case not in known},
            resting=tuple(sorted(state.rested - rested)),
        )


class _State:
    """What has been decided so far."""

    def __init__(self, runners: Sequence[Runner], networks: int, looks: Sequence[int]) -> None:
        self._runners = runners
        self._alpha = (1 - level_at_a_look(len(looks))) / max(1, networks)
        self._planned = looks[-1]
        self._slower: set[tuple[str, str]] = set()
        """Pairs of a network and a rival that is surely slower."""
        self.decided: dict[str, Decision] = {}
        self.rested: frozenset[str] = frozenset()

    def take(self, runs: Sequence[int], turns: Sequence[TurnLine], *, last: bool) -> None:
        """Look at these runs."""
        logs = logs_by_case(turns, runs)
        # Who is neither at rest nor in the latest run has failed, and is nobody's rival.
        awake = [r for r in self._runners if r.id not in self.rested and runs[-1] in logs.get(r.id, {})]
        for one in awake:
            if one.id not in self.decided:
                decision = self._decide(one, logs, awake)
                if decision is not None:
                    self.decided[one.id] = decision
        for one in awake:
            if one.id not in self.decided:
                decision = self._give_up(one, logs, awake, len(runs), last=last)
                if decision is not None:
                    self.decided[one.id] = decision
        needed = {r.id for one in awake if one.id not in self.decided for r in (one, *self._unresolved(one, awake))}
        self.rested |= frozenset(r.id for r in awake) - needed

    def _decide(self, one: Runner, logs: dict[str, Logs], awake: Sequence[Runner]) -> Decision | None:
        """Beaten, a member, or None."""
        rivals = sum(r.course == one.course and r.accuracy >= one.accuracy for r in self._runners) - 1
        nearest: tuple[float, Effect, Runner] | None = None
        for rival, effect in self._effects(one, logs, awake):
            low, _ = effect.limits(1 - 2 * self._alpha / max(1, rivals))
            if low > 0:
                return Decision(verdict="beaten", why=_beaten(rival, effect.log, low))
            _, high = effect.limits(1 - 2 * self._alpha)
            if high < 0:
                self._slower.add((one.id, rival.id))
                if nearest is None or high > nearest[0]:
                    nearest = high, effect, rival
        if self._unresolved(one, awake):
            return None
        if nearest is None:
            return Decision(verdict="member", why="no network that is not beaten itself is as accurate")
        high, effect, rival = nearest
        return Decision(verdict="member", why=_member(rival, effect.log, high))

    def _give_up(
        self, one: Runner, logs: dict[str, Logs], awake: Sequence[Runner], runs: int, *, last: bool
    ) -> Decision | None:
        """Open for good: nothing is left to tell by, or nothing is likely to."""
        found = [(self._needed(effect), effect, rival) for rival, effect in self._effects(one, logs, awake)]
        if not found:
            return Decision(verdict="open", why=f"too few of the {runs} runs hold it and its rivals") if last else None
        limit = HOPE * self._planned
        may_be_beaten = any(effect.log > 0 and needed <= limit for needed, effect, _ in found)
        may_be_member = all(effect.log < 0 and needed <= limit for needed, effect, _ in found)
        if not last and (may_be_beaten or may_be_member):
            return None
        needed, effect, rival = max(found, key=lambda one: one[0])
        return Decision(verdict="open", why=_open(rival, effect, needed))

    def _effects(self, one: Runner, logs: dict[str, Logs], awake: Sequence[Runner]) -> Iterator[tuple[Runner, Effect]]:
        """How it compares with each unresolved rival, where the runs say anything."""
        for rival in self._unresolved(one, awake):
            mine, theirs = logs[one.id], logs[rival.id]
            pairs = (paired_run(mine[run], theirs[run]) for run in sorted(mine.keys() & theirs.keys()))
            effect = of_pairs([pair for pair in pairs if pair is not None])
            if isinstance(effect, Effect):
                yield rival, effect

    def _unresolved(self, one: Runner, awake: Sequence[Runner]) -> list[Runner]:
        """Those that may beat it: at least as accurate, not beaten themselves, and not known to be slower."""
        return [
            r
            for r in awake
            if r.course == one.course
            and r.accuracy >= one.accuracy
            and r.id != one.id
            and not self._beaten(r)
            and (one.id, r.id) not in self._slower
        ]

    def _beaten(self, one: Runner) -> bool:
        return one.id in self.decided and self.decided[one.id].verdict == "beaten"

    def _needed(self, effect: Effect) -> float:
        """Runs that would tell the two apart, were the estimates exact."""
        if not effect.log:
            return math.inf
        factor = t_factor(self._planned - 1, 1 - 2 * self._alpha)
        return (factor * effect.error / effect.log) ** 2 * effect.runs


def _beaten(rival: Runner, log: float, low: float) -> str:
    return (
        f"{rival.name} ({rival.accuracy:g} %) is at least as accurate and faster: this takes {math.exp(log):.2f} times "
        f"as long, surely more than {math.exp(low):.2f}"
    )


def _member(rival: Runner, log: float, high: float) -> str:
    return (
        f"all that are at least as accurate take longer; the nearest, {rival.name} ({rival.accuracy:g} %), "
        f"{math.exp(-log):.2f} times as long, surely more than {math.exp(-high):.2f}"
    )


def _open(rival: Runner, effect: Effect, needed: float) -> str:
    low, high = (math.exp(limit) for limit in effect.limits(0.95))
    runs = f"about {math.ceil(needed)} runs would tell" if needed < 10_000 else "no number of runs would tell"
    return (
        f"takes {math.exp(effect.log):.3f} times as long as {rival.name} ({rival.accuracy:g} %; {low:.3f} to "
        f"{high:.3f} after {effect.runs} runs): {runs}"
    )
