"""Throughput of a GPU over batch sizes; skipped, with the reason, where there is none to measure on.

Example: pytest --benchmark suites/test_gpu_batches.py --batch 1,256 --networks levit --bench-precision fp16 --budget 5m
"""

from __future__ import annotations

import pytest


@pytest.mark.levit_bench(device="cuda", batch=[1, 16, 64, 256, 1024])
def test_batch(measured):
    turns = [turn for run in measured.record.runs for turn in run.turns]
    assert all(len(turn.device_s) == len(turn.duration_s) for turn in turns), "every pass has its events"
    # The events enclose the kernels, the clock encloses the events.
    assert all(sum(turn.device_s) <= sum(turn.duration_s) for turn in turns)
    assert measured.throughput.value > 0
