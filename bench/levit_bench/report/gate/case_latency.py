"""The time of one side of a case of a gate: its latency, its multiple of the yardstick's, and how long it was timed."""

from __future__ import annotations

import math

from levit_bench.judge.estimates import latency, relative_to_yardstick
from levit_bench.records import Estimate, Finding, Record


def latency_s(record: Record | None) -> float | None:
    """Seconds of one pass, by the median of its runs as everywhere; absent where the side has no time."""
    return None if record is None else _known(latency(record))


def multiple_of_yardstick(record: Record | None) -> float | None:
    """The same as a multiple of the yardstick's, by which sessions are compared; absent where there is none."""
    return None if record is None else _known(relative_to_yardstick(record))


def _known(estimate: Estimate | Finding) -> float | None:
    return estimate.value if isinstance(estimate, Estimate) and math.isfinite(estimate.value) else None


def measured_s(record: Record) -> float:
    """Seconds of all its timed passes together; 0 where it has none."""
    return sum(sum(turn.duration_s) for run in record.runs for turn in run.turns)
