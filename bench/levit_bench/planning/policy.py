"""Interfaces of stopping rules and referees: the command chooses one, and the engine asks it how to spend the session.

Protocols and plain data; the decisions are made in `levit_bench.judge.early_stopping` and in `FixedBudget`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from levit_bench.planning.budget import (
    PILOT,
    Costs,
    FixedBudget,
    Plan,
    Progress,
    RunScatter,
    SettledBudget,
    Step,
    plan,
    settled,
)
from levit_bench.records import CaseLine, Look, TurnLine
from levit_bench.records import Protocol as MeasuringProtocol


class Policy(Protocol):
    """A stopping rule that depends on the clock and never on results, so that it cannot bias them."""

    def next(self, now: Progress) -> Step:
        """Another round, another run, or stop."""


class Referee(Protocol):
    """Judges results at looks declared beforehand, and says which cases need no more turns."""

    def look(self, done: Sequence[int], turns: Sequence[TurnLine], *, last: bool) -> Look | None:
        """What is decided after the complete runs `done`, or None when no look is due.

        Args:
            done: numbers of the complete runs so far, in order.
            turns: all turns of the session so far.
            last: no further run will be taken, so undecided cases stay undecided.
        """


class Earlier(NamedTuple):
    """What a resumed session holds already."""

    done: tuple[int, ...] = ()
    """Numbers of its complete runs."""
    turns: tuple[TurnLine, ...] = ()
    """All its turns."""
    looks: tuple[Look, ...] = ()
    """The looks taken."""
    next_run: int = 0
    """Number of the next run."""
    resumes: int = 0
    """How often it was resumed, this time included."""
    cases: tuple[CaseLine, ...] = ()
    """All its cases, those that failed or rest among them; a new session has its own here."""

    @property
    def resting(self) -> frozenset[str]:
        """Ids of the cases that a look has rested."""
        return frozenset(case for look in self.looks for case in look.resting)


class Spending(NamedTuple):
    """How a session's time is spent."""

    plan: Plan
    policy: Policy
    referee: Referee | None = None


Planner = Callable[[Costs, MeasuringProtocol, Sequence[CaseLine], Earlier], Spending]
"""Plans a session from the measured costs, the protocol, the cases that can be timed, and what it holds already."""


def fixed_budget(
    costs: Costs,
    protocol: MeasuringProtocol,
    lines: Sequence[CaseLine],
    earlier: Earlier,
    scatter: RunScatter = PILOT,
) -> Spending:
    """Spend the protocol's budget, whatever the results: the plan by this scatter, and the rule that keeps to it."""
    spending_plan = plan(costs, protocol.budget_s, scatter)
    runs, least = earlier.next_run + spending_plan.runs, min(protocol.min_rounds, spending_plan.rounds)
    rule = FixedBudget(protocol.budget_s, runs, least, least_runs=least_runs(spending_plan, protocol, earlier))
    return Spending(spending_plan, rule)


def with_budget(
    protocol: MeasuringProtocol, costs: Costs, *, is_open: bool, thin: bool | None = None
) -> tuple[MeasuringProtocol, SettledBudget]:
    """The protocol with the session's budget, and how that follows from what was asked for; see `settled`.

    Args:
        protocol: with the budget that was asked for.
        costs: what a start and a round take here.
        is_open: whether the session takes the least that it needs, however much more than asked that is.
        thin: whether one run of one round is enough; None: as the protocol says.
    """
    budget = settled(protocol.budget_s, costs, thin=protocol.thin if thin is None else thin, is_open=is_open)
    return msgspec.structs.replace(protocol, budget_s=budget.budget_s), budget


def least_runs(session_plan: Plan, protocol: MeasuringProtocol, earlier: Earlier) -> int:
    """Runs that a session takes also where the machine turns out slower than planned; none of a thin or resumed one."""
    least = session_plan.least_runs
    is_honest = session_plan.runs >= least and protocol.budget_s >= session_plan.smallest_s
    return least if is_honest and not earlier.next_run else 0
