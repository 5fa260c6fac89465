"""Median passes of a case, round by round, in few characters: what the page computes ratios of pinned points from.

A round is a whole number of 32 bits in units of the case's longest round: finer than a billionth of it, so that a ratio
has the digits that `levit-bench compare` shows, at a third of the size of decimal text.
"""

from __future__ import annotations

import base64
import math
import struct

from levit_bench.judge.estimates import by_round, counts
from levit_bench.records import Record

NO_TURN = 0xFFFFFFFF
"""In place of a round in which the case took no turn."""
_LARGEST = NO_TURN - 1


def rounds_of(record: Record) -> dict[str, object] | None:
    """The unit in seconds and, by the number of each run that counts, its rounds; None where none has a pass."""
    runs = {run.run: logs for run in record.runs if counts(run) and (logs := by_round(run.turns))}
    if not runs:
        return None
    unit = math.exp(max(log for logs in runs.values() for log in logs.values())) / _LARGEST
    return {"unit": unit, "runs": {str(run): _packed(logs, unit) for run, logs in sorted(runs.items())}}


def _packed(logs: dict[int, float], unit: float) -> str:
    numbers = [
        min(_LARGEST, round(math.exp(logs[number]) / unit)) if number in logs else NO_TURN
        for number in range(max(logs) + 1)
    ]
    return base64.b64encode(struct.pack(f"<{len(numbers)}I", *numbers)).decode("ascii")
