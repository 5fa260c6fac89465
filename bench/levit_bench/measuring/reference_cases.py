"""Reference cases: two yardsticks and the null network, for each device and thread count of the subjects.

Names and sizes only, so that the parent does not import torch; the networks are in `networks/yardstick.py` and
`null.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from levit_bench.measuring.workers.process_environment import default_allocator
from levit_bench.records import Case, Role

YARDSTICKS = ("yardstick-1a", "yardstick-1b")
YARDSTICK_RESOLUTION = 224
NULL = "null-1"
NULL_RESOLUTION = 32


class Environment(NamedTuple):
    """Settings of a whole worker process: cases that agree in them may share one."""

    runtime: str
    device: str
    threads: int
    allocator: str
    precision: str
    """GPUs multiply in TF32 or not by a setting of the whole process."""
    streams: int = 1
    """How many such processes work at once, each on processors of its own."""
    side: str = ""
    """The side of a gate; its cases never share a process with those of the other one."""


def environment_of(case: Case) -> Environment:
    """The environment a case needs."""
    return Environment(case.runtime, case.device, case.threads, case.allocator, case.precision, case.streams, case.side)


def instrument_cases(subjects: Iterable[Case]) -> list[tuple[Case, Role]]:
    """Yardsticks and null for every device and thread count among the subjects; eager, and pinned where that exists.

    The allocator is pinned so that it does not move the yardstick: with the shipped one, it is 15 % slower in one
    process than in another, depending on what else was allocated there (docs/decisions/0001).
    """
    out: list[tuple[Case, Role]] = []
    for device, threads in dict.fromkeys((c.device, c.threads) for c in subjects):
        allocator = default_allocator()
        own = Case(network=NULL, resolution=NULL_RESOLUTION, device=device, threads=threads, allocator=allocator)
        for name in YARDSTICKS:
            yardstick = msgspec.structs.replace(own, network=name, resolution=YARDSTICK_RESOLUTION)
            out.append((yardstick, "yardstick"))
        out.append((own, "null"))
    return out
