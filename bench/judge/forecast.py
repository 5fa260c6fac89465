"""How long cases would take here: from what the store holds of this machine, else from their multiply-accumulates.

Knows stored records and rough rates; refuses to measure. Every number says where it comes from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Literal, NamedTuple

from bench.budget import Costs, passes_a_turn, timed_passes, turn_seconds
from bench.catalog import entries
from bench.records import Case, Machine, Protocol, Record

Source = Literal["stored", "macs", "guess"]

_MACS_PER_S = 20e9
"""Multiply-accumulates a second and thread of eager fp32 on a server core: 15e9 to 50e9 seen, by network."""
_OVERHEAD_S = 0.004
"""What eager PyTorch adds to a pass of some hundred operators."""
_UNKNOWN_MACS = 1e9
_NULL_S = 4e-6
_START_S = 4.0
"""Start of a process with torch and timm, and _CASE_S for each case it loads."""
_CASE_S = 0.25
_PREPARE_S = 2.0
"""Preparing a network, and twice _START_S for the processes of preparation and rehearsal."""


class ForecastLine(NamedTuple):
    """One case of a forecast."""

    case: Case
    pass_s: float
    """Expected seconds a pass."""
    passes: int
    """Timed passes a turn that follow from it."""
    source: Source
    """Where the expectation comes from."""


class Forecast(NamedTuple):
    """What a session would cost."""

    lines: tuple[ForecastLine, ...]
    costs: Costs
    prepare_s: float
    """Seconds before the budget begins to run."""


def forecast(
    subjects: Sequence[Case], instrument: Sequence[Case], protocol: Protocol, known: Iterable[Record], here: Machine
) -> Forecast:
    """Expected costs of a session of these cases on this machine."""
    stored = _stored(known, here)
    lines = tuple(_line(case, protocol, stored) for case in (*subjects, *instrument))
    environments = {
        (case.runtime, case.device, case.threads, case.allocator, case.precision): case.streams
        for case in sorted((*subjects, *instrument), key=lambda case: case.streams)
    }
    alone = sum(case.streams for case in subjects if not case.shares_its_seat(protocol.seats))
    seats = sum(environments.values()) + alone
    # Seats start side by side, at most as many at once as there are processors.
    waves = math.ceil(seats / max(1, here.logical_cores))
    start_s = waves * _START_S + _CASE_S * len(lines) / min(seats, here.logical_cores)
    round_s = sum(
        turn_seconds(protocol.settle_passes, timed_passes(line.passes, witness=protocol.witness), line.pass_s)
        for line in lines
    )
    networks = len({(case.network, case.resolution, case.form) for case in (*subjects, *instrument)})
    return Forecast(lines, Costs(start_s, round_s), _PREPARE_S * networks + _START_S + start_s)


def _stored(known: Iterable[Record], here: Machine) -> dict[str, float]:
    """Median pass by case id, of this machine's newest session that holds the case."""
    out: dict[str, float] = {}
    for record in sorted(known, key=lambda r: r.session):
        passes = [d for run in record.runs for turn in run.turns for d in turn.duration_s]
        if record.machine.id == here.id and passes:
            out[record.info.id] = median(passes)
    return out


def _line(case: Case, protocol: Protocol, stored: dict[str, float]) -> ForecastLine:
    source: Source = "stored"
    pass_s = stored.get(case.id)
    if pass_s is None and case.network.startswith("null-"):
        source, pass_s = "macs", _NULL_S
    elif pass_s is None:
        macs = _macs(case)
        source = "guess" if macs is None else "macs"
        pass_s = _OVERHEAD_S + case.batch * (_UNKNOWN_MACS if macs is None else macs) / (_MACS_PER_S * case.threads)
    passes = passes_a_turn(pass_s, protocol.turn_s, protocol.min_passes, protocol.max_passes)
    return ForecastLine(case, pass_s, passes, source)


def _macs(case: Case) -> float | None:
    if case.network.startswith("yardstick-"):
        return 0.305e9
    for entry in entries():
        if entry.name == case.network and entry.macs_m is not None:
            # Published MACs belong to the published resolution; convolutions scale with the area.
            return entry.macs_m * 1e6 * (case.resolution / entry.resolution) ** 2
    return None
