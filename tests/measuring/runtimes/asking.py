"""A case taken through a seat as the suite does it: prepared, loaded, checked and timed, in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from levit_bench.measuring import runtimes
from levit_bench.measuring.worker import Worker
from levit_bench.measuring.workers.messages import CaseLoaded, Failed, Load, Prepare, Prepared, Turn, Turned
from levit_bench.records import Case

ON_PROCESSORS = tuple(name for name in runtimes.names() if "cpu" in runtimes.devices_of(name))
"""Runtimes of the suite that need no GPU."""


def skip_without(runtime: str) -> None:
    """Skip the test where the runtime is not installed, with what would make it run."""
    why = runtimes.unavailable(runtime)
    if why is not None:
        pytest.skip(f"runtime {runtime!r} cannot run here: {why}")


def taken(case: Case, folder: Path) -> Worker | str:
    """The seat that holds the case, after a turn whose outputs were right, or the reason why there is none."""
    skip_without(case.runtime)
    before = torch.get_num_threads()
    torch.set_num_threads(case.threads)
    try:
        return _taken(case, folder)
    finally:
        torch.set_num_threads(before)


def _taken(case: Case, folder: Path) -> Worker | str:
    worker = Worker()
    prepared = worker.answer(Prepare(case=case, batches=(case.batch,), folder=str(folder), seed=0))
    if isinstance(prepared, Failed):
        return prepared.reason
    assert isinstance(prepared, Prepared)
    loaded = worker.answer(Load(case=case, folder=str(folder), seed=0))
    if isinstance(loaded, Failed):
        return loaded.reason
    assert isinstance(loaded, CaseLoaded)
    turned = worker.answer(Turn(case=case.id, settle=1, passes=3))
    assert isinstance(turned, Turned), turned
    assert len(turned.duration_s) == 3
    return turned.problem or worker
