"""The engine: runs of rounds of turns. Everything that enters an estimate is timed here.

    for each run: fresh seats load their cases and check their outputs
        for each round: one turn for every case, in random order, exactly one seat at work
    until the policy says stop

Progress and findings go to an observer; nothing is printed here.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import NamedTuple, Protocol

import msgspec

from levit_bench.measuring.machine.description import conditions
from levit_bench.measuring.preparing.workshop import Artifact
from levit_bench.measuring.session.crew import Accounts, Crew, TurnTaken
from levit_bench.measuring.session.observer import Observer
from levit_bench.measuring.session.run_findings import RunFindings
from levit_bench.measuring.workers import timeouts
from levit_bench.measuring.workers.messages import Failed, Witness
from levit_bench.measuring.workers.seat import SeatLostError, ServerLostError
from levit_bench.planning.budget import Costs, Progress, Step
from levit_bench.planning.policy import Earlier, Policy, Referee
from levit_bench.records import (
    CaseLine,
    ColdStart,
    Conditions,
    Finding,
    Look,
    RunEndLine,
    RunOutcome,
    RunStartLine,
    SeatInfo,
    TurnLine,
)
from levit_bench.records import Protocol as MeasuringProtocol
from levit_bench.store.files import SessionWriter


class Seats(Protocol):
    """Interface of the seats of one run; `levit_bench.measuring.session.crew.Crew` implements it."""

    infos: tuple[SeatInfo, ...]
    failed: dict[str, str]
    cold: dict[str, ColdStart]
    accounts: Accounts | None

    @property
    def peak_bytes(self) -> tuple[int | None, ...]:
        """Most resident memory of each seat until its last turn."""

    def beside(self, case: str) -> frozenset[str]:
        """Ids of the other cases in the seats of this one."""

    def turn(
        self, case: str, settle: int, passes: int, timeout_s: float, witness: Witness = "none"
    ) -> TurnTaken | Failed:
        """One turn of one case; raises SeatLostError."""

    def __enter__(self) -> Seats:
        """Seats are ready when they are made."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End them."""


class World(NamedTuple):
    """The engine's dependencies: seats, clock and conditions; tests pass fakes."""

    open_seats: Callable[[Sequence[CaseLine]], Seats]
    clock: Callable[[], float] = time.perf_counter
    """Monotonic seconds."""
    look: Callable[[], Conditions] = conditions


def real_world(protocol: MeasuringProtocol, artifacts: Mapping[str, Artifact]) -> World:
    """Real worker processes and the machine's own clock."""
    return World(lambda lines: Crew(lines, artifacts, protocol))


class Engine:
    """Takes the runs of one session and writes them to its file."""

    def __init__(
        self,
        protocol: MeasuringProtocol,
        lines: Sequence[CaseLine],
        world: World,
        writer: SessionWriter,
        observer: Observer,
        session_began: float,
        referee: Referee | None = None,
        earlier: Earlier = Earlier(),  # noqa: B008 (immutable)
        *,
        session: str,
    ) -> None:
        """`lines` are the cases to time, each with its passes; `session_began` is a value of the world's clock.

        `earlier` is the stored part of a resumed session: only the referee looks at its turns. `session` is the name
        of the session, which seeds its orders together with the protocol's seed.
        """
        self._protocol = protocol
        self._session = session
        self._lines = {line.id: line for line in lines}
        self._world = world
        self._clock = world.clock
        self._writer = writer
        self._observer = observer
        self._session_began = session_began
        self._run_findings = RunFindings(observer)
        self.failed: dict[str, str] = {}
        """Ids of the cases that failed while they were measured, with the reason."""
        self.runs = 0
        """Complete runs so far."""
        self._referee = referee
        self._done, self._turns = [*earlier.done], [*earlier.turns]
        self._resting = set(earlier.resting)
        self._resumed = earlier.resumes

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
        return [line for line in self._lines.values() if line.id not in self.failed and line.id not in self._resting]

    def _take_run(self, number: int, policy: Policy, costs: Costs, budget_began: float) -> Step:
        """One run, closed in any case: as partial when it was interrupted."""
        before, started = self._world.look(), self._clock()
        failed_before = frozenset(self.failed)
        self._run_findings = RunFindings(self._observer, bound=self._protocol.bound, emulated=before.emulated)
        outcome: RunOutcome = "partial"
        look: Look | None = None
        is_last = False
        seats = self._world.open_seats(self._alive())
        end: RunEndLine | None = None
        try:
            with seats:
                for key, reason in seats.failed.items():
                    self._fail(key, reason)
                start_s = self._clock() - started
                start = RunStartLine(
                    run=number,
                    at_s=started - self._session_began,
                    seats=seats.infos,
                    conditions=before,
                    resumed=self._resumed,
                    cold=seats.cold,
                )
                self._writer.append(start)
                self._run_findings.seats_ready(seats.infos, self._lines)
                try:
                    step, whole = self._take_rounds(seats, number, policy, Costs(start_s, costs.round_s), budget_began)
                    if whole:
                        outcome, self.runs = "done", self.runs + 1
                        look = self._look(number, last=step == "stop" or not self._subjects_left())
                    is_last = step == "stop" or not self._subjects_left()
                finally:
                    try:
                        end = self._run_end(number, outcome, failed_before, look, is_last=is_last)
                    except KeyboardInterrupt:  # Once more, and whole: the run has an end whenever the interrupt comes.
                        end = self._run_end(number, outcome, failed_before, look, is_last=is_last)
                        raise
        finally:
            # Only now are the seats' processor seconds complete: the system adds a process's when it has ended.
            if end is not None:
                self._close_run(end, seats)
        return step

    def _look(self, number: int, *, last: bool) -> Look | None:
        """The referee's decision after a complete run; the cases that it rests are not loaded again."""
        self._done.append(number)
        look = self._referee.look(self._done, self._turns, last=last) if self._referee else None
        if look is not None:
            self._resting |= set(look.resting)
            self._observer.looked(look)
        return look

    def _take_rounds(
        self, seats: Seats, number: int, policy: Policy, costs: Costs, budget_began: float
    ) -> tuple[Step, bool]:
        """Rounds until the policy ends the run: its last step, and whether the run is complete."""
        ready, rounds, round_s = self._clock(), 0, costs.round_s
        while True:
            began = self._clock()
            whole = self._take_round(seats, number, rounds, budget_began)
            now = self._clock()
            if whole:
                rounds, round_s = rounds + 1, max(now - began, 1e-6)
            # A run that lost a seat is over: the policy only decides whether there is time for another one.
            counted = rounds if whole else max(rounds, self._protocol.min_rounds)
            step = policy.next(Progress(now - budget_began, number, counted, now - ready, costs.start_s, round_s))
            if not whole:
                return ("stop" if step == "stop" else "run"), False
            if step != "round" or not self._subjects_left():
                return step, True

    def _take_round(self, seats: Seats, run: int, round_: int, budget_began: float) -> bool:
        """One turn for every case; False when a seat was lost."""
        order = [line.id for line in self._alive()]
        # Seeded by the session's name, too: with the same order in every session, the effect of a case's neighbours
        # would not average out over sessions. By run and round: a resumed session continues its own orders.
        random.Random(f"{self._protocol.seed}/{self._session}/{run}/{round_}").shuffle(order)
        for position, key in enumerate(order):
            line = self._lines[key]
            passes, settle = line.passes or 1, self._protocol.settle_passes
            witness = self._witness(round_)
            cold = seats.cold.get(key)
            timeout_s = timeouts.of_turn(
                (settle + passes) * (3 if self._protocol.witness else 1),
                line.probe_s or 0.0,
                cold.first_pass_s if cold else 0.0,
                self._protocol.timeout_s,
            )
            began = self._clock()
            try:
                outcome = seats.turn(key, settle, passes, timeout_s, witness)
            except ServerLostError as lost:
                self._run_findings.server_lost(str(lost))
                return False
            except SeatLostError as lost:
                self._fail(key, str(lost))
                if seats.beside(key) - self.failed.keys():  # They have lost their seat with it.
                    return False
                continue
            if isinstance(outcome, Failed) or outcome.answer.problem:
                self._fail(key, outcome.reason if isinstance(outcome, Failed) else outcome.answer.problem or "")
                continue
            answer = outcome.answer
            turn = TurnLine(
                run=run,
                round=round_,
                position=position,
                case=key,
                seat=outcome.seat,
                at_s=began - self._session_began,
                settle_s=answer.settle_s,
                duration_s=answer.duration_s,
                minor_faults=answer.minor_faults,
                major_faults=answer.major_faults,
                cpu_s=answer.cpu_s,
                device_s=answer.device_s,
                others_cpu_s=outcome.others_cpu_s,
                witness_s=answer.witness_s,
            )
            self._writer.append(turn)
            if self._referee:
                self._turns.append(turn)
            self._run_findings.turn_taken(line, turn, outcome.restless_s, answer.threads_at_work)
            self._observer.measuring(run, round_, self._clock() - budget_began)
        return True

    def _witness(self, round_: int) -> Witness:
        """The second timer's place in a turn: it goes first or last in alternate rounds."""
        if not self._protocol.witness:
            return "none"
        return "last" if round_ % 2 else "first"

    def _close_run(self, end: RunEndLine, seats: Seats) -> None:
        """Write the end of a run, with the peak memory and processor seconds of its seats."""
        end, accounts = msgspec.structs.replace(end, peak_bytes=seats.peak_bytes), seats.accounts
        if accounts is not None:
            end = msgspec.structs.replace(end, told_cpu_s=accounts.told_s, system_cpu_s=accounts.system_s)
        self._writer.append(end)

    def _run_end(
        self, number: int, outcome: RunOutcome, failed_before: frozenset[str], look: Look | None, *, is_last: bool
    ) -> RunEndLine:
        """The last line of a run, as far as it is known before its seats end."""
        self._run_findings.run_over(self._lines)
        new_failures = {key: reason for key, reason in self.failed.items() if key not in failed_before}
        return RunEndLine(
            run=number,
            at_s=self._clock() - self._session_began,
            conditions=self._world.look(),
            outcome=outcome,
            failed=new_failures,
            findings=self._run_findings.findings,
            look=look,
            last=is_last,
        )

    def _fail(self, key: str, reason: str) -> None:
        """Mark a case as failed, and write that at once: a resumed session must not take it up again."""
        self.failed[key] = reason
        line = self._lines[key]
        self._writer.append(msgspec.structs.replace(line, outcome="failed", reason=reason))
        self._observer.finding_made(Finding(kind="case-failed", case=key, message=f"{line.case.label}: {reason}"))
