"""Faults put into records of a healthy session, where no scenario of the simulated machine has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from levit_bench.judge.findings import session_findings
from levit_bench.records import Conditions, Record, Run, TurnLine

replace = msgspec.structs.replace


def kinds(records: Sequence[Record]) -> set[str]:
    """Kinds of all session_findings about records."""
    return {found.finding.kind for found in session_findings(records)}


def messages(records: Sequence[Record], kind: str) -> list[str]:
    """What session_findings of one kind say."""
    return [found.finding.message for found in session_findings(records) if found.finding.kind == kind]


def slower(records: Sequence[Record], factor: Callable[[TurnLine], float]) -> list[Record]:
    """Each turn as many times as long as `factor` says, the yardsticks' own copies with it."""

    def changed(turn: TurnLine) -> TurnLine:
        times = factor(turn)
        return replace(turn, duration_s=tuple(times * duration for duration in turn.duration_s))

    def of_run(run: Run) -> Run:
        sticks = tuple(tuple(map(changed, stick)) for stick in run.yardsticks)
        return replace(run, turns=tuple(map(changed, run.turns)), yardsticks=sticks)

    return [replace(record, runs=tuple(map(of_run, record.runs))) for record in records]


def of_case(records: Sequence[Record], network: str) -> str:
    """Id of a network's case."""
    return next(record.info.id for record in records if record.case.network == network)


def in_state(records: Sequence[Record], **state: Any) -> list[Record]:
    """The whole session in another state of the machine."""
    return staged(records, lambda _run, _when: state)


def staged(records: Sequence[Record], state: Callable[[int, str], dict[str, Any]]) -> list[Record]:
    """Each run's conditions `before` and `after` as `state` says."""

    def of(conditions: Conditions | None, run: int, when: str) -> Conditions | None:
        return None if conditions is None else replace(conditions, **state(run, when))

    out = []
    for record in records:
        runs = tuple(
            replace(run, before=of(run.before, run.run, "before"), after=of(run.after, run.run, "after"))
            for run in record.runs
        )
        out.append(replace(record, runs=runs, conditions=replace(record.conditions, **state(0, "before"))))
    return out
