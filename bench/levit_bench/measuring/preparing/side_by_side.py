"""Prepares several networks at the same time, in as many processes as there are processors.

Nothing is timed meanwhile. Small operators hardly profit from a second thread, and building a network from none: two
processes with a thread each prepare in little more than half of the time of one with two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from levit_bench.catalog.entries import entries
from levit_bench.catalog.twins import original
from levit_bench.measuring.machine.processors import usable_processors
from levit_bench.measuring.workers.messages import Prepare, Prepared
from levit_bench.measuring.workers.place import HERE, Place
from levit_bench.measuring.workers.process_environment import default_allocator
from levit_bench.measuring.workers.seat import Seat, SeatLostError, first_with_answer
from levit_bench.records import Case

_MOST = 8  # Each holds torch, timm and a network: half a gigabyte.


def prepare_side_by_side(
    requests: Mapping[Case, Prepare],
    timeout_s: float,
    begin: Callable[[Case], None],
    finish: Callable[[Case], None] = lambda _case: None,
    *,
    place: Place = HERE,
) -> dict[Case, Prepared]:
    """What was prepared, by network; whatever failed is missing, for its neighbours may be to blame.

    Args:
        requests: by network; those that take longest go first, so that no process waits long for the last.
        timeout_s: seconds after which one is given up.
        begin: called with a network before it is prepared.
        finish: called with it when that has ended, in whatever way.
        place: where the processes run.
    """
    count = min(usable_processors(), len(requests), _MOST)
    threads = max(1, usable_processors() // max(1, count))
    queue = sorted(requests.items(), key=lambda item: -_work(item[0]))[::-1]  # Taken from its end.
    idle: list[Seat] = []
    at_work: dict[Seat, tuple[Case, float]] = {}
    prepared: dict[Case, Prepared] = {}
    try:
        while queue or at_work:
            while queue and len(at_work) < count:
                seat = idle.pop() if idle else Seat(threads, default_allocator(), timed=False, place=place)
                network, request = queue.pop()
                begin(network)
                at_work[seat] = network, time.monotonic() + timeout_s
                seat.send(request)
            seat = first_with_answer(at_work, min(until for _, until in at_work.values()) - time.monotonic())
            network, until = at_work.pop(seat)
            finish(network)
            try:
                answer = seat.receive(max(0.0, until - time.monotonic()))
            except SeatLostError:
                seat.close()
                continue
            idle.append(seat)
            if isinstance(answer, Prepared) and not answer.failed:
                prepared[network] = answer
    except SeatLostError:
        pass  # The system starts no further process: the others are prepared one by one.
    finally:
        _close([*idle, *at_work])
    return prepared


def _work(network: Case) -> float:
    """Multiply-accumulates of an image by the catalog, in millions, to order by; 0 where it does not say."""
    macs = next((entry.macs_m for entry in entries() if entry.name == original(network.network)), None)
    return macs or 0.0


def _close(seats: Iterable[Seat]) -> None:
    for seat in seats:
        seat.kill()
        seat.close()
