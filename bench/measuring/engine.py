"""The engine: runs of rounds of turns. Everything that enters an estimate is timed here.

    for each run: fresh seats load their cases and check what they compute
        for each round: one turn for every case, in random order, exactly one seat at work
    until the policy says stop

Refuses to know what the numbers mean, how the cases were prepared, and to print: an observer is told what happens.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import NamedTuple, Protocol

from bench.budget import Costs, Progress, Step
from bench.measuring.crew import Crew, TurnTaken
from bench.measuring.machine import conditions
from bench.measuring.observer import Observer
from bench.measuring.preparation import Artifact
from bench.measuring.seat import SeatLostError
from bench.measuring.wire import Failed
from bench.records import CaseLine, Conditions, Finding, RunEndLine, RunOutcome, RunStartLine, SeatInfo, TurnLine
from bench.records import Protocol as MeasuringProtocol
from bench.store import SessionWriter

_FAULTS_A_PASS = 20  # A pinned allocator causes none; this leaves room for stacks and code.
_HEAP_ROUNDS = 3  # In the first rounds the heap still grows to its final size: up to 300 faults a pass were seen.
_SHORTEST_TIMEOUT_S = 10.0  # A turn may meet a machine that is busy with something else.
_TIMEOUT_FACTOR = 20  # Times the length its probe foretold.


class Policy(Protocol):
    """A stopping rule."""

    def next(self, now: Progress) -> Step:
        """Another round, another run, or stop."""


class Seats(Protocol):
    """The seats of one run, as the engine uses them; `bench.measuring.crew.Crew` is the real thing."""

    infos: tuple[SeatInfo, ...]
    failed: dict[str, str]

    def turn(self, case: str, settle: int, passes: int, timeout_s: float) -> TurnTaken | Failed:
        """One turn of one case; raises SeatLostError."""

    def __enter__(self) -> Seats:
        """Seats are ready when they are made."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End them."""


class World(NamedTuple):
    """What the engine touches; tests put a fake clock and fake seats here."""

    open_seats: Callable[[Sequence[CaseLine]], Seats]
    clock: Callable[[], float] = time.perf_counter
    """Monotonic seconds."""
    look: Callable[[], Conditions] = conditions


def real_world(protocol: MeasuringProtocol, artifacts: Mapping[str, Artifact]) -> World:
    """Fresh processes and the machine's own clock."""
    return World(lambda lines: Crew(lines, artifacts, protocol.seats, protocol.seed, protocol.timeout_s))


class Engine:
    """Takes the runs of one session and writes them down."""

    def __init__(
        self,
        protocol: MeasuringProtocol,
        lines: Sequence[CaseLine],
        world: World,
        writer: SessionWriter,
        observer: Observer,
        session_began: float,
    ) -> None:
        """`lines` are the cases to time, each with its passes; `session_began` is a value of the world's clock."""
        self._protocol = protocol
        self._lines = {line.id: line for line in lines}
        self._world = world
        self._clock = world.clock
        self._writer = writer
        self._observer = observer
        self._session_began = session_began
        self._findings: list[Finding] = []
        self.failed: dict[str, str] = {}
        """Ids of the cases that failed while they were measured, with the reason."""
        self.runs = 0
        """Complete runs so far."""

    def take_runs(self, policy: Policy, costs: Costs, first: int) -> None:
        """Take runs from number `first` until the policy stops or no subject is left.

        Raises:
            KeyboardInterrupt: after the run was closed as partial.
            StoreError: the file cannot be written.
        """
        began, number = self._clock(), first
        while self._subjects_left():
            step = self._take_run(number, policy, costs, began)
            if step == "stop":
                return
            number += 1

    def _subjects_left(self) -> bool:
        return any(line.role == "subject" for line in self._alive())

    def _alive(self) -> list[CaseLine]:
        return [line for line in self._lines.values() if line.id not in self.failed]

    def _take_run(self, number: int, policy: Policy, costs: Costs, budget_began: float) -> Step:
        """One run, closed in any case: as partial when it was broken off."""
        before, started = self._world.look(), self._clock()
        failed_before = dict(self.failed)
        self._findings = []
        outcome: RunOutcome = "partial"
        step: Step = "run"
        with self._world.open_seats(self._alive()) as crew:
            for key, why in crew.failed.items():
                self._fail(key, why)
            ready = self._clock()
            start = RunStartLine(run=number, at_s=started - self._session_began, seats=crew.infos, conditions=before)
            self._writer.append(start)
            self._check_threads(crew)
            try:
                rounds, round_s = 0, costs.round_s
                while True:
                    round_began = self._clock()
                    if not self._take_round(crew, number, rounds, budget_began):
                        break
                    rounds, now = rounds + 1, self._clock()
                    round_s = now - round_began
                    progress = Progress(
                        now - budget_began, number, rounds, now - ready, ready - started, max(round_s, 1e-6)
                    )
                    step = policy.next(progress)
                    if step != "round" or not self._subjects_left():
                        outcome = "done"
                        self.runs += 1
                        break
            finally:
                self._close_run(number, outcome, failed_before)
        return step

    def _take_round(self, crew: Seats, run: int, round_: int, budget_began: float) -> bool:
        """One turn for every case; False when a seat was lost."""
        order = [line.id for line in self._alive()]
        random.Random(f"{self._protocol.seed}/{run}/{round_}").shuffle(order)
        for position, key in enumerate(order):
            line = self._lines[key]
            passes, settle = line.passes or 1, self._protocol.settle_passes
            foretold = (settle + passes) * (line.probe_s or 0.0)
            timeout_s = max(min(_SHORTEST_TIMEOUT_S, self._protocol.timeout_s), _TIMEOUT_FACTOR * foretold)
            asked = self._clock()
            try:
                taken = crew.turn(key, settle, passes, timeout_s)
            except SeatLostError as lost:
                self._fail(key, str(lost))
                return False
            if isinstance(taken, Failed) or taken.answer.problem:
                self._fail(key, taken.reason if isinstance(taken, Failed) else taken.answer.problem or "")
                continue
            answer = taken.answer
            turn = TurnLine(
                run=run,
                round=round_,
                position=position,
                case=key,
                seat=taken.seat,
                at_s=asked - self._session_began,
                settle_s=answer.settle_s,
                duration_s=answer.duration_s,
                minor_faults=answer.minor_faults,
                major_faults=answer.major_faults,
                cpu_s=answer.cpu_s,
                others_cpu_s=taken.others_cpu_s,
            )
            self._writer.append(turn)
            self._doubt(line, turn, taken.restless_s)
            self._observer.measuring(run, round_, self._clock() - budget_began)
        return True

    def _close_run(self, number: int, outcome: RunOutcome, failed_before: dict[str, str]) -> None:
        fresh = {key: why for key, why in self.failed.items() if key not in failed_before}
        end = RunEndLine(
            run=number,
            at_s=self._clock() - self._session_began,
            conditions=self._world.look(),
            outcome=outcome,
            failed=fresh,
            findings=tuple(self._findings),
        )
        self._writer.append(end)

    def _fail(self, key: str, why: str) -> None:
        self.failed[key] = why
        case = self._lines[key].case
        self._observer.noticed(Finding(kind="case-failed", case=key, message=f"{case.network}: {why}"))

    def _doubt(self, line: CaseLine, turn: TurnLine, restless_s: float) -> None:
        """Doubts that only the engine can see; each kind once a case and run."""
        if restless_s:
            self._notice(
                "seat-not-idle",
                f"an idle seat still gained {1e3 * restless_s:.1f} ms of processor time when the turn of "
                f"{line.case.network} began. It may have slowed the turn; time it again on a quiet machine.",
                None,
            )
        faults = (turn.minor_faults or 0) / len(turn.duration_s)
        if line.case.allocator == "pinned" and faults > _FAULTS_A_PASS and turn.round >= _HEAP_ROUNDS:
            self._notice(
                "page-faults",
                f"{line.case.network} took {faults:.0f} page faults a pass with the pinned allocator, where none are "
                "expected. The setting did not take effect for all of its memory; read its time as unpinned.",
                line.id,
            )

    def _check_threads(self, crew: Seats) -> None:
        for seat in crew.infos:
            asked = {self._lines[key].case.threads for key in seat.cases}
            if asked and asked != {seat.threads}:
                self._notice(
                    "threads-differ",
                    f"seat {seat.seat} was asked for {min(asked)} threads and uses {seat.threads}. "
                    "Its times are those of the latter; unset thread variables of other libraries.",
                    None,
                )

    def _notice(self, kind: str, message: str, case: str | None) -> None:
        if any(known.kind == kind and known.case == case for known in self._findings):
            return
        finding = Finding(kind=kind, message=message, case=case)
        self._findings.append(finding)
        self._observer.noticed(finding)
