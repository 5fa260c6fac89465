"""Turns of a session in progress as logs by case, run and round, and the number of the look that is due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from levit_bench.judge.estimates import by_round
from levit_bench.records import TurnLine

Logs = dict[int, dict[int, float]]
"""Log of the median timed pass of one case, by run and round."""


def logs_by_case(turns: Iterable[TurnLine], runs: Sequence[int]) -> dict[str, Logs]:
    """The logs of each case in those runs."""
    numbers = set(runs)
    turns_by_case: dict[str, dict[int, list[TurnLine]]] = {}
    for turn in turns:
        if turn.run in numbers:
            turns_by_case.setdefault(turn.case, {}).setdefault(turn.run, []).append(turn)
    return {case: {run: by_round(group) for run, group in by_run.items()} for case, by_run in turns_by_case.items()}


def due(looks: Sequence[int], done: int, *, last: bool) -> int | None:
    """Number, from 1, of the look to take after so many complete runs; None when none is due.

    A session that ends before its last look was due takes the next one at its end.
    """
    if done in looks:
        return looks.index(done) + 1
    number = sum(look < done for look in looks) + 1
    return number if last and number <= len(looks) else None
