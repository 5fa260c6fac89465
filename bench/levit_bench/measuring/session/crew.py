"""The seats of one run: started together, loaded, and sent one turn at a time.

Exactly one seat works while a turn is taken, or the seats of one case's streams; the idle ones have come to rest
before, and the processor time that they and the parent use during it is measured.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import NamedTuple

from levit_bench.measuring.machine.processors import usable_processors
from levit_bench.measuring.preparing.workshop import Artifact
from levit_bench.measuring.reference_cases import Environment, environment_of
from levit_bench.measuring.session.case_loading import Filled, Group, fill
from levit_bench.measuring.session.concurrent_turn import merged, turns_at_once
from levit_bench.measuring.session.fork_servers import ForkServers
from levit_bench.measuring.workers import timeouts
from levit_bench.measuring.workers.messages import CaseLoaded, Failed, Load, Multiplied, Multiply, Turn, Turned, Witness
from levit_bench.measuring.workers.place import HERE
from levit_bench.measuring.workers.seat import Seat, SeatLostError, ServerLostError
from levit_bench.records import Case, CaseLine, ColdStart, Protocol, SeatInfo, SeatMode

_AT_REST_S = 50e-6  # Processor time an idle seat may gain between two looks: less than a scheduler tick.
_LOOK_S = 0.0005
_PATIENCE_S = 0.25  # A spinning thread pool blocks after some milliseconds; a process that works longer is not idle.


class TurnTaken(NamedTuple):
    """A seat's answer, and the processor time that others used during the turn."""

    answer: Turned
    seat: int
    others_cpu_s: float
    restless_s: float
    """Processor seconds that idle seats still gained at the end of the wait; zero when they were at rest."""


class Accounts(NamedTuple):
    """Processor seconds of all seats of a run, from two sources."""

    told_s: float
    """By their own clocks, up to the end of the last turn of each."""
    system_s: float
    """By the system's accounting of the processes that have ended."""


class Crew:
    """All seats of one run. `with` ends them in any case."""

    def __init__(
        self,
        cases: Iterable[CaseLine],
        artifacts: Mapping[str, Artifact],
        protocol: Protocol,
    ) -> None:
        self._artifacts = artifacts
        self._seed = protocol.seed
        self._timeout_s = protocol.timeout_s
        self._bound = protocol.bound
        self._seats: list[Seat] = []
        self.infos: tuple[SeatInfo, ...] = ()
        self.failed: dict[str, str] = {}
        self.cold: dict[str, ColdStart] = {}
        """Cold start of each case; of several streams, the slowest."""
        self._at: dict[str, tuple[int, ...]] = {}
        self._cases: dict[str, Case] = {}
        self._given_up = False
        self._cpu_s: dict[int, float] = {}
        self._peaks: dict[int, int | None] = {}
        self._reaped_s = _reaped_cpu_s()
        self.accounts: Accounts | None = None
        """Processor seconds of all seats; absent until they have ended, and where the system keeps no account."""
        groups = [
            group._replace(place=artifacts[group.cases[0].id].place) for group in groups_of(cases, protocol.seats)
        ]
        self._servers = ForkServers(groups, protocol)
        try:
            with ThreadPoolExecutor(len(groups) or 1) as pool, ThreadPoolExecutor(self._forked_at_once(groups)) as few:
                try:
                    # All processes are started by this thread: the kernel ends them with the thread that started them.
                    filling = [
                        (group, (few if seat.is_forked else pool).submit(self._fill, number, seat, group))
                        for number, (group, seat) in enumerate(self._open_seats(groups))
                    ]
                    filled = [(group, future.result()) for group, future in filling]
                except BaseException:
                    # An interrupt must not wait for a case that hangs while it is loaded.
                    self._given_up = True
                    for seat in self._seats:
                        seat.kill()
                    raise
            for number, (group, filled_seat) in enumerate(filled):
                self.failed |= filled_seat.failed
                for key, start in filled_seat.cold.items():
                    slowest = self.cold.get(key)
                    self.cold[key] = start if slowest is None or start.load_s > slowest.load_s else slowest
                for case in group.cases:
                    self._cases[case.id] = case
                    self._at[case.id] = (*self._at.get(case.id, ()), number)
            for key in self.failed:  # One failed stream is enough: with fewer streams it would be another case.
                self.cold.pop(key, None)
            self.infos = tuple(filled_seat.info for _, filled_seat in filled)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def peak_bytes(self) -> tuple[int | None, ...]:
        """Most resident memory of each seat until its last turn; absent where its description had none."""
        return tuple(None if info.peak_bytes is None else self._peaks.get(info.seat) for info in self.infos)

    def beside(self, case: str) -> frozenset[str]:
        """Ids of the other cases in the seats of this one."""
        mine = set(self._at[case])
        return frozenset(key for key, numbers in self._at.items() if key != case and mine & set(numbers))

    def close(self) -> None:
        """End all seats."""
        for seat in self._seats:
            seat.close()
        of_servers = self._servers.cpu_s()
        self._servers.close()
        if self._seats and self._reaped_s is not None:
            # The parent's other child processes end with the session, not during a run.
            reaped = (_reaped_cpu_s() or 0.0) - self._reaped_s
            self.accounts = Accounts(sum(self._cpu_s.values()) + of_servers, reaped)
        self._seats = []

    def turn(
        self, case: str, settle: int, passes: int, timeout_s: float, witness: Witness = "none"
    ) -> TurnTaken | Failed:
        """One turn of one case, which the second timer may time as well.

        Raises:
            SeatLostError: the seat of this case is gone, and all its cases with it.
        """
        numbers = self._at[case]
        idle = [seat for at, seat in enumerate(self._seats) if at not in numbers]
        restless = _wait_for_rest(idle)
        before = time.process_time() + sum(seat.cpu_s() for seat in idle)
        request = Turn(case=case, settle=settle, passes=passes, witness=witness, onwards=len(numbers) > 1)
        answers = turns_at_once([self._seats[number] for number in numbers], request, timeout_s)
        others_cpu_s = time.process_time() + sum(seat.cpu_s() for seat in idle) - before
        for number, answer in zip(numbers, answers, strict=True):
            if isinstance(answer, Turned):
                self._cpu_s[number] = answer.total_cpu_s or 0.0
                self._peaks[number] = answer.peak_bytes
        whole = merged(answers)
        return TurnTaken(whole, numbers[0], others_cpu_s, restless) if isinstance(whole, Turned) else whole

    def _open_seats(self, groups: list[Group]) -> Iterator[tuple[Group, Seat]]:
        """The groups that the system could start a process for, with these; the cases of the others have failed.

        Those that start by themselves go first: the others wait for their server's imports.
        """
        for group in sorted(groups, key=lambda group: self._servers.of(group) is not None):
            try:
                seat = self._seat_of(group)
            except SeatLostError as lost:
                self.failed |= dict.fromkeys((case.id for case in group.cases), str(lost))
            else:
                self._seats.append(seat)
                yield group, seat

    def _seat_of(self, group: Group, *, die_with_thread: bool = True) -> Seat:
        """A process for a group; where its server was lost meanwhile, one that starts by itself.

        Raises:
            SeatLostError: the system cannot start it.
        """
        try:
            return group.seat(bound=self._bound, server=self._servers.of(group), die_with_thread=die_with_thread)
        except ServerLostError:
            return group.seat(bound=self._bound, die_with_thread=die_with_thread)

    def _forked_at_once(self, groups: list[Group]) -> int:
        """Forked workers that load at the same time: with those that start by themselves, as many as processors.

        Each of them would otherwise take its share from the one worker with many cases, which then ends last and alone.
        """
        return max(1, usable_processors() - sum(self._servers.of(group) is None for group in groups))

    def matrix_rates(self) -> dict[str, float]:
        """Multiply-accumulates a second of the fastest product of matrices, for each case's device, threads and format.

        By case id. Each setting is measured once, while all others are idle, in a process without a user's code: code
        that makes products slow there would make every other network look too fast. Cases without a rate are left out.
        """
        kinds: dict[tuple[str, int, str], list[str]] = {}
        for key in self.cold:
            case = self._cases[key]
            kinds.setdefault((case.device, case.threads, case.precision), []).append(key)
        out: dict[str, float] = {}
        for (device, _, precision), keys in kinds.items():
            with suppress(SeatLostError), self._seat_without_user_code(keys) as seat:
                answer = seat.ask(Multiply(device=device, precision=precision), self._timeout_s)
                if isinstance(answer, Multiplied):
                    out |= dict.fromkeys(keys, answer.macs_s)
        return out

    @contextmanager
    def _seat_without_user_code(self, keys: Iterable[str]) -> Iterator[Seat]:
        """A process of one of these cases, or one like it, that holds no user's network and is of this environment.

        Raises:
            SeatLostError: there is none, and the system cannot start one.
        """
        users = {
            number
            for key, case in self._cases.items()
            if case.is_of_user or self._artifacts[key].place != HERE
            for number in self._at[key]
        }
        for key in keys:
            if self._at[key][0] not in users:
                yield self._seats[self._at[key][0]]
                return
        example = self._cases[key]
        with Seat(example.threads, example.allocator) as seat:
            yield seat

    def _fill(self, number: int, seat: Seat, group: Group) -> Filled:
        seat.begin()

        def again(lost: str) -> Seat:
            if self._given_up:
                raise SeatLostError(lost)
            self._seats[number].close()
            # With `die_with_thread` the kernel would end it with this thread of the pool; the life pipe remains.
            self._seats[number] = self._seat_of(group, die_with_thread=False)
            return self._seats[number]

        return fill(number, seat, group, self._load, again, self._timeout_s)

    def _load(self, seat: Seat, case: Case) -> ColdStart | str:
        """Cold start of a case, or why it could not be loaded.

        Raises:
            SeatLostError: the seat is gone.
        """
        artifact = self._artifacts[case.id]
        answer = seat.ask(
            Load(case=case, folder=str(artifact.folder), seed=self._seed, draw=secrets.token_hex(8)),
            timeouts.of_load(artifact.prepared.seconds, self._timeout_s),
        )
        if isinstance(answer, CaseLoaded):
            return answer.cold
        return answer.reason if isinstance(answer, Failed) else f"unexpected answer {type(answer).__name__}"


def _reaped_cpu_s() -> float | None:
    """Processor seconds of all children that have ended, by the system's account; absent where it keeps none."""
    if sys.platform == "win32":
        return None
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def groups_of(cases: Iterable[CaseLine], mode: SeatMode) -> list[Group]:
    """Cases grouped by seat: one seat for each environment, and one for each subject kept apart.

    Cases of several streams have as many seats, one after another.
    """
    out: dict[tuple[Environment, str], list[Case]] = {}
    for line in cases:
        own_seat = "" if line.role != "subject" or not line.case.is_kept_apart(mode) else line.id
        out.setdefault((environment_of(line.case), own_seat), []).append(line.case)
    return [Group(group, stream) for group in out.values() for stream in range(group[0].streams)]


def _wait_for_rest(idle: list[Seat]) -> float:
    """Sleep until the idle seats' processor time stops rising; the seconds still gained on time-out, else zero."""
    deadline = time.perf_counter() + _PATIENCE_S
    look_s = _LOOK_S
    before = [seat.cpu_s() for seat in idle]
    while idle:
        time.sleep(look_s)
        now = [seat.cpu_s() for seat in idle]
        gained = max(b - a for a, b in zip(before, now, strict=True))
        if gained <= _AT_REST_S:
            break
        if time.perf_counter() > deadline:
            return gained
        before, look_s = now, min(2 * look_s, 0.02)
    return 0.0
