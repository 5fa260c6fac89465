"""Several networks are prepared at once, and what goes wrong beside others is left to be prepared alone."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest
from levit_bench.measuring.preparing import side_by_side
from levit_bench.measuring.preparing.side_by_side import prepare_side_by_side
from levit_bench.measuring.workers.messages import Failed, Prepare, Prepared
from levit_bench.measuring.workers.seat import Seat, SeatLostError, first_with_answer
from levit_bench.paths.code_files import CodeFiles
from levit_bench.records import Case

PREPARED = Prepared(
    sha256="0" * 64, params=1, macs=1, logits_std=1.0, seconds=0.5, compile_s=0.1, distinct_images=9,
    code_files=CodeFiles(),
)  # fmt: skip


class FakeSeat:
    """Answers by the name of the network."""

    made: list[FakeSeat] = []
    can_be_made = 100

    def __init__(self, threads: int, allocator: str, *, timed: bool, place: object = None) -> None:
        if len(self.made) >= self.can_be_made:
            raise SeatLostError("cannot start a process")
        self.threads, self.timed, self.closed = threads, timed, 0
        self.asked: list[str] = []
        self.made.append(self)

    def send(self, request: Prepare) -> None:
        assert not self.closed
        self.asked.append(request.case.network)

    def receive(self, timeout_s: float) -> Prepared | Failed:
        network = self.asked[-1]
        if network == "dies":
            raise SeatLostError("ended by SIGKILL")
        if network == "fails":
            return Failed(reason="out of memory")
        return msgspec.structs.replace(PREPARED, failed={16: "it raised"} if network == "half" else {})

    def kill(self) -> None:
        pass

    def close(self) -> None:
        self.closed += 1


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeSeat, "made", [])
    monkeypatch.setattr(side_by_side, "Seat", FakeSeat)
    monkeypatch.setattr(side_by_side, "first_with_answer", lambda seats, _timeout_s: next(iter(seats)))


def requests(*names: str) -> dict[Case, Prepare]:
    cases = [Case(network=name, resolution=224, allocator="n/a") for name in names]
    return {case: Prepare(case=case, batches=(1,), folder="/nowhere", seed=0) for case in cases}


def prepared(names: Iterable[str], cores: int, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """The networks that were prepared, and those that were begun."""
    monkeypatch.setattr(side_by_side, "usable_processors", lambda: cores)
    begun: list[str] = []
    done = prepare_side_by_side(requests(*names), 1.0, lambda case: begun.append(case.network))
    assert all(seat.closed for seat in FakeSeat.made)
    assert not any(seat.timed for seat in FakeSeat.made)
    return sorted(case.network for case in done), begun


@pytest.mark.parametrize(
    ("cores", "count", "processes", "threads"), [(1, 3, 1, 1), (2, 5, 2, 1), (4, 2, 2, 2), (64, 20, 8, 8)]
)
def test_processes_share_the_processors(
    cores: int, count: int, processes: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"net{number:02}" for number in range(count)]
    assert prepared(names, cores, monkeypatch) == (names, names)
    assert [seat.threads for seat in FakeSeat.made] == [threads] * processes


def test_large_networks_go_first_and_unknown_ones_last(monkeypatch: pytest.MonkeyPatch) -> None:
    _, begun = prepared(["levit_128s", "own.py:build", "efficientnet_b4", "deit_small", "levit_384"], 2, monkeypatch)
    assert begun == ["deit_small", "efficientnet_b4", "levit_384", "levit_128s", "own.py:build"]


def test_what_fails_dies_or_fails_at_a_batch_beside_others_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    done, begun = prepared(["a", "dies", "fails", "half", "b", "dies2", "c"], 2, monkeypatch)
    assert done == ["a", "b", "c", "dies2"]
    assert begun == ["a", "dies", "fails", "half", "b", "dies2", "c"]
    assert sum("dies" in seat.asked for seat in FakeSeat.made) == 1
    assert len(FakeSeat.made) == 3, "a process that died is replaced"


def test_where_no_process_can_be_started_what_was_prepared_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeSeat, "can_be_made", 1)
    assert prepared(["a", "b", "c"], 1, monkeypatch)[0] == ["a", "b", "c"]
    monkeypatch.setattr(FakeSeat, "made", [])
    monkeypatch.setattr(FakeSeat, "can_be_made", 0)
    assert prepared(["a", "b"], 2, monkeypatch)[0] == []


def test_the_first_process_with_an_answer_is_found_and_one_that_ended_too() -> None:
    """Real processes: one that waits for a request, and one that is gone."""
    with Seat(1, side_by_side.default_allocator()) as waiting, Seat(1, side_by_side.default_allocator()) as gone:
        assert first_with_answer([waiting], 0.0) is waiting
        gone.kill()
        assert first_with_answer([waiting, gone], 3600) is gone
