"""What a session would cost: from stored results where there are any, else from multiply-accumulates."""

from __future__ import annotations

import msgspec
import pytest

from bench.judge.forecast import forecast
from bench.records import Case, CaseLine, Record, Run, TurnLine
from tests.fake_world import CONDITIONS, MACHINE, PROTOCOL

CASE = Case(network="levit_192", resolution=224)
STICK = Case(network="yardstick-1a", resolution=224)


def _record(case: Case, pass_s: float) -> Record:
    turn = TurnLine(run=0, round=0, position=0, case=case.id, seat=0, at_s=0.0, settle_s=(), duration_s=(pass_s,) * 3)
    return Record(
        session="s", machine=MACHINE, protocol=PROTOCOL, conditions=CONDITIONS,
        info=CaseLine(id=case.id, case=case), runs=(Run(run=0, turns=(turn,)),), outcome="done",
    )  # fmt: skip


def test_a_case_that_this_machine_has_measured_takes_what_it_took() -> None:
    line = forecast([CASE], [STICK], PROTOCOL, [_record(CASE, 0.025)], MACHINE).lines[0]
    assert (line.pass_s, line.passes, line.source) == (0.025, 4, "stored")


def test_another_machines_times_are_not_used() -> None:
    other = msgspec.structs.replace(MACHINE, cpu_model="Another")
    line = forecast([CASE], [STICK], PROTOCOL, [_record(CASE, 0.025)], other).lines[0]
    assert line.source == "macs"


def test_macs_scale_with_batch_and_area_and_are_shared_by_threads() -> None:
    def pass_s(**changes: int) -> float:
        case = msgspec.structs.replace(CASE, **changes)
        return forecast([case], [], PROTOCOL, [], MACHINE).lines[0].pass_s

    one = pass_s()
    assert pass_s(batch=16) > 10 * one / 2
    assert pass_s(resolution=448) > 3 * one / 2
    assert pass_s(batch=16, threads=4) < pass_s(batch=16)


def test_a_network_that_nobody_knows_is_a_guess() -> None:
    assert forecast([Case(network="m:f", resolution=64)], [], PROTOCOL, [], MACHINE).lines[0].source == "guess"


def test_a_round_costs_every_turn_of_every_case() -> None:
    known = [_record(CASE, 0.025), _record(STICK, 0.01)]
    what = forecast([CASE], [STICK], PROTOCOL, known, MACHINE)
    assert what.costs.round_s == pytest.approx((2 + 4) * 0.025 + (2 + 10) * 0.01, abs=0.02)
    assert what.costs.start_s > 0
    assert what.prepare_s > what.costs.start_s
