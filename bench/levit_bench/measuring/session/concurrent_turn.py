"""A turn of one case in several worker processes at once, for its streams: the only time when more than one works.

Every process begins with its settle passes on request, and goes on with untimed passes after its last timed one until
all have answered: each timed pass runs while the other streams are at work.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Protocol

import msgspec

from levit_bench.measuring.workers.messages import Answer, Failed, Request, Rest, Rested, Turn, Turned


class Asked(Protocol):
    """The part of a seat's interface that is used here."""

    def send(self, request: Request) -> None:
        """Send a request."""

    def receive(self, timeout_s: float) -> Answer:
        """Block until the next answer; raises SeatLostError."""


def turns_at_once(seats: Sequence[Asked], turn: Turn, timeout_s: float) -> list[Answer]:
    """The answer of each seat; with several, after all of them have come to rest.

    Raises:
        SeatLostError: a seat is gone, or did not answer in time.
    """
    deadline = time.monotonic() + timeout_s
    for seat in seats:
        seat.send(turn)
    answers = [seat.receive(max(deadline - time.monotonic(), 0.0)) for seat in seats]
    if turn.onwards:
        for seat in seats:
            seat.send(Rest())
        ends = [seat.receive(timeout_s) for seat in seats]
        answers = [
            end if isinstance(answer, Turned) and not isinstance(end, Rested) else answer
            for answer, end in zip(answers, ends, strict=True)
        ]
    return answers


def merged(answers: Sequence[Answer]) -> Turned | Failed:
    """The streams' answers as one turn: passes one stream after another, counts and processor seconds added up.

    Where one failed, the first failure is returned.
    """
    turned = [answer for answer in answers if isinstance(answer, Turned)]
    for answer in answers:
        if isinstance(answer, Failed):
            return answer
        if not isinstance(answer, Turned):
            return Failed(reason=f"unexpected answer {type(answer).__name__}")
    if len(turned) == 1:
        return turned[0]
    return msgspec.structs.replace(
        turned[0],
        settle_s=tuple(s for stream in turned for s in stream.settle_s),
        duration_s=tuple(s for stream in turned for s in stream.duration_s),
        minor_faults=_sum([stream.minor_faults for stream in turned]),
        major_faults=_sum([stream.major_faults for stream in turned]),
        cpu_s=math.fsum(stream.cpu_s for stream in turned),
        threads_at_work=max((stream.threads_at_work or 0 for stream in turned), default=0) or None,
        device_s=tuple(s for stream in turned for s in stream.device_s),
        witness_s=_mean([stream.witness_s for stream in turned]),
        total_cpu_s=None,
        problem=next((stream.problem for stream in turned if stream.problem), None),
    )


def _mean(seconds: Sequence[float | None]) -> float | None:
    present = [value for value in seconds if value is not None]
    return math.fsum(present) / len(present) if present else None


def _sum(counts: Sequence[int | None]) -> int | None:
    present = [count for count in counts if count is not None]
    return sum(present) if len(present) == len(counts) else None
