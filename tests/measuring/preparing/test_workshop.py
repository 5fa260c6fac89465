"""The workshop prepares each network once, for as many sessions as it is lent to."""

from __future__ import annotations

from pathlib import Path

import pytest
from levit_bench.measuring.preparing import side_by_side
from levit_bench.measuring.preparing import workshop as preparation
from levit_bench.measuring.preparing.preparation_step import PreparationStep
from levit_bench.measuring.preparing.workshop import Artifact, Workshop
from levit_bench.measuring.reference_cases import instrument_cases
from levit_bench.measuring.workers.messages import Failed, Prepare, Prepared
from levit_bench.records import Case


class Seat:
    """Prepares everything but `broken` at once."""

    asked: list[str] = []

    def __init__(self, threads: int, allocator: str, *, timed: bool, place: object = None) -> None:
        pass

    def ask(self, request: Prepare, timeout_s: float) -> Prepared | Failed:
        self.asked.append(f"{request.case.network} {request.batches}")
        if request.case.network == "broken":
            return Failed(reason="it raised")
        return Prepared(
            sha256="0" * 64, params=1, macs=1, logits_std=1.0, seconds=0.5, compile_s=0.1, distinct_images=9
        )

    def send(self, request: Prepare) -> None:
        self.waiting = request

    def receive(self, timeout_s: float) -> Prepared | Failed:
        return self.ask(self.waiting, timeout_s)

    def kill(self) -> None:
        pass

    def close(self) -> None:
        pass


def case(network: str, **fields: object) -> Case:
    return Case(network=network, resolution=224, **fields)  # type: ignore[arg-type]


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch) -> Workshop:
    for module in (preparation, side_by_side):
        monkeypatch.setattr(module, "Seat", Seat)
    monkeypatch.setattr(side_by_side, "first_with_answer", lambda seats, _timeout_s: next(iter(seats)))
    monkeypatch.setattr(Seat, "asked", [])
    return Workshop(0, 1.0)


def prepare(workshop: Workshop, *cases: Case) -> list[Artifact | str]:
    return list(workshop.prepare(cases, lambda *_: None).values())


def test_a_second_session_gets_the_artifacts_of_the_first(workshop: Workshop) -> None:
    with workshop:
        first = prepare(workshop, case("a"), case("b"))
        workshop.release()
        assert prepare(workshop, case("b"), case("a"), case("c"))[:2] == first[::-1]
        assert Seat.asked == ["a (1,)", "b (1,)", "c (1,)"]
        assert all(isinstance(one, Artifact) and one.folder.is_dir() for one in first)
    assert not any(Path(one.folder).exists() for one in first if isinstance(one, Artifact))


def test_threads_and_allocators_share_an_artifact_and_other_batches_are_prepared_anew(workshop: Workshop) -> None:
    with workshop:
        one, other = prepare(workshop, case("a"), case("a", threads=2, allocator="shipped"))
        assert one == other
        prepare(workshop, case("a"), case("a", batch=16))
        assert Seat.asked == ["a (1,)", "a (1, 16)"]


def test_a_failure_is_tried_again(workshop: Workshop) -> None:
    with workshop:
        assert prepare(workshop, case("broken")) == prepare(workshop, case("broken")) == ["it raised"]
        assert Seat.asked == ["broken (1,)"] * 2


def test_both_yardsticks_are_one_network_and_prepared_once(workshop: Workshop) -> None:
    with workshop:
        one, other = prepare(workshop, case("yardstick-1a"), case("yardstick-1b"))
    assert one == other
    assert Seat.asked == ["yardstick-1a (1,)"]


def test_what_fails_beside_others_is_prepared_once_more_alone(workshop: Workshop) -> None:
    reported: list[PreparationStep] = []
    cases = [case("a"), case("broken"), case("b"), case("nets.py:build")]
    with workshop:
        found = workshop.prepare(cases, reported.append)
    assert [isinstance(artifact, Artifact) for artifact in found.values()] == [True, False, True, True]
    assert sorted(Seat.asked) == ["a (1,)", "b (1,)", "broken (1,)", "broken (1,)", "nets.py:build (1,)"]
    steps = [(step.done, step.total, step.case.network) for step in reported]
    begun_beside, begun_alone = steps[:3], steps[3:]
    assert [(total, name) for _, total, name in begun_beside] == [(4, "a"), (4, "broken"), (4, "b")]
    assert begun_alone == [(2, 4, "broken"), (3, 4, "nets.py:build")]


def test_the_yardstick_of_all_threads_allocators_and_batches_is_prepared_once(workshop: Workshop) -> None:
    asked = [
        case("a", threads=threads, allocator=allocator, runtime=runtime, batch=batch)
        for threads in (1, 2)
        for allocator in ("pinned", "shipped")
        for runtime in ("eager", "torchscript")
        for batch in (1, 4)
    ]
    reported: list[PreparationStep] = []
    with workshop:
        workshop.prepare([*asked, *(reference for reference, _ in instrument_cases(asked))], reported.append)
    assert sorted(name for name in Seat.asked if not name.startswith("a ")) == ["null-1 (1,)", "yardstick-1a (1,)"]
    assert sorted(step.case.network for step in reported if step.case.network != "a") == ["null-1", "yardstick-1a"]
