"""Series of made-up nights for tests of the trend, without a store."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from levit_bench.judge.trend.events import JudgedSeries, judged
from levit_bench.judge.trend.series import Series, all_series
from levit_bench.records import Record

from tests.making import record
from tools.simulated.nights_store import name_of


def night(number: int, network: str, seconds: float, stick: float = 0.007, tag: str = "", **fields: Any) -> Record:
    """A record of one night whose three runs scatter a little."""
    runs = [seconds * share for share in (1.0, 1.002, 0.998)]
    made = record(network, runs, yardsticks=[stick] * 3, session=name_of(number) + tag, **fields)
    name = name_of(number)
    taken = f"{name[:4]}-{name[4:6]}-{name[6:8]}T{name[9:11]}:{name[11:13]}:{name[13:15]}Z"
    return msgspec.structs.replace(made, conditions=msgspec.structs.replace(made.conditions, taken_at=taken))


def nights(
    network: str, count: int, steps: Mapping[int, float] | None = None, seed: int = 0, first: int = 0, **fields: Any
) -> list[Record]:
    """Records of one case over nights, whose time changes by factors at some of them."""
    rng, level, out = random.Random(f"{network} {seed} {fields}"), 0.02, []
    for number in range(first, first + count):
        level *= (steps or {}).get(number, 1.0)
        out.append(night(number, network, level * math.exp(rng.gauss(0, 0.004)), **fields))
    return out


def sticks(count: int, steps: Mapping[int, float] | None = None, seed: int = 0) -> list[Record]:
    """Records of the yardstick over nights."""
    rng, level, out = random.Random(f"stick {seed}"), 0.007, []
    for number in range(count):
        level *= (steps or {}).get(number, 1.0)
        seconds = level * math.exp(rng.gauss(0, 0.004))
        out.append(night(number, "yardstick-1/a", seconds, stick=seconds, role="yardstick"))
    return out


def series_of(records: Sequence[Record]) -> tuple[Series, ...]:
    """The series of records."""
    return all_series(records)


def judged_of(records: Sequence[Record]) -> tuple[JudgedSeries, ...]:
    """The series of records, judged."""
    return judged(all_series(records))
