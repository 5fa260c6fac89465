"""The plan of a gate: how long it would take and what it would find, without installing or measuring anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from levit_bench.asking.request import Request, budget_is_open, protocol_of, subjects, workshop_of
from levit_bench.asking.sides import gate_protocol, refuse_conflicts, with_axes
from levit_bench.judge.early_stopping.gate import cases_judged
from levit_bench.judge.gate.detectable_plan import budget_that_finds, found_with
from levit_bench.judge.verdicts import Rules
from levit_bench.measuring.machine.description import machine
from levit_bench.measuring.reference_cases import instrument_cases
from levit_bench.measuring.session.sharing import SHARING
from levit_bench.measuring.sides.side_places import check_sides
from levit_bench.measuring.sides.side_words import SideWords
from levit_bench.planning.budget import Plan, SettledBudget
from levit_bench.planning.forecast import Forecast, forecast
from levit_bench.planning.gate_runs import costs_of
from levit_bench.planning.policy import Earlier, Planner, with_budget
from levit_bench.records import Case, CaseLine, Protocol, Record, SideName

SIZES = (0.02, 0.03, 0.05, 0.1)
"""Slowdowns, as shares of the time, of which a plan says how long finding them takes."""
_LOOKS = 2
"""Looks at the verdicts of a gate, which share the level."""


class GatePlan(NamedTuple):
    """What a gate would take and find."""

    forecast: Forecast
    """Of the cases of all sides."""
    protocol: Protocol
    plan: Plan
    """Its runs and rounds."""
    budget: SettledBudget
    found: float | None
    """The ratio above 1 that these runs find four times in five; None where they find none."""
    takes: dict[float, float]
    """By a slowdown, as a share of the time: seconds of the shortest gate that finds it nine times in ten; infinity
    where none does."""


def plan_gate(
    request: Request,
    history: Iterable[Record],
    sides: tuple[SideWords, SideWords],
    rules: Rules,
    planner: Planner,
    *,
    control: bool = False,
    find: float | None = None,
) -> GatePlan:
    """Forecast a gate from what the store holds of this machine. Nothing is installed, checked out or measured.

    The networks of both sides are looked for in the working tree and in this environment: what another revision lacks
    or has besides is not seen.

    Args:
        request: networks, axes and options of what is judged.
        history: what the store holds, of any machine.
        sides: what `--a` and `--b` name.
        rules: what decides.
        planner: plans by the scatter of this machine's stored gates.
        control: whether side a is measured a second time.
        find: slowdown that is to be found nine times in ten; the budget is then the most that it may take.

    Raises:
        BudgetTooSmallError: `find` takes longer than that.
        UsageError: a side or the request cannot be asked for.
    """
    refuse_conflicts(request, *sides)
    check_sides(*sides)
    cases = _cases(request, sides, control=control)
    protocol = gate_protocol(protocol_of(request), rules, find)
    references = instrument_cases(cases)
    this_machine = machine(gpus=any(case.device == "cuda" for case in cases))
    prediction = forecast(cases, [case for case, _ in references], protocol, history, this_machine, SHARING)
    costs = costs_of(prediction.costs, protocol, cases)
    protocol, budget = with_budget(protocol, costs, is_open=budget_is_open(request.budget))
    lines = [CaseLine(id=case.id, case=case) for case in cases]
    lines += [CaseLine(id=case.id, case=case, role=role) for case, role in references]
    plan = planner(costs, protocol, lines, Earlier(cases=tuple(lines))).plan
    judged = max(1, cases_judged(lines))
    wanted = {*SIZES, rules.margin, *([find] if find is not None else [])}
    # A smaller slowdown is none to a gate, and one of just this size is found half the time at most.
    sizes = sorted(size for size in wanted if size > rules.min_effect)
    return GatePlan(
        prediction,
        protocol,
        plan,
        budget,
        found_with(plan.scatter, plan.runs, plan.rounds, max(1, len(plan.looks)) * judged, rules),
        {size: budget_that_finds(size, costs, plan.scatter, _LOOKS * judged, rules) for size in sizes},
    )


def _cases(request: Request, sides: Sequence[SideWords], *, control: bool) -> list[Case]:
    """The cases of both sides and of the control, as the working tree has them."""
    names: tuple[tuple[SideName, SideWords], ...] = (("a", sides[0]), ("b", sides[1]))
    with workshop_of(request) as workshop:
        found = {
            name: [subject.case for subject in subjects(with_axes(request, dict(words.axes)), workshop)]
            for name, words in names
        }
    if control:
        found["control"] = found["a"]
    return [msgspec.structs.replace(case, side=name) for name, cases in found.items() for case in cases]
