"""What a session would cost: from stored results where there are any, else from multiply-accumulates."""

from __future__ import annotations

import msgspec
import pytest
from levit_bench.planning.forecast import forecast
from levit_bench.records import Case, CaseLine, ColdStart, Record, Run, TurnLine

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


def _with(case: Case, **fields: object) -> Case:
    return msgspec.structs.replace(case, **fields)


def test_a_network_in_another_setting_takes_what_the_change_did_to_others() -> None:
    other, third = _with(CASE, network="a"), _with(CASE, network="b")
    compiled = [_with(one, runtime="compile", batch=16) for one in (CASE, other, third)]
    known = [
        _record(CASE, 0.020), _record(other, 0.010), _record(third, 0.030),
        _record(compiled[1], 0.050), _record(compiled[2], 0.210),
    ]  # fmt: skip
    line = forecast([compiled[0]], [], PROTOCOL, known, MACHINE).lines[0]
    assert (line.pass_s, line.source) == (pytest.approx(0.020 * 6), "scaled")
    unknown = forecast([_with(compiled[0], threads=2)], [], PROTOCOL, known, MACHINE).lines[0]
    assert unknown.source == "macs"


def test_the_nearest_setting_of_a_network_is_scaled() -> None:
    other = _with(CASE, network="a")
    near, far = {"batch": 16}, {"batch": 1, "runtime": "compile", "allocator": "shipped"}
    wanted = {"batch": 16, "runtime": "compile"}
    known = [_record(_with(CASE, **near), 1.0), _record(_with(CASE, **far), 100.0)]
    known += [_record(_with(other, **setting), 2.0) for setting in (near, far, wanted)]
    assert forecast([_with(CASE, **wanted)], [], PROTOCOL, known, MACHINE).lines[0].pass_s == pytest.approx(1.0)


def test_preparation_and_loading_cost_what_they_did() -> None:
    case = _with(CASE, runtime="compile")
    cold = ColdStart(load_s=2.0, first_pass_s=1.0, grown_bytes=0)
    record = _record(case, 0.02)
    record = msgspec.structs.replace(
        record,
        info=msgspec.structs.replace(record.info, prepare_s=100.0),
        runs=tuple(msgspec.structs.replace(run, cold=cold) for run in record.runs),
    )
    before = forecast([case], [], PROTOCOL, [], MACHINE)
    known = forecast([case], [], PROTOCOL, [record], MACHINE)
    assert known.prepare_s == pytest.approx(100 + 2 + known.costs.start_s)
    assert known.costs.start_s == pytest.approx(2 + 2.0 + 3 * 1.0)
    assert before.prepare_s > forecast([CASE], [], PROTOCOL, [], MACHINE).prepare_s + 30
    another = forecast([_with(case, network="efficientnet_b0")], [], PROTOCOL, [record], MACHINE)
    assert another.prepare_s == pytest.approx(known.prepare_s, abs=1)


def test_cases_of_one_artifact_are_prepared_once() -> None:
    both = [
        _with(CASE, allocator=allocator, threads=threads) for allocator in ("shipped", "pinned") for threads in (1, 2)
    ]
    one = forecast(both[:1], [], PROTOCOL, [], MACHINE)
    four = forecast(both, [], PROTOCOL, [], MACHINE)
    assert four.prepare_s - four.costs.start_s == pytest.approx(one.prepare_s - one.costs.start_s)
