"""Latency on ARM processors; skipped, with the reason, on others and under emulation.

Example: pytest --benchmark suites/test_arm.py --threads 1,4 --networks mobile --budget 5m
"""

from __future__ import annotations

import pytest


@pytest.mark.levit_bench(device="arm")
def test_runs_on_arm(measured):
    assert measured.record.machine.isa.lower() in ("aarch64", "arm64")
    assert not measured.record.conditions.emulated
    assert measured.relative.value > 0
