"""A turn of one case in several seats at once: the only moment when more than one seat works.

Every seat begins with its settle passes as soon as it is asked, and goes on with untimed passes after its last timed
one until all have answered: each timed pass meets the other streams at work. Refuses to know which seats there are.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Protocol

import msgspec

from levit_bench.measuring.workers.messages import Answer, Failed, Request, Rest, Rested, Turn, Turned


class Asked(Protocol):
    """What is asked of a seat here."""

    def send(self, request: Request) -> None:
        """Send a request."""

    def receive(self, timeout_s: float) -> Answer:
        """Block until the next answer; raises SeatLostError."""


def turns_at_once(seats: Sequence[Asked], asked: Turn, timeout_s: float) -> list[Answer]:
    """The answer of each seat; with several, after all of them have come to rest.

    Raises:
        SeatLostError: a seat is gone, or did not answer in time.
    """
    deadline = time.monotonic() + timeout_s
    for seat in seats:
        seat.send(asked)
    answers = [seat.receive(max(deadline - time.monotonic(), 0.0)) for seat in seats]
    if asked.onwards:
        for seat in seats:
            seat.send(Rest())
        ends = [seat.receive(timeout_s) for seat in seats]
        answers = [
            end if isinstance(answer, Turned) and not isinstance(end, Rested) else answer
            for answer, end in zip(answers, ends, strict=True)
        ]
    return answers


def merged(answers: Sequence[Answer]) -> Turned | Failed:
    """One turn of what the streams answered: passes one stream after another, counts and seconds added up.

    The first that failed speaks for all.
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
        settle_s=tuple(s for one in turned for s in one.settle_s),
        duration_s=tuple(s for one in turned for s in one.duration_s),
        minor_faults=_sum([one.minor_faults for one in turned]),
        major_faults=_sum([one.major_faults for one in turned]),
        cpu_s=math.fsum(one.cpu_s for one in turned),
        threads_at_work=max((one.threads_at_work or 0 for one in turned), default=0) or None,
        device_s=tuple(s for one in turned for s in one.device_s),
        witness_s=_mean([one.witness_s for one in turned]),
        total_cpu_s=None,
        problem=next((one.problem for one in turned if one.problem), None),
    )


def _mean(seconds: Sequence[float | None]) -> float | None:
    known = [one for one in seconds if one is not None]
    return math.fsum(known) / len(known) if known else None


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
