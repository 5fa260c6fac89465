"""The rehearsal before the first run: one set of seats, every case tried once, so that the budget can be planned.

Part of the start-up: its times fix passes and time-outs and never enter an estimate.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

import msgspec

from levit_bench.catalog.side_pairs import axes_that_differ, pair_key
from levit_bench.measuring.machine.processor_use import ProcessorUse
from levit_bench.measuring.preparing.workshop import Artifact
from levit_bench.measuring.session.crew import Crew
from levit_bench.measuring.session.observer import Observer
from levit_bench.measuring.session.plausibility import too_fast
from levit_bench.measuring.workers import timeouts
from levit_bench.measuring.workers.messages import Failed
from levit_bench.measuring.workers.seat import SeatLostError, ServerLostError
from levit_bench.planning.budget import Costs, passes_a_turn, timed_passes, turn_seconds
from levit_bench.records import Case, CaseLine, Protocol

_RATE_TRIES = 3  # Other work can slow the products as it can slow passes; it cannot make them fast.
_QUICK_S = 0.03  # A case with a faster first pass is probed with five passes; a slower one fills a turn with two.


class Rehearsal(NamedTuple):
    """Result of the rehearsal."""

    lines: tuple[CaseLine, ...]
    """The cases, with their probe and passes a turn; those that failed without."""
    failed: dict[str, str]
    """Ids of the cases that failed, with the reason."""
    costs: Costs
    others: float | None
    """Processors that other work kept busy meanwhile; absent where the system does not say."""


def rehearse(
    lines: Sequence[CaseLine], artifacts: Mapping[str, Artifact], protocol: Protocol, observer: Observer
) -> Rehearsal:
    """Try every case that has an artifact; a case that kills its seat is left out and the rest is tried again."""
    failed: dict[str, str] = {}
    use_before = ProcessorUse.now()
    crew_protocol = protocol
    while True:
        remaining = [line for line in lines if line.id in artifacts and line.id not in failed]
        observer.rehearsing(0, len(remaining))
        began = time.perf_counter()
        with Crew(remaining, artifacts, crew_protocol) as crew:
            start_s = _start_s(crew, time.perf_counter() - began)
            failed |= crew.failed
            try:
                probed = _probe_all(crew, protocol, observer, failed)
            except ServerLostError:  # No case is the cause: all are tried again, in processes without a server.
                crew_protocol = msgspec.structs.replace(protocol, start_method="spawn")
                continue
            if probed is not None:
                after, impossible = _with_rates(crew, lines, probed, protocol)
                break
    failed |= impossible
    after = _alike_on_both_sides(after)
    round_s = sum(
        turn_seconds(protocol.settle_passes, timed_passes(line.passes or 0, witness=protocol.witness), line.probe_s)
        for line in after
        if line.probe_s is not None and line.id not in failed
    )
    others = ProcessorUse.now().others_since(use_before)
    return Rehearsal(after, failed, Costs(start_s, max(round_s, 1e-3)), others)


def _start_s(crew: Crew, measured_s: float) -> float:
    """Seconds in which a later run's seats are ready: without the time that cases took which failed, and are left out.

    A case that hangs while it is loaded takes the whole time-out, and no run waits for it again.
    """
    ready = [info.load_s for info in crew.infos if info.cases]
    return min(measured_s, max(ready)) if crew.failed and ready else measured_s


def _with_rates(
    crew: Crew, lines: Sequence[CaseLine], probed: Mapping[str, float], protocol: Protocol
) -> tuple[tuple[CaseLine, ...], dict[str, str]]:
    """The lines with their passes and matrix rates, and by id why some passes cannot be those of their case.

    No case is refused by one look: where passes are too fast for the rate, it is measured again, and the best counts.
    """
    rates: dict[str, float] = {}
    for _ in range(_RATE_TRIES):
        for key, rate in crew.matrix_rates().items():
            rates[key] = max(rate, rates.get(key, 0.0))
        after = tuple(_with_passes(line, probed.get(line.id), rates.get(line.id), protocol) for line in lines)
        reasons = {line.id: too_fast(line, probed.get(line.id, 0.0)) for line in after}
        impossible = {key: reason for key, reason in reasons.items() if reason is not None}
        if not impossible:
            break
    return after, impossible


def _alike_on_both_sides(lines: Sequence[CaseLine]) -> tuple[CaseLine, ...]:
    """The lines of a gate with as many passes a turn on the one side as on the other, whatever their probes said."""
    axes = axes_that_differ(line.case for line in lines)
    most: dict[Case, int] = {}
    for line in lines:
        if line.case.is_of_gate and line.passes is not None:
            key = pair_key(line.case, axes)
            most[key] = max(line.passes, most.get(key, 0))
    return tuple(
        msgspec.structs.replace(line, passes=most[pair_key(line.case, axes)])
        if line.case.is_of_gate and line.passes is not None
        else line
        for line in lines
    )


def _probe_all(crew: Crew, protocol: Protocol, observer: Observer, failed: dict[str, str]) -> dict[str, float] | None:
    """Median pass by case id, or None when a seat was lost: then the case at work is among the failed.

    Raises:
        ServerLostError: the process that forked the seats is gone.
    """
    probed: dict[str, float] = {}
    for done, (key, cold) in enumerate(crew.cold.items()):
        observer.rehearsing(done, len(crew.cold))
        passes = 5 if cold.first_pass_s < _QUICK_S else 2
        try:
            outcome = crew.turn(key, 1, passes, timeouts.of_probe(1 + passes, cold.first_pass_s, protocol.timeout_s))
        except ServerLostError:
            raise
        except SeatLostError as lost:
            failed[key] = str(lost)
            if crew.beside(key) - failed.keys():  # They have lost their seat with it.
                return None
            continue
        if isinstance(outcome, Failed):
            failed[key] = outcome.reason
        elif outcome.answer.problem:
            failed[key] = outcome.answer.problem
        else:
            probed[key] = median(outcome.answer.duration_s)
    return probed


def _with_passes(line: CaseLine, probe_s: float | None, macs_s: float | None, protocol: Protocol) -> CaseLine:
    """The line with passes a turn by its probe. A resumed session keeps its stored passes."""
    if probe_s is None:
        return line
    passes = line.passes or passes_a_turn(probe_s, protocol.turn_s, protocol.min_passes, protocol.max_passes)
    return msgspec.structs.replace(line, probe_s=probe_s, passes=passes, matrix_macs_s=macs_s)
