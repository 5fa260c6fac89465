"""Plan of a session whose goal may end it before its budget: a target error or a race, with its declared looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from levit_bench.errors import UsageError
from levit_bench.judge.early_stopping import gate, race, target_error
from levit_bench.planning.budget import PILOT, Costs, FixedBudget, Plan, RunScatter, looks, plan
from levit_bench.planning.policy import Earlier, Referee, Spending, fixed_budget, least_runs
from levit_bench.records import CaseLine, Goal, Protocol

_Maker = Callable[[Protocol, Sequence[CaseLine], tuple[int, ...], Earlier], Referee]
_REFEREES: dict[Goal, _Maker] = {"target-error": target_error.referee, "race": race.referee, "gate": gate.referee}


_END: dict[Goal, float] = {"target-error": 1.0, "race": 0.75}
"""Share of the planned runs after which the last look is taken. The last quarter of a session narrows its intervals by
a seventh: that decides few places, and takes the time that a race is for."""


def planned(
    costs: Costs,
    protocol: Protocol,
    done: int = 0,
    scatter: RunScatter = PILOT,
    budget_s: float | None = None,
    cases: int = 1,
) -> Plan:
    """Runs, rounds and looks for a protocol by this scatter, after `done` complete runs.

    `budget_s` is the time to be spent where that is not the protocol's; `cases` are those that a gate judges.

    Raises:
        UsageError: all looks that were declared have been taken.
    """
    budget_plan = plan(costs, budget_s if budget_s is not None else protocol.budget_s, scatter)
    if protocol.goal == "budget":
        return budget_plan
    declared = protocol.looks or _looks(protocol.goal, budget_plan.runs, cases)
    remaining = declared[-1] - done
    if remaining <= 0:
        raise UsageError(
            f"the session declared looks after {', '.join(map(str, declared))} runs, and all were taken. To look again "
            "at more runs of it would make its intervals promise too much. Start a new session with a larger --budget."
        )
    runs = min(budget_plan.runs, remaining)
    return budget_plan._replace(
        runs=runs, seconds=runs * (costs.start_s + budget_plan.rounds * costs.round_s), looks=declared
    )


def _looks(goal: Goal, runs: int, cases: int) -> tuple[int, ...]:
    return gate.gate_looks(runs, cases) if goal == "gate" else looks(runs, _END[goal])


def planner(
    costs: Costs,
    protocol: Protocol,
    lines: Sequence[CaseLine],
    earlier: Earlier,
    scatter: RunScatter = PILOT,
) -> Spending:
    """The plan by this scatter, the policy and the referee for a protocol's goal.

    A session with a goal takes no more rounds a run than were planned: time that cases at rest do not need is saved.

    Raises:
        UsageError: all looks that were declared have been taken.
    """
    if protocol.goal == "budget":
        return fixed_budget(costs, protocol, lines, earlier, scatter)
    budget_s = gate.budget_of(costs, protocol, lines, scatter)
    session_plan = planned(costs, protocol, len(earlier.done), scatter, budget_s, gate.cases_judged(lines))
    least = min(protocol.min_rounds, session_plan.rounds)
    policy = FixedBudget(
        budget_s,
        earlier.next_run + session_plan.runs,
        least,
        rounds=session_plan.rounds,
        least_runs=least_runs(session_plan, protocol, earlier),
    )
    return Spending(session_plan, policy, _REFEREES[protocol.goal](protocol, lines, session_plan.looks, earlier))
