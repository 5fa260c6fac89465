"""The latency of one side of a case of a gate, and how long it was timed."""

from __future__ import annotations

import math

from levit_bench.judge.estimates import latency
from levit_bench.records import Estimate, Record


def latency_s(record: Record | None) -> float | None:
    """Seconds of one pass, by the median of its runs as everywhere; absent where the side has no time."""
    if record is None:
        return None
    estimate = latency(record)
    return estimate.value if isinstance(estimate, Estimate) and math.isfinite(estimate.value) else None


def measured_s(record: Record) -> float:
    """Seconds of all its timed passes together; 0 where it has none."""
    return sum(sum(turn.duration_s) for run in record.runs for turn in run.turns)
