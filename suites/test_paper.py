"""The LeViT paper's own protocol: batch 16 on one thread, as the allocator is shipped and pinned side by side.

Example: pytest --benchmark suites/test_paper.py --networks levit_192,efficientnet_b2 --budget 3m
"""

from __future__ import annotations

import pytest


@pytest.mark.levit_bench(device="cpu", threads=1, streams=1, batch=16, allocator=["pinned", "shipped"])
def test_the_papers_protocol(measured):
    assert (measured.case.batch, measured.case.threads) == (16, 1)
    assert 16 / max(measured.duration_s) <= measured.throughput.value <= 16 / min(measured.duration_s)
    assert measured.record.info.accuracy is None or measured.record.info.accuracy.top1 > 50
