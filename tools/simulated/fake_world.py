"""A simulated machine for the engine: seats that answer immediately and advance a simulated clock."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from levit_bench.measuring.session.crew import Accounts, TurnTaken
from levit_bench.measuring.session.engine import Engine, World
from levit_bench.measuring.session.observer import Silent
from levit_bench.measuring.workers.messages import Failed, Turned, Witness
from levit_bench.measuring.workers.seat import SeatLostError
from levit_bench.planning.policy import Earlier
from levit_bench.records import Case, CaseLine, ColdStart, Conditions, Machine, Protocol, Role, SeatInfo, SessionLine
from levit_bench.store.files import SessionWriter

MACHINE = Machine(cpu_model="Simulated", isa="x86_64", logical_cores=4, memory_bytes=8 << 30)
CONDITIONS = Conditions(taken_at="2026-01-01T00:00:00Z", os="Simulated 1", python="3.12.0")
PROTOCOL = Protocol(
    settle_passes=2, turn_s=0.1, min_passes=3, max_passes=50, runs=0, min_rounds=2, budget_s=60.0, timeout_s=30.0
)


def line(network: str, pass_s: float, *, role: Role = "subject", allocator: str = "pinned") -> CaseLine:
    """A case that has been prepared and rehearsed."""
    case = Case(network=network, resolution=224, allocator=allocator)
    return CaseLine(id=case.id, case=case, role=role, passes=4, probe_s=pass_s)


Answer = Callable[[str, int], Turned | Failed | SeatLostError | BaseException | None]


class FakeMachine:
    """True pass times, a clock, and faults to inject: `answer(case, turns so far)` may replace a turn's answer."""

    def __init__(self, lines: Sequence[CaseLine], *, start_s: float = 4.0, noise: float = 0.0, seed: int = 0) -> None:
        self.now = 100.0
        self.truth = {line.id: line.probe_s or 0.0 for line in lines}
        self.start_s = start_s
        self.noise = noise
        self.random = random.Random(seed)
        self.answer: Answer = lambda _case, _turn: None
        self.order: list[str] = []
        self.opened: list[tuple[str, ...]] = []
        self.minor_faults = 0
        self.restless_s = 0.0
        self.threads = 1
        self.dead_at_start: dict[str, str] = {}
        self.cold: dict[str, ColdStart] = {}
        """By network."""
        self.peak_bytes: tuple[int | None, ...] = ()

    def open_seats(self, lines: Sequence[CaseLine]) -> FakeSeats:
        """Fresh seats; the clock advances by the time of a start."""
        self.now += self.start_s
        self.opened.append(tuple(line.case.network for line in lines))
        return FakeSeats(self, lines)

    def take(self, case: str, settle: int, passes: int) -> Turned:
        """The passes of a turn; the clock advances by them."""
        durations = [self.truth[case] * (1 + self.noise * self.random.random()) for _ in range(settle + passes)]
        self.now += sum(durations)
        return Turned(
            settle_s=tuple(durations[:settle]),
            duration_s=tuple(durations[settle:]),
            minor_faults=self.minor_faults,
            major_faults=0,
            cpu_s=sum(durations),
        )

    def look(self) -> Conditions:
        """The current conditions."""
        return CONDITIONS

    def world(self) -> World:
        """This machine as an engine's world."""
        return World(self.open_seats, lambda: self.now, self.look)


class FakeSeats:
    """One seat for everything."""

    def __init__(self, machine: FakeMachine, lines: Sequence[CaseLine]) -> None:
        self._machine = machine
        self.failed = {line.id: why for line in lines if (why := machine.dead_at_start.get(line.case.network))}
        info = SeatInfo(
            seat=0,
            runtime="eager",
            threads=machine.threads,
            allocator="pinned",
            device="cpu",
            load_s=machine.start_s,
            rss_bytes=1,
            cases=tuple(line.id for line in lines),
        )
        self.infos: tuple[SeatInfo, ...] = (info,)
        self.cold = {line.id: start for line in lines if (start := machine.cold.get(line.case.network))}
        self.peak_bytes = machine.peak_bytes

    accounts: Accounts | None = None

    def beside(self, case: str) -> frozenset[str]:
        """The other cases; all share one seat."""
        return frozenset(key for key in self.infos[0].cases if key != case)

    def turn(
        self, case: str, settle: int, passes: int, timeout_s: float, witness: Witness = "none"
    ) -> TurnTaken | Failed:
        """Advance the clock by the passes."""
        machine = self._machine
        replacement = machine.answer(case, len(machine.order))
        machine.order.append(case)
        if isinstance(replacement, BaseException):
            raise replacement
        if isinstance(replacement, Failed):
            return replacement
        turned = machine.take(case, settle, passes)
        return TurnTaken(replacement or turned, 0, 0.0, machine.restless_s)

    def __enter__(self) -> FakeSeats:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class Rig:
    """Makes engines on fake machines, and closes their files at the end."""

    def __init__(self) -> None:
        self._writers: list[SessionWriter] = []

    def __call__(
        self,
        folder: Path,
        lines: Sequence[CaseLine],
        machine: FakeMachine,
        protocol: Protocol = PROTOCOL,
        session: str = "s",
        earlier: Earlier = Earlier(),  # noqa: B008 (immutable)
    ) -> tuple[Engine, Path]:
        """The real engine on a fake machine, and the file it writes."""
        head = SessionLine(session=session, bench="0", machine=MACHINE, protocol=protocol, conditions=CONDITIONS)
        writer = SessionWriter.create(folder, head)
        self._writers.append(writer)
        for line in lines:
            writer.append(line)
        engine = Engine(
            protocol, lines, machine.world(), writer, Silent(), machine.now, None, earlier, session=head.session
        )
        return engine, writer.path

    def close(self) -> None:
        """Close the files."""
        for writer in self._writers:
            writer.close()
