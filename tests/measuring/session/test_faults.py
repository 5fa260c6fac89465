"""Faults through the real engine and its crew, on fake seats: each costs its own case, and is on disk at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest
from levit_bench.measuring.preparing.workshop import Artifact
from levit_bench.measuring.session import case_loading
from levit_bench.measuring.session.crew import Crew
from levit_bench.measuring.session.engine import Engine, World
from levit_bench.measuring.session.observer import Silent
from levit_bench.measuring.workers.messages import (
    Answer,
    CaseLoaded,
    Describe,
    Description,
    Failed,
    Load,
    Prepared,
    Request,
    Turn,
    Turned,
)
from levit_bench.measuring.workers.seat import SeatLostError, ServerLostError
from levit_bench.planning.budget import Costs, FixedBudget
from levit_bench.records import ColdStart, Record, SessionLine
from levit_bench.store.files import Session, SessionWriter, read_session, records

from tools.simulated.fake_world import CONDITIONS, MACHINE, PROTOCOL, line

RUNS = 3
PREPARE_S = 7.0
Fault = Failed | SeatLostError
FAULTS: dict[str, Callable[[], Fault]] = {
    "crash": lambda: SeatLostError("crashed with a segmentation fault (SIGSEGV)"),
    "hang": lambda: SeatLostError("hung: no answer within 30 s, and was killed"),
    "memory": lambda: Failed(reason="ran out of memory: MemoryError"),
    "kill": lambda: SeatLostError("was killed (SIGKILL)"),
}
VICTIM = line("victim", 0.01)
LINES = (line("first", 0.01), VICTIM, line("last", 0.01), line("yardstick-1a", 0.01, role="yardstick"))


class Scene:
    """What the fake seats of a session share."""

    def __init__(self, when: type[Load] | type[Turn], fault: Callable[[], Fault | None], after: int) -> None:
        self.when, self.fault, self.after = when, fault, after
        self.met = 0
        self.seats = 0
        self.timeouts: list[float] = []
        self.now = 0.0
        self.path: Path | None = None
        self.stored: list[str] = []
        """What was on disk when a turn was asked for after the fault."""

    def trouble(self, request: Request) -> Fault | None:
        """The fault, where it is the victim's time."""
        case = request.case.id if isinstance(request, Load) else request.case if isinstance(request, Turn) else ""
        if case != VICTIM.id or not isinstance(request, self.when):
            return None
        self.met += 1
        return self.fault() if self.met > self.after else None


class FakeSeat:
    """A process that answers at once, or has the trouble of its scene."""

    scene: ClassVar[Scene]
    is_forked = False

    def begin(self) -> None: ...

    def __init__(self, *_: object, **__: object) -> None:
        self.scene.seats += 1
        self.started_at = 0.0
        self._gone = False
        self._asked: list[Request] = []

    def ask(self, request: Request, timeout_s: float) -> Answer:
        if isinstance(request, Load):
            self.scene.timeouts.append(timeout_s)
        self.send(request)
        return self.receive(timeout_s)

    def send(self, request: Request) -> None:
        self._asked.append(request)

    def receive(self, timeout_s: float) -> Answer:
        assert not self._gone, "asked after it was lost"
        assert timeout_s > 0
        request, scene = self._asked.pop(0), self.scene
        if isinstance(request, Turn) and scene.met > scene.after and scene.path:
            scene.stored.append(scene.path.read_text(encoding="utf-8"))
        trouble = scene.trouble(request)
        if isinstance(trouble, SeatLostError):
            self._gone = True
            raise trouble
        return trouble or self._answer(request)

    def _answer(self, request: Request) -> Answer:
        match request:
            case Load():
                return CaseLoaded(cold=ColdStart(load_s=1.0, first_pass_s=0.1, grown_bytes=1))
            case Describe():
                return Description(threads=1, affinity=None, rss_bytes=1, peak_bytes=100, versions={})
            case Turn(settle=settle, passes=passes):
                self.scene.now += 0.01 * (settle + passes)
                return Turned(
                    settle_s=(0.01,) * settle, duration_s=(0.01,) * passes, minor_faults=0, major_faults=0, cpu_s=0.01,
                    peak_bytes=200,
                )  # fmt: skip
        raise AssertionError(request)

    def cpu_s(self) -> float:
        return 0.0

    def kill(self) -> None:
        self._gone = True

    def close(self) -> None:
        self._gone = True


def _taken(scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Engine, Session]:
    """A session of the real engine and crew on fake seats that all cases share."""
    monkeypatch.setattr(FakeSeat, "scene", scene, raising=False)
    monkeypatch.setattr(case_loading, "Seat", FakeSeat)
    made = Prepared(sha256="0", params=1, macs=1, logits_std=1.0, seconds=PREPARE_S, compile_s=1.0, distinct_images=9)
    artifacts = {one.id: Artifact(folder, made) for one in LINES}
    head = SessionLine(session="s", bench="0", machine=MACHINE, protocol=PROTOCOL, conditions=CONDITIONS)
    writer = SessionWriter.create(folder, head)
    scene.path = writer.path
    for one in LINES:
        writer.append(one)

    def open_seats(lines: object) -> Crew:
        return Crew(lines, artifacts, msgspec.structs.replace(PROTOCOL, seats="shared"))  # type: ignore[arg-type]

    world = World(open_seats, lambda: scene.now, lambda: CONDITIONS)
    engine = Engine(PROTOCOL, LINES, world, writer, Silent(), 0.0, session="s")
    engine.take_runs(FixedBudget(1000.0, RUNS, 2, rounds=2), Costs(0.0, 0.2), 0)
    writer.close()
    return engine, read_session(writer.path)


def _by_name(session: Session) -> dict[str, Record]:
    return {record.case.network: record for record in records(session)}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_while_a_case_is_loaded_costs_that_case_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: str
) -> None:
    scene = Scene(Load, FAULTS[fault], after=0)
    engine, session = _taken(scene, tmp_path, monkeypatch)
    found = _by_name(session)
    assert set(engine.failed) == {VICTIM.id}
    assert (found["victim"].outcome, found["victim"].runs) == ("failed", ())
    for name in ("first", "last", "yardstick-1a"):
        assert [len(run.turns) for run in found[name].runs] == [2] * RUNS
        assert all(run.cold is not None for run in found[name].runs)
    assert {end.outcome for end in session.ends} == {"done"}
    assert scene.seats == RUNS + (fault != "memory")  # Only a lost seat needs another one.


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_turn_costs_that_case_and_no_run_of_the_others_that_is_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: str
) -> None:
    engine, session = _taken(Scene(Turn, FAULTS[fault], after=1), tmp_path, monkeypatch)
    found = _by_name(session)
    assert set(engine.failed) == {VICTIM.id}
    assert found["victim"].outcome == "failed"
    assert engine.runs >= RUNS - 1
    for name in ("first", "last", "yardstick-1a"):
        assert sum(run.complete for run in found[name].runs) == engine.runs
        assert found[name].outcome == "done"


@pytest.mark.parametrize("when", [Load, Turn])
@pytest.mark.parametrize("fault", FAULTS)
def test_the_reason_is_on_disk_before_the_next_turn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: str, when: type[Load] | type[Turn]
) -> None:
    scene = Scene(when, FAULTS[fault], after=0)
    made = FAULTS[fault]()
    reason = made.reason if isinstance(made, Failed) else str(made)
    _taken(scene, tmp_path, monkeypatch)
    assert scene.stored
    lines = [msgspec.json.decode(text, type=dict) for text in scene.stored[0].splitlines()]
    written = [one for one in lines if one["kind"] == "case" and one.get("outcome") == "failed"]
    assert [(one["id"], one["reason"]) for one in written] == [(VICTIM.id, reason)]


def test_loading_may_take_as_much_longer_as_the_preparation_took(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scene = Scene(Load, FAULTS["kill"], after=1000)
    _taken(scene, tmp_path, monkeypatch)
    assert set(scene.timeouts) == {10 * PREPARE_S}


def test_the_peak_of_a_process_in_which_a_case_failed_is_nobodys(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, session = _taken(Scene(Load, FAULTS["memory"], after=0), tmp_path, monkeypatch)
    told = [
        (start.seats[0].peak_bytes, end.peak_bytes) for start, end in zip(session.starts, session.ends, strict=True)
    ]
    assert told == [(None, (None,)), *[(100, (200,))] * (RUNS - 1)]


def test_the_peak_of_a_fresh_process_after_a_lost_one_is_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, session = _taken(Scene(Load, FAULTS["kill"], after=0), tmp_path, monkeypatch)
    assert [start.seats[0].peak_bytes for start in session.starts] == [100] * RUNS


def test_a_lost_fork_server_costs_no_case_while_cases_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(Load, _once(ServerLostError("the process that starts the workers was killed (SIGKILL)")), 0)
    engine, session = _taken(scene, tmp_path, monkeypatch)
    assert (engine.failed, engine.runs) == ({}, RUNS)
    assert {record.outcome for record in _by_name(session).values()} == {"done"}


def test_a_fork_server_that_is_lost_in_a_turn_costs_that_run_and_no_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(Turn, _once(ServerLostError("the process that starts the workers was killed (SIGKILL)")), 3)
    engine, session = _taken(scene, tmp_path, monkeypatch)
    assert engine.failed == {}
    assert [end.outcome for end in session.ends].count("partial") == 1
    assert {record.outcome for record in _by_name(session).values()} == {"done"}
    (finding,) = [finding for end in session.ends for finding in end.findings if finding.kind == "fork-server-lost"]
    assert "was killed (SIGKILL). Its workers ended with it, and the run does not count." in finding.message


def _once(fault: Fault) -> Callable[[], Fault | None]:
    """The fault at its first time; later none."""
    faults: list[Fault] = [fault]
    return lambda: faults.pop() if faults else None
