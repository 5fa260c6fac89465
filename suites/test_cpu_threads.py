"""Latency on processor threads.

Example: pytest --benchmark suites/test_cpu_threads.py --threads 1,2 --batch 1 --networks paper --budget 5m
"""

from __future__ import annotations

import math
from statistics import median

import pytest


@pytest.mark.levit_bench(device="cpu")
def test_keeps_to_its_threads(measured):
    turns = [turn for run in measured.record.runs for turn in run.turns]
    busy = sum(turn.cpu_s for turn in turns) / sum(sum(turn.duration_s) for turn in turns)
    assert busy < 1.05 * measured.case.threads + 0.05, f"{busy:.2f} processors were busy"
    # In the first turn of a run the heap may still grow.
    grown = [turn.minor_faults or 0 for run in measured.record.runs for turn in run.turns[1:]]
    if measured.case.allocator == "pinned" and grown:
        assert median(grown) == 0, "the allocator gave memory back between passes"
    assert math.isfinite(measured.latency.high) or measured.latency.n < 2, "runs do not bound the latency"
