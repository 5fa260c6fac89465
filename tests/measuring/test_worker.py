"""What a seat says of its runtimes, however they say it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
import torch
from levit_bench.measuring import runtimes
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.runtimes import eager
from levit_bench.measuring.worker import Worker
from levit_bench.measuring.workers.messages import (
    Answer,
    CaseLoaded,
    Describe,
    Description,
    Failed,
    Load,
    Turn,
    Turned,
    decode_answer,
    encode,
)
from levit_bench.records import Case


class Foreign:
    """Eager PyTorch by another name, with its own words about itself."""

    unavailable, prepare, load = map(staticmethod, (eager.unavailable, eager.prepare, eager.load))

    def __init__(self, versions: Callable[[], dict[str, str]]) -> None:
        self.versions = versions

    def threads(self) -> int:
        return 1


def _answers(monkeypatch: pytest.MonkeyPatch, folder: Path, versions: Callable[[], dict[str, str]]) -> list[Answer]:
    """Of a seat that loads a case of a foreign runtime and then describes itself, as they cross the pipe."""
    monkeypatch.setattr(runtimes, "get", lambda _name: Foreign(versions))
    case = Case(network="tests.hostile_networks:sound", resolution=64, runtime="foreign")
    artifacts.prepare(case, (1,), folder, 0)
    worker = Worker()
    requests = (Load(case=case, folder=str(folder), seed=0), Describe())
    return [decode_answer(encode(worker.answer(request)).rstrip(b"\n")) for request in requests]


def test_versions_cross_the_pipe_as_plain_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    loaded, description = _answers(monkeypatch, tmp_path, lambda: {"torch": torch.__version__})
    assert isinstance(loaded, CaseLoaded)
    assert isinstance(description, Description)
    assert (description.threads, description.versions) == (1, {"torch": str(torch.__version__)})


def test_a_runtime_that_cannot_say_its_version_costs_its_case_and_not_the_seat(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken() -> dict[str, str]:
        raise OSError("no such library")

    failed, description = _answers(monkeypatch, tmp_path, broken)
    assert isinstance(failed, Failed)
    assert "no such library" in failed.reason
    assert isinstance(description, Description)
    assert description.versions == {}


def _loaded(folder: Path, network: str) -> tuple[Worker, Case]:
    case = Case(network=f"tests.hostile_networks:{network}", resolution=32)
    artifacts.prepare(case, (1,), folder, 0)
    worker = Worker()
    answer = worker.answer(Load(case=case, folder=str(folder), seed=0))
    assert isinstance(answer, CaseLoaded), answer
    return worker, case


def test_every_pass_is_shown_other_images_so_that_none_is_remembered(tmp_path: Path) -> None:
    worker, case = _loaded(tmp_path, "remembers")
    network = worker._loaded_cases[case.id].loaded.run
    before = network.computed  # type: ignore[attr-defined]
    for passes in (4, 250):  # More than there are images.
        answer = worker.answer(Turn(case=case.id, settle=1, passes=passes))
        assert isinstance(answer, Turned)
        assert answer.problem is None
    assert network.computed - before == 256  # type: ignore[attr-defined]


def test_a_case_that_changes_its_process_fails_and_the_process_is_as_it_was(tmp_path: Path) -> None:
    worker, case = _loaded(tmp_path, "more_threads_late")
    threads = torch.get_num_threads()
    answer = worker.answer(Turn(case=case.id, settle=1, passes=40))
    assert answer == Failed(reason=f"changes settings of its whole process while it runs: threads from {threads} to 7")
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_second_instrument_times_the_same_passes_without_entering_our_own(
    tmp_path: Path, place: Literal["first", "last"]
) -> None:
    case = Case(network="tests.hostile_networks:sound", resolution=64)
    artifacts.prepare(case, (1,), tmp_path, 0)
    worker = Worker()
    assert isinstance(worker.answer(Load(case=case, folder=str(tmp_path), seed=0)), CaseLoaded)
    plain = worker.answer(Turn(case=case.id, settle=1, passes=4))
    both = worker.answer(Turn(case=case.id, settle=1, passes=4, witness=place))
    assert isinstance(plain, Turned)
    assert isinstance(both, Turned)
    assert plain.witness_s is None
    assert both.witness_s is not None
    assert 0 < both.witness_s < 1
    assert (len(both.settle_s), len(both.duration_s)) == (1, 4)
    assert (plain.problem, both.problem) == (None, None)
    assert (both.total_cpu_s or 0) > (plain.total_cpu_s or 0) > 0
