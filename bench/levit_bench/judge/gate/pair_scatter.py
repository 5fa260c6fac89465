"""How far the ratios of two sides scatter from run to run on this machine, by its stored gates."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from levit_bench.catalog.side_pairs import axes_of, paired
from levit_bench.planning.budget import PILOT, RunScatter
from levit_bench.records import Record

PRIOR = RunScatter(2 * PILOT.between, 2 * PILOT.within)
"""Where no gate is stored: two worker processes in the place of one, whose effects do not cancel."""


def as_ratios(records: Iterable[Record]) -> list[Record]:
    """The cases of side b of stored gates, with side a in the place of the yardstick.

    What is computed of a ratio to the yardstick, such as its scatter between and within runs, is then that of the ratio
    of side b to side a.
    """
    sessions: dict[str, list[Record]] = {}
    for record in records:
        if record.info.role == "subject" and record.case.side:
            sessions.setdefault(record.session, []).append(record)
    out = []
    for group in sessions.values():
        pairs = paired(((record.case, record) for record in group), axes_of(group[0].differences))
        out += [
            _ratio_of(first, second) for first, second in pairs.values() if first is not None and second is not None
        ]
    return out


def _ratio_of(first: Record, second: Record) -> Record:
    turns = {run.run: run.turns for run in first.runs}
    runs = (msgspec.structs.replace(run, yardsticks=(turns[run.run],)) for run in second.runs if turns.get(run.run))
    return msgspec.structs.replace(second, runs=tuple(runs))
