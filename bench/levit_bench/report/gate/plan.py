"""The plan of a gate in sentences and as a document; its cases are the table of any plan."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from levit_bench.judge.verdicts import percent_above
from levit_bench.numbers.units import format_duration
from levit_bench.report.listings import plan as any_plan

if TYPE_CHECKING:
    from levit_bench.planning.budget import Plan, SettledBudget
    from levit_bench.planning.forecast import Forecast
    from levit_bench.records import Protocol

_MOST_S = 24 * 3600
"""Seconds beyond which nobody waits for a gate, so that no number is told."""


def sentences(
    forecast: Forecast,
    plan: Plan,
    protocol: Protocol,
    budget: SettledBudget,
    found: float | None,
    takes: dict[float, float],
) -> list[str]:
    """How long the gate takes, what it finds, and how long finding other slowdowns takes.

    Args:
        forecast: of the cases of all sides.
        plan: its runs and rounds.
        protocol: with the budget of its session.
        budget: how that follows from what was asked for.
        found: the ratio above 1 that it finds four times in five; None where it finds none.
        takes: seconds by slowdown, a share of the time; infinity where no gate finds it.
    """
    first, *rest = any_plan.sentences(forecast, plan, protocol, None, budget)
    if budget.refusal is None:
        finds = "no slowdown at all" if found is None else f"a slowdown of {percent_above(found)}"
        prior = "" if plan.scatter.sessions else " No gate of this machine is stored: the first one says more."
        rest.insert(0, f"With the preparation about {format_duration(forecast.prepare_s + plan.seconds)}.")
        rest.append(f"Four times in five it finds {finds}.{prior}")
    each = [f"{100 * size:g} % {_duration(seconds)}" for size, seconds in takes.items()]
    if each:
        rest.append(f"To find a slowdown nine times in ten takes, without the preparation: {', '.join(each)}.")
    return [first, *rest]


def _duration(seconds: float) -> str:
    return f"about {format_duration(seconds)}" if seconds <= _MOST_S else "more than a day"


def document(
    forecast: Forecast,
    plan: Plan,
    protocol: Protocol,
    budget: SettledBudget,
    found: float | None,
    takes: dict[float, float],
) -> dict[str, object]:
    """The plan as data: that of `levit-bench plan --json`, with what the gate finds; None where no gate finds it."""
    return {
        **any_plan.document(forecast, plan, protocol, None, budget),
        "detectable_ratio": found,
        "takes_s": {f"{size:g}": seconds if math.isfinite(seconds) else None for size, seconds in takes.items()},
    }
