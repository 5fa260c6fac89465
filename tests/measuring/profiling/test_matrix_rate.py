"""The rate of products of matrices, on a quiet machine and where other work interrupts the threads."""

from __future__ import annotations

import pytest
import torch
from levit_bench.measuring.profiling import matrix_rate
from levit_bench.measuring.profiling.matrix_rate import best_rate

FLOPS = 1e11


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[int]:
    """The sizes that are tried on a machine of this rate on which every product waits for so many seconds besides."""
    tried: list[int] = []

    def best_s(size: int, *_: object) -> float:
        tried.append(size)
        return float(request.param + 2 * size**3 / FLOPS)

    monkeypatch.setattr(matrix_rate, "_best_s", best_s)
    return tried


def _rate() -> float:
    return best_rate(torch.empty(0), lambda: None, longest_s=0.01).flops


@pytest.mark.parametrize("sizes", [0.0], indirect=True)
def test_a_quiet_machine_shows_its_rate_within_the_first_long_product(sizes: list[int]) -> None:
    assert _rate() == pytest.approx(FLOPS)
    assert sizes == [256, 512, 1024]


@pytest.mark.parametrize("sizes", [0.01, 0.03, 0.1], indirect=True)
def test_threads_that_wait_for_each_other_hide_at_most_half_of_the_rate(sizes: list[int]) -> None:
    assert _rate() > FLOPS / 2
