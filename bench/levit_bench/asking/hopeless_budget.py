"""Refuses a budget before anything is prepared, where even a session much faster than its forecast would exceed it.

Preparation takes minutes, and only the rehearsal after it knows what a run costs. A forecast costs nothing, and is off
by a factor of three where it is a guess: so it refuses what is hopeless, and leaves the rest to the rehearsal.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from levit_bench.errors import BudgetTooSmallError
from levit_bench.measuring.machine.description import machine
from levit_bench.measuring.reference_cases import instrument_cases
from levit_bench.measuring.session.sharing import SHARING
from levit_bench.planning.budget import Costs, settled, too_small
from levit_bench.planning.forecast import forecast
from levit_bench.planning.gate_runs import costs_of
from levit_bench.records import Case, Protocol, Record
from levit_bench.store import files

OPTIMISM = 4.0
"""Factor by which a session may be faster than its forecast and still be refused: a pass that is guessed from
multiply-accumulates is off by up to three."""


def refuse_hopeless(cases: Sequence[Case], protocol: Protocol, root: Path, *, is_open: bool) -> None:
    """Refuse a budget that is too small by more than the forecast may err; the store is read only where it seems so.

    Args:
        cases: that are asked for.
        protocol: with the budget that was asked for.
        root: the store, whose times of this machine make the forecast.
        is_open: whether the session takes what it needs, so that no budget is too small.

    Raises:
        BudgetTooSmallError: it is; names what the session takes by the forecast.
    """
    if is_open or not cases or not _is_hopeless(_costs(cases, protocol, ()), protocol):
        return
    records, _ = files.load_readable(files.session_files(root)) if root.exists() else ([], [])
    costs = _costs(cases, protocol, records)
    if _is_hopeless(costs, protocol):
        raise BudgetTooSmallError(
            f"{too_small(protocol.budget_s, costs, thin=protocol.thin, is_forecast=True)} Nothing was prepared."
        )


def _costs(cases: Sequence[Case], protocol: Protocol, history: Sequence[Record]) -> Costs:
    """What a start and a round take here by the forecast."""
    this_machine = machine(gpus=any(case.device == "cuda" for case in cases))
    references = [case for case, _ in instrument_cases(cases)]
    costs = forecast(cases, references, protocol, history, this_machine, SHARING).costs
    return costs_of(costs, protocol, cases)


def _is_hopeless(costs: Costs, protocol: Protocol) -> bool:
    """Whether the budget would be refused even if everything were `OPTIMISM` times as fast."""
    faster = costs._replace(start_s=costs.start_s / OPTIMISM, round_s=costs.round_s / OPTIMISM)
    return settled(protocol.budget_s, faster, thin=protocol.thin).refusal is not None
