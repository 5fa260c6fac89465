"""A gate: a look rests the cases whose verdict is certain, so that the rest of the session is for the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from levit_bench.catalog.side_pairs import axes_that_differ, pair_key
from levit_bench.errors import BudgetTooSmallError
from levit_bench.judge.early_stopping.turn_log import due, logs_by_case
from levit_bench.judge.gate.detectable_plan import budget_that_finds, found_in, too_long
from levit_bench.judge.gate.pairs import is_decided, judged
from levit_bench.judge.paired_ratio import paired_run
from levit_bench.judge.verdicts import Rules, gate_rules, of_pairs
from levit_bench.planning.budget import Costs, RunScatter, level_at_a_look, smallest_budget
from levit_bench.planning.gate_runs import fewest_runs
from levit_bench.planning.policy import Earlier, Referee
from levit_bench.records import CaseLine, Decision, Look, Protocol, TurnLine
from levit_bench.records import Verdict as Decided

_FIRST_LOOK = 7
"""Runs before which a look is not worth its price: of 5 of 10 runs it would find twice the slowdown of the end."""


def gate_looks(runs: int, cases: int = 1) -> tuple[int, ...]:
    """Numbers of complete runs after which verdicts are looked at: half of the plan and its end; of few runs the end.

    One further look, declared beforehand and paid for by the limits of both: a case whose verdict hangs has the second
    half of the session. It costs a tenth of what is detectable, and after few runs Student's factor lets it decide
    nothing.

    Args:
        runs: of the plan.
        cases: that are judged, for how many runs a verdict needs.
    """
    first = (runs + 1) // 2
    return (first, runs) if max(_FIRST_LOOK, fewest_runs(2 * cases)) <= first <= runs - 2 else (runs,)


def cases_judged(lines: Iterable[CaseLine]) -> int:
    """Cases of side b."""
    return sum(line.role == "subject" and line.case.side == "b" for line in lines)


def referee(protocol: Protocol, lines: Sequence[CaseLine], looks: tuple[int, ...], earlier: Earlier) -> Referee:
    """The referee of a session of two sides."""
    subjects = [line for line in (earlier.cases or lines) if line.role == "subject"]
    axes = axes_that_differ(line.case for line in subjects)
    sides: dict[tuple[object, str], str] = {(pair_key(line.case, axes), line.case.side): line.id for line in subjects}
    pairs = [(key, other, sides.get((pair, "control"))) for (pair, side), key in sides.items() if side == "a"
             if (other := sides.get((pair, "b"))) is not None]  # fmt: skip
    return _Gate(tuple(pairs), gate_rules(protocol.min_effect, protocol.margin), looks)


def budget_of(costs: Costs, protocol: Protocol, lines: Sequence[CaseLine], scatter: RunScatter) -> float:
    """Seconds that a session takes: its budget, or of a gate that is to find a slowdown what that takes.

    Raises:
        BudgetTooSmallError: that is more than the budget.
    """
    if protocol.find is None:
        return protocol.budget_s
    rules = gate_rules(protocol.min_effect, protocol.margin)
    family = 2 * max(1, cases_judged(lines))
    needed_s = max(budget_that_finds(protocol.find, costs, scatter, family, rules), smallest_budget(costs))
    if needed_s > protocol.budget_s:
        found = found_in(protocol.budget_s, costs, scatter, family, rules)
        raise BudgetTooSmallError(too_long(protocol.find, needed_s, protocol.budget_s, found))
    return needed_s


class _Gate(NamedTuple):
    """Decides anew at every look from the turns alone."""

    pairs: tuple[tuple[str, str, str | None], ...]
    """Ids of a case on side a, on side b, and of the control."""
    rules: Rules
    looks: tuple[int, ...]

    def look(self, done: Sequence[int], turns: Sequence[TurnLine], *, last: bool) -> Look | None:
        """Rest the cases whose verdict is certain; the last look calls the others open."""
        number = due(self.looks, len(done), last=last)
        if number is None:
            return None
        logs = logs_by_case(turns, done)
        awake = [pair for pair in self.pairs if done[-1] in logs.get(pair[0], {}) and done[-1] in logs.get(pair[1], {})]
        effects = []
        for first, second, _ in self.pairs:
            mine, theirs = logs.get(first, {}), logs.get(second, {})
            ratios = (paired_run(theirs[run], mine[run]) for run in sorted(mine.keys() & theirs.keys()))
            effects.append(of_pairs([ratio for ratio in ratios if ratio is not None], of_gate=True))
        decided: dict[str, Decision] = {}
        resting: list[str] = []
        for pair, comparison in zip(self.pairs, judged(effects, self.rules, len(self.looks)), strict=True):
            if pair not in awake:
                continue
            if is_decided(comparison):
                verdict: Decided = comparison.verdict.value  # type: ignore[assignment]
                decided[pair[1]] = Decision(verdict=verdict, why=comparison.reason)
                resting += [key for key in pair if key is not None]
            elif last:
                decided[pair[1]] = Decision(verdict="open", why=comparison.reason)
        return Look(
            number=number, of=len(self.looks), runs=len(done), level=level_at_a_look(len(self.looks)),
            decided=decided, resting=tuple(resting),
        )  # fmt: skip
