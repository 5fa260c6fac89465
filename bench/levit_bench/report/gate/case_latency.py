"""The time of one side of a case of a gate: its latency, and its multiple of the yardstick's."""

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
