"""Target error: a look rests the cases whose ratio to the yardstick has an interval that is narrow enough."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from levit_bench.judge.early_stopping.turn_log import Logs, due, logs_by_case
from levit_bench.judge.paired_ratio import paired_run
from levit_bench.judge.verdicts import Effect, of_pairs
from levit_bench.numbers.statistics import t_factor
from levit_bench.planning.budget import level_at_a_look
from levit_bench.planning.policy import Earlier, Referee
from levit_bench.records import CaseLine, Decision, Look, Protocol, TurnLine
from levit_bench.store.files import sticks_of


def referee(protocol: Protocol, lines: Sequence[CaseLine], looks: tuple[int, ...], earlier: Earlier) -> Referee:
    """The referee of a session with a target error, for the subjects among these lines."""
    assert protocol.target_error is not None
    sticks = [line for line in lines if line.role == "yardstick"]
    subjects = {line.id: sticks_of(line, sticks) for line in lines if line.role == "subject"}
    return _Target(subjects, protocol.target_error, looks, earlier.resting)


class _Target(NamedTuple):
    """Decides by the half-width of the interval, which allows for every look that was declared."""

    sticks: dict[str, tuple[str, ...]]
    """Ids of the yardsticks of each subject, by its id."""
    error: float
    """Half-width aimed at, in log units."""
    looks: tuple[int, ...]
    rested: frozenset[str]
    """Subjects that earlier looks have rested."""

    def look(self, done: Sequence[int], turns: Sequence[TurnLine], *, last: bool) -> Look | None:
        """Rest the cases whose interval is narrow enough; the last look says what the others lack."""
        number = due(self.looks, len(done), last=last)
        if number is None:
            return None
        level = level_at_a_look(len(self.looks))
        logs = logs_by_case(turns, done)
        # Those without turns in the latest run rest already, or have failed.
        awake = [case for case in self.sticks if done[-1] in logs.get(case, {})]
        decided = {}
        for case in awake:
            decision = self._decision(_ratios(logs, case, self.sticks[case]), level, last=last)
            if decision is not None:
                decided[case] = decision
        return Look(
            number=number, of=len(self.looks), runs=len(done), level=level, decided=decided, resting=tuple(decided)
        )

    def _decision(self, ratios: Sequence[float], level: float, *, last: bool) -> Decision | None:
        effect = of_pairs(ratios)
        if not isinstance(effect, Effect):
            return Decision(verdict="short", why=effect.message) if last else None
        half = effect.limits(level)[1] - effect.log
        if half <= self.error:
            return Decision(verdict="reached", why=f"±{half:.2%} after {effect.runs} runs")
        if not last:
            return None
        needed = _needed(effect, self.error, level)
        return Decision(verdict="short", why=f"±{half:.2%} after {effect.runs} runs; about {needed} would be needed")


def _ratios(logs: dict[str, Logs], case: str, sticks: tuple[str, ...]) -> list[float]:
    """Log ratio to the yardsticks by run, as `levit_bench.judge.estimates.run_ratio` has it."""
    ratios = []
    for run, own_logs in sorted(logs[case].items()):
        stick_logs = [logs.get(stick, {}).get(run, {}) for stick in sticks]
        rounds = set(stick_logs[0]).intersection(*stick_logs[1:]) if stick_logs else set()
        means = {number: math.fsum(stick[number] for stick in stick_logs) / len(stick_logs) for number in rounds}
        ratio = paired_run(own_logs, means)
        if ratio is not None:
            ratios.append(ratio)
    return ratios


def _needed(effect: Effect, error: float, level: float) -> int:
    """Runs after which the interval would be as narrow, should the scatter stay."""
    deviation = effect.error * math.sqrt(effect.runs)
    runs = effect.runs
    while t_factor(runs - 1, level) * deviation / math.sqrt(runs) > error:
        runs = max(runs + 1, round(runs * 1.05))
    return runs
