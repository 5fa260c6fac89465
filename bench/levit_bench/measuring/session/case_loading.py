"""Loads the cases of a seat one after another, and leaves out those that kill its process or stop its description."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from levit_bench.measuring.machine.processors import own_processors
from levit_bench.measuring.workers.fork_server import ForkServer
from levit_bench.measuring.workers.messages import Answer, Describe, Description, Failed
from levit_bench.measuring.workers.place import HERE, Place
from levit_bench.measuring.workers.seat import Seat, SeatLostError, ServerLostError
from levit_bench.records import Case, ColdStart, SeatInfo

Load = Callable[[Seat, Case], "ColdStart | str"]
"""Loads a case in a seat: its cold start, or why it could not be loaded. Raises SeatLostError when the seat is gone."""


class Group(NamedTuple):
    """The cases of one seat."""

    cases: list[Case]
    stream: int
    """Which stream of these cases the seat is; 0 for cases of one stream."""
    place: Place = HERE
    """Where the process runs."""

    def seat(self, *, bound: bool, server: ForkServer | None = None, die_with_thread: bool = True) -> Seat:
        """A process for them, forked by a server if one is given, on processors of its own if it is a stream or bound.

        Raises:
            SeatLostError: the system cannot start it.
        """
        case = self.cases[0]
        own = own_processors(self.stream, case.threads) if bound or case.streams > 1 else None
        return Seat(
            case.threads, case.allocator, processors=own, die_with_thread=die_with_thread, server=server,
            place=self.place,
        )  # fmt: skip


class Filled(NamedTuple):
    """A seat with its cases, or without any."""

    seat: Seat
    info: SeatInfo
    failed: dict[str, str]
    """Why a case is not in it, by case id."""
    cold: dict[str, ColdStart]
    """Cold start of each of its cases, by case id."""


class _Attempt(NamedTuple):
    """Result of loading cases in one process."""

    cold: dict[str, ColdStart]
    refused: dict[str, str]
    """Why a case could not be loaded; the process lives on."""
    description: Description | None
    """Of the process; absent when it was lost."""
    lost: str = ""
    """Why the process was lost; empty while it lives."""
    blamed: str = ""
    """Id of the case that was at work then; empty when the process held them all, or none."""
    server_lost: bool = False
    """Whether it was lost with the process that had forked it."""


def fill(number: int, seat: Seat, group: Group, load: Load, again: Callable[[str], Seat], timeout_s: float) -> Filled:
    """Load the cases of a seat, in as many processes as are lost on the way.

    Args:
        number: of the seat.
        seat: its first process.
        group: the cases.
        load: loads one case.
        again: starts another process in its place, given why the last one was lost; may raise SeatLostError.
        timeout_s: of a description.

    Raises:
        SeatLostError: another process was refused.
    """
    failed: dict[str, str] = {}
    one_by_one = False
    while True:
        remaining = [case for case in group.cases if case.id not in failed]
        attempt = _attempt(seat, remaining, load, timeout_s, one_by_one=one_by_one)
        failed |= attempt.refused
        if not attempt.lost:
            break
        if attempt.server_lost:
            pass  # No case is the cause: all are tried again, in a process without a server.
        elif attempt.blamed:
            failed[attempt.blamed] = attempt.lost
        elif attempt.cold:
            one_by_one = True  # One of the loaded cases caused the loss: the next attempt finds which.
        else:
            # The process cannot describe itself even without a case: nothing can be measured in it.
            failed |= dict.fromkeys((case.id for case in remaining if case.id not in failed), attempt.lost)
            break
        seat = again(attempt.lost)
    info = _info(number, seat, group, attempt)
    return Filled(seat, info, failed, attempt.cold if attempt.description else {})


def _attempt(seat: Seat, cases: Iterable[Case], load: Load, timeout_s: float, *, one_by_one: bool) -> _Attempt:
    """Load cases in one process, which describes itself in the end; `one_by_one`: after each of them."""
    cold: dict[str, ColdStart] = {}
    refused: dict[str, str] = {}
    at_work = ""
    try:
        for case in cases:
            at_work = case.id
            loaded = load(seat, case)
            if isinstance(loaded, str):
                refused[case.id] = loaded
                continue
            cold[case.id] = loaded
            if one_by_one:
                _description_in(seat.ask(Describe(), timeout_s))
        at_work = at_work if one_by_one else ""
        return _Attempt(cold, refused, _description_in(seat.ask(Describe(), timeout_s)))
    except SeatLostError as lost:
        return _Attempt(cold, refused, None, str(lost), at_work, server_lost=isinstance(lost, ServerLostError))


def _description_in(answer: Answer) -> Description:
    """A seat's description of itself.

    Raises:
        SeatLostError: it could not describe itself; the cause would affect its passes, too.
    """
    if isinstance(answer, Description):
        return answer
    reason = answer.reason if isinstance(answer, Failed) else f"unexpected answer {type(answer).__name__}"
    raise SeatLostError(f"its process could not describe itself: {reason}")


def _info(number: int, seat: Seat, group: Group, attempt: _Attempt) -> SeatInfo:
    case, description = group.cases[0], attempt.description
    return SeatInfo(
        seat=number,
        runtime=case.runtime,
        threads=description.threads if description else case.threads,
        allocator=case.allocator,
        device=case.device,
        affinity=description.affinity if description else None,
        load_s=time.perf_counter() - seat.started_at,
        rss_bytes=description.rss_bytes if description else 0,
        # The memory of a case that failed here is still in the peak.
        peak_bytes=description.peak_bytes if description and not attempt.refused else None,
        cases=tuple(attempt.cold) if description else (),
        versions=description.versions if description else {},
        malloc=description.malloc if description else None,
        forked=seat.is_forked,
    )
