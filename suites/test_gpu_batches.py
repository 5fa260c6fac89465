"""Throughput of a GPU over batch sizes; skipped, with the reason, where there is none to measure on.

Example: pytest --benchmark suites/test_gpu_batches.py --batch 1,256 --networks levit --budget 5m
"""

from __future__ import annotations

import pytest


@pytest.mark.levit_bench(device="cuda", batch=[1, 16, 64, 256, 1024])
def test_batch(measured):
    assert measured.throughput.value > 0
    assert measured.case.device == "cuda"
