"""What fails at one batch costs that batch alone, whether it is told or dies of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from levit_bench.measuring.pass_data.reference_outputs import references_in
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.preparing import workshop as preparation
from levit_bench.measuring.preparing.workshop import Artifact, Workshop
from levit_bench.measuring.workers.messages import AT_WORK, CaseLoaded, Failed, Load, Prepare, Prepared
from levit_bench.measuring.workers.seat import Seat, SeatLostError
from levit_bench.records import Case
from torch import nn


class _Checks(nn.Module):
    """A tiny sound classifier that looks at the size of its batch first."""

    def __init__(self, look: Callable[[int], None]) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, 4), nn.BatchNorm2d(8), nn.ReLU())
        self.head = nn.Linear(8, 10)
        self._look = look

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self._look(x.shape[0])
        logits: torch.Tensor = self.head(self.features(x).mean((2, 3)))
        return logits


MACS = 8 * 8 * 8 * 27 + 80


def even() -> nn.Module:
    """Pairs its images."""

    def look(batch: int) -> None:
        if batch % 2:
            raise ValueError(f"{batch} images make no pairs")

    return _Checks(look)


def dies_of_three() -> nn.Module:
    """Takes its process with it."""

    def look(batch: int) -> None:
        if batch == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    return _Checks(look)


even.resolution = dies_of_three.resolution = 32  # type: ignore[attr-defined]


def case(network: str, **fields: Any) -> Case:
    return Case(network=f"{__name__}:{network}", resolution=32, **fields)


def test_a_network_of_even_batches_is_prepared_for_those(tmp_path: Path) -> None:
    made = artifacts.prepare(case("even"), (1, 2, 3, 4), tmp_path, 0)
    reasons = {batch: reason.partition(" (in ")[0] for batch, reason in made.failed.items()}
    assert reasons == {1: "1 images make no pairs", 3: "3 images make no pairs"}
    assert (made.macs, made.uncounted) == (MACS, ())
    assert references_in(tmp_path).logits.shape[1] == 10
    assert not (tmp_path / AT_WORK).exists()


def test_a_network_that_passes_at_no_batch_says_why(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 images make no pairs"):
        artifacts.prepare(case("even"), (1, 3), tmp_path, 0)


class Deadly:
    """A seat that dies of batch 3, and of a network called `anyway`."""

    asked: list[tuple[int, ...]] = []
    deadly: tuple[int, ...] = (3,)

    def __init__(self, threads: int, allocator: str, *, timed: bool, place: object = None) -> None:
        pass

    def ask(self, request: Prepare, timeout_s: float) -> Prepared | Failed:
        self.asked.append(request.batches)
        for batch in request.batches:
            if batch in self.deadly:
                (Path(request.folder) / AT_WORK).write_text(str(batch))
                raise SeatLostError("was killed")
        if request.case.network == "anyway":
            raise SeatLostError("was killed in its constructor")
        return Prepared(
            sha256="0" * 64,
            params=1,
            macs=1,
            logits_std=1.0,
            seconds=0.5,
            compile_s=0.1,
            distinct_images=9,
            failed={5: "too many"},
        )

    def close(self) -> None:
        pass


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    monkeypatch.setattr(preparation, "Seat", Deadly)
    monkeypatch.setattr(Deadly, "asked", [])
    return Deadly.asked


def test_a_batch_that_kills_the_preparation_is_left_out_of_the_next_attempt(deadly: list[tuple[int, ...]]) -> None:
    cases = [Case(network="a", resolution=224, batch=batch) for batch in (1, 3, 5, 8)]
    with Workshop(0, 1.0) as workshop:
        found = workshop.prepare(cases, lambda *_: None)
        assert deadly == [(1, 3, 5, 8), (1, 5, 8)]
        artifact, killed, refused, other = (found[one.id] for one in cases)
        assert (killed, refused) == ("was killed", "too many")
        assert isinstance(artifact, Artifact)
        assert artifact == other
        workshop.prepare(cases, lambda *_: None)
        assert len(deadly) == 4, "a failure is tried again"


def test_who_dies_of_two_batches_is_not_tried_with_larger_ones(
    deadly: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deadly, "deadly", (3, 8, 16, 32))
    cases = [Case(network="a", resolution=224, batch=batch) for batch in (1, 3, 8, 16, 32)]
    with Workshop(0, 1.0) as workshop:
        found = list(workshop.prepare(cases, lambda *_: None).values())
    assert deadly == [(1, 3, 8, 16, 32), (1, 8, 16, 32), (1,)]
    assert isinstance(found[0], Artifact)
    assert found[1:] == ["was killed", "was killed", *["not tried, for at batch 8 it was killed"] * 2]


@pytest.mark.parametrize(("network", "batches", "asked"), [("a", (3,), 1), ("anyway", (1, 3), 2)])
def test_a_network_whose_preparation_dies_at_every_batch_is_not_tried_for_ever(
    deadly: list[tuple[int, ...]], network: str, batches: tuple[int, ...], asked: int
) -> None:
    cases = [Case(network=network, resolution=224, batch=batch) for batch in batches]
    with Workshop(0, 1.0) as workshop:
        assert all("was killed" in str(why) for why in workshop.prepare(cases, lambda *_: None).values())
    assert len(deadly) == asked


@pytest.mark.slow
def test_batches_beside_a_deadly_one_are_loaded_and_right() -> None:
    cases = [case("dies_of_three", batch=batch) for batch in (1, 3, 4)]
    with Workshop(0, 300.0) as workshop:
        found = [workshop.prepare(cases, lambda *_: None)[one.id] for one in cases]
        workshop.release()
        assert "SIGKILL" in str(found[1])
        for one, made in ((cases[0], found[0]), (cases[2], found[2])):
            assert isinstance(made, Artifact)
            with Seat(1, one.allocator) as seat:
                assert isinstance(seat.ask(Load(case=one, folder=str(made.folder), seed=0), 300.0), CaseLoaded)


class Remembering:
    """A seat that notes what it is asked for."""

    alive: list[Remembering] = []
    started = 0

    def __init__(self, threads: int, allocator: str, *, timed: bool, place: object = None) -> None:
        type(self).started += 1
        self.networks: list[str] = []
        self.alive.append(self)

    def ask(self, request: Prepare, timeout_s: float) -> Prepared:
        self.networks.append(request.case.network)
        return Prepared(
            sha256="0" * 64, params=1, macs=1, logits_std=1.0, seconds=0.5, compile_s=0.1, distinct_images=9
        )

    def close(self) -> None:
        self.alive.remove(self)


def test_code_of_each_file_is_prepared_in_a_process_apart_from_the_catalogs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "Seat", Remembering)
    names = ["resnet10t", "a.py:build#3f2a91", "a.py:other#3f2a91", "b.nets:build", "b.nets:build~twin", "levit_128s"]
    with Workshop(0, 1.0) as workshop:
        workshop.prepare([Case(network=name, resolution=224) for name in names], lambda *_: None)
        assert [seat.networks for seat in Remembering.alive] == [[names[0], names[5]], names[3:5]]
        assert Remembering.started == 3
    assert Remembering.alive == []
