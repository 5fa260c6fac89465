"""Records made by hand, for tests of the study: each run holds two turns whose median is the number asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from levit_bench.records import Accuracy, Case, CaseLine, Record, Run, TurnLine

from tools.simulated.generate_store import CONDITIONS, MACHINE, PROTOCOL


def turn(median: float, *, run: int = 0, number: int = 0, case: str = "c", streams: int = 1) -> TurnLine:
    """A turn of three passes a stream around a median, after a settle pass that must not count."""
    return TurnLine(
        run=run, round=number, position=0, case=case, seat=0, at_s=0.0, settle_s=(100.0,),
        duration_s=(median, 0.9 * median, 1.2 * median) * streams,
    )  # fmt: skip


def record(
    network: str = "net",
    runs: Sequence[float] = (0.01, 0.01, 0.01),
    *,
    yardsticks: Sequence[float] | None = None,
    top1: float | None = 80.0,
    session: str = "s1",
    family: str | None = "Fam",
    resolution: int = 224,
    outcome: Any = "done",
    reason: str | None = None,
    complete: bool = True,
    role: Any = "subject",
    turns: int = 2,
    torch: str = "2.13.0",
    emulated: bool = False,
    machine: Any = MACHINE,
    **fields: Any,
) -> Record:
    """A record whose runs have these medians, in seconds."""
    case = Case(network=network, resolution=resolution, **fields)
    sticks = [0.007] * len(runs) if yardsticks is None else yardsticks
    info = CaseLine(
        id=case.id, case=case, family=family, role=role, outcome=outcome, reason=reason,
        accuracy=None if top1 is None else Accuracy(top1=top1, source="made up"), params=9_200_000, macs=305_000_000,
    )  # fmt: skip
    made = tuple(
        Run(
            run=number,
            turns=tuple(turn(median, run=number, number=i, streams=case.streams) for i in range(turns)),
            yardsticks=((turn(stick),), (turn(stick),)) if stick else ((), ()),
            complete=complete,
        )
        for number, (median, stick) in enumerate(zip(runs, sticks, strict=True))
    )
    return Record(
        session=session, machine=machine, protocol=PROTOCOL, info=info, runs=made, outcome=outcome, reason=reason,
        conditions=msgspec.structs.replace(CONDITIONS, emulated=emulated, versions={"torch": torch}),
    )  # fmt: skip


def passing(network: str, passes_ms: Sequence[float], top1: float | None = 80.0, **fields: Any) -> Record:
    """A record each of whose three runs holds these passes, in milliseconds, in one turn."""
    made = record(network, top1=top1, turns=1, **fields)
    seconds = tuple(1e-3 * each for each in passes_ms)
    runs = tuple(
        msgspec.structs.replace(run, turns=tuple(msgspec.structs.replace(t, duration_s=seconds) for t in run.turns))
        for run in made.runs
    )
    return msgspec.structs.replace(made, runs=runs)
