"""What the rehearsal refuses, and on what evidence."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import msgspec
import pytest
from levit_bench.measuring.session import rehearsal
from levit_bench.measuring.session.crew import TurnTaken
from levit_bench.measuring.session.observer import Silent
from levit_bench.measuring.workers.messages import Turned
from levit_bench.records import ColdStart, SeatInfo

from tools.simulated.fake_world import PROTOCOL, line

LINE = msgspec.structs.replace(line("a", 0.01), macs=305_000_000)
SEEN: list[float] = []


class FakeCrew:
    """One case, whose pass takes 46 ms, on a machine whose matrix rate was seen so over and over."""

    failed: Mapping[str, str] = {}
    infos: tuple[SeatInfo, ...] = ()

    def __init__(self, *_: object) -> None:
        self.cold = {LINE.id: ColdStart(load_s=1.0, first_pass_s=0.05, grown_bytes=0)}
        self._seen = iter(SEEN)

    def __enter__(self) -> FakeCrew:
        return self

    def __exit__(self, *_: object) -> None: ...

    def turn(self, *_: object) -> TurnTaken:
        return TurnTaken(
            Turned(settle_s=(), duration_s=(0.046,), minor_faults=0, major_faults=0, cpu_s=0.046), 0, 0.0, False
        )

    def matrix_rates(self) -> dict[str, float]:
        return {LINE.id: next(self._seen)}


@pytest.mark.parametrize(
    ("seen", "stored", "refused"),
    [
        ((50e9,), 50e9, False),
        ((1.1e9, 50e9), 50e9, False),
        ((1.1e9, 0.9e9, 1.7e9), 1.7e9, False),
        ((1.1e9, 0.9e9, 1.3e9), 1.3e9, True),
    ],
)
def test_a_rate_that_other_work_spoilt_is_measured_again_before_a_case_is_refused(
    monkeypatch: pytest.MonkeyPatch, seen: tuple[float, ...], stored: float, refused: bool
) -> None:
    monkeypatch.setattr(f"{__name__}.SEEN", list(seen))
    monkeypatch.setattr(rehearsal, "Crew", FakeCrew)
    artifacts = {LINE.id: None}
    done = rehearsal.rehearse([LINE], artifacts, PROTOCOL, Silent())  # type: ignore[arg-type]
    assert [case.matrix_macs_s for case in done.lines] == [stored]
    assert bool(done.failed) == refused


@pytest.mark.parametrize(
    ("failed", "loads", "measured_s", "start_s"),
    [
        ({}, [(3.0, ("a",)), (9.0, ())], 60.0, 60.0),
        ({"b": "hung"}, [(3.0, ("a",)), (4.0, ("c", "d")), (60.0, ())], 61.0, 4.0),
        ({"b": "hung"}, [(60.0, ())], 61.0, 61.0),
        ({"b": "hung"}, [(5.0, ("a",))], 4.5, 4.5),
    ],
)
def test_the_start_of_a_run_is_not_that_of_cases_which_failed_and_are_left_out(
    failed: Mapping[str, str], loads: list[tuple[float, tuple[str, ...]]], measured_s: float, start_s: float
) -> None:
    infos = [
        SeatInfo(
            seat=at, runtime="eager", threads=1, allocator="pinned", device="cpu", load_s=load_s, rss_bytes=1, cases=ids
        )
        for at, (load_s, ids) in enumerate(loads)
    ]
    crew = SimpleNamespace(failed=failed, infos=infos)
    assert rehearsal._start_s(crew, measured_s) == start_s  # type: ignore[arg-type]
