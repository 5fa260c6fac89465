"""The ablation of LeViT-128S: what each choice of its design costs or wins here.

The paper states what each costs in accuracy, and no speed.

Example: pytest --benchmark suites/test_ablations.py --networks ablation --budget 5m
Then: levit-bench show --session last --against levit_128s_one_head
"""

from __future__ import annotations

import pytest


@pytest.mark.levit_bench("ablation", device="cpu", threads=1, streams=1, batch=[1, 16])
def test_each_row_of_the_ablation(measured):
    accuracy, macs = measured.record.info.accuracy, measured.record.info.macs
    assert accuracy is not None, "the paper's Table 5 has one for each row"
    assert 56 < accuracy.top1 < 72
    assert 270e6 < macs < 315e6, "all rows have about the multiply-accumulates of LeViT-128S"
