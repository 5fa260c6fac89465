"""For all tests of the workshop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tests.measuring.fake_packages import install
from tests.torch_forks import TorchForks, torch_forks

__all__ = ["install"]


@pytest.fixture(scope="session")
def forks() -> Iterator[TorchForks]:
    """Runs programs in processes of their own that hold torch already."""
    with torch_forks() as started:
        yield started


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """One thread, as a seat of the usual case has.

    With more, small operators on a busy machine wait for each other's threads ten times longer than they compute.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
