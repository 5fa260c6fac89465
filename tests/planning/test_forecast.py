"""What a session would cost: from stored results where there are any, else from multiply-accumulates."""

from __future__ import annotations

import msgspec
import pytest
from levit_bench.measuring.reference_cases import instrument_cases
from levit_bench.measuring.session.crew import groups_of
from levit_bench.measuring.session.sharing import SHARING
from levit_bench.planning.forecast import forecast
from levit_bench.records import Case, CaseLine, ColdStart, Record, Run, TurnLine

from tools.simulated.fake_world import CONDITIONS, MACHINE, PROTOCOL

CASE = Case(network="levit_192", resolution=224)
STICK = Case(network="yardstick-1a", resolution=224)


def _record(case: Case, pass_s: float) -> Record:
    turn = TurnLine(run=0, round=0, position=0, case=case.id, seat=0, at_s=0.0, settle_s=(), duration_s=(pass_s,) * 3)
    return Record(
        session="s", machine=MACHINE, protocol=PROTOCOL, conditions=CONDITIONS,
        info=CaseLine(id=case.id, case=case), runs=(Run(run=0, turns=(turn,)),), outcome="done",
    )  # fmt: skip


def test_a_case_that_this_machine_has_measured_takes_what_it_took() -> None:
    line = forecast([CASE], [STICK], PROTOCOL, [_record(CASE, 0.025)], MACHINE, SHARING).lines[0]
    assert (line.pass_s, line.passes, line.source) == (0.025, 4, "stored")


def test_a_file_takes_what_it_took_before_an_edit_and_a_side_what_its_network_took() -> None:
    then = Case(network="nets.py:build#94d38b", resolution=64, side="b")
    for side, digest in (("", "56f303"), ("a", "56f303"), ("b", "94d38b")):
        now = Case(network=f"nets.py:build#{digest}", resolution=64, side=side)
        line = forecast([now], [STICK], PROTOCOL, [_record(then, 0.025)], MACHINE, SHARING).lines[0]
        assert (line.pass_s, line.source) == (0.025, "stored")
    other = Case(network="nets.py:build#94d38b", resolution=96)
    assert forecast([other], [], PROTOCOL, [_record(then, 0.025)], MACHINE, SHARING).lines[0].source == "guess"


def test_another_machines_times_are_not_used() -> None:
    other = msgspec.structs.replace(MACHINE, cpu_model="Another")
    line = forecast([CASE], [STICK], PROTOCOL, [_record(CASE, 0.025)], other, SHARING).lines[0]
    assert line.source == "macs"


def test_macs_scale_with_batch_and_area_and_are_shared_by_threads() -> None:
    def pass_s(**changes: int) -> float:
        case = msgspec.structs.replace(CASE, **changes)
        return forecast([case], [], PROTOCOL, [], MACHINE, SHARING).lines[0].pass_s

    one = pass_s()
    assert pass_s(batch=16) > 10 * one / 2
    assert pass_s(resolution=448) > 3 * one / 2
    assert pass_s(batch=16, threads=4) < pass_s(batch=16)


def test_a_network_that_nobody_knows_is_a_guess() -> None:
    assert forecast([Case(network="m:f", resolution=64)], [], PROTOCOL, [], MACHINE, SHARING).lines[0].source == "guess"


def test_a_round_costs_every_turn_of_every_case() -> None:
    known = [_record(CASE, 0.025), _record(STICK, 0.01)]
    what = forecast([CASE], [STICK], PROTOCOL, known, MACHINE, SHARING)
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
    line = forecast([compiled[0]], [], PROTOCOL, known, MACHINE, SHARING).lines[0]
    assert (line.pass_s, line.source) == (pytest.approx(0.020 * 6), "scaled")
    unknown = forecast([_with(compiled[0], threads=2)], [], PROTOCOL, known, MACHINE, SHARING).lines[0]
    assert unknown.source == "macs"


def test_the_nearest_setting_of_a_network_is_scaled() -> None:
    other = _with(CASE, network="a")
    near, far = {"batch": 16}, {"batch": 1, "runtime": "compile", "allocator": "shipped"}
    wanted = {"batch": 16, "runtime": "compile"}
    known = [_record(_with(CASE, **near), 1.0), _record(_with(CASE, **far), 100.0)]
    known += [_record(_with(other, **setting), 2.0) for setting in (near, far, wanted)]
    assert forecast([_with(CASE, **wanted)], [], PROTOCOL, known, MACHINE, SHARING).lines[0].pass_s == pytest.approx(
        1.0
    )


def test_preparation_and_loading_cost_what_they_did() -> None:
    case = _with(CASE, runtime="compile")
    cold = ColdStart(load_s=2.0, first_pass_s=1.0, grown_bytes=0)
    record = _record(case, 0.02)
    record = msgspec.structs.replace(
        record,
        info=msgspec.structs.replace(record.info, prepare_s=100.0),
        runs=tuple(msgspec.structs.replace(run, cold=cold) for run in record.runs),
    )
    before = forecast([case], [], PROTOCOL, [], MACHINE, SHARING)
    known = forecast([case], [], PROTOCOL, [record], MACHINE, SHARING)
    assert known.prepare_s == pytest.approx(100 + 2 + known.costs.start_s)
    assert known.costs.start_s == pytest.approx(2 + 2.0 + 3 * 1.0)
    assert before.prepare_s > forecast([CASE], [], PROTOCOL, [], MACHINE, SHARING).prepare_s + 30
    another = forecast([_with(case, network="efficientnet_b0")], [], PROTOCOL, [record], MACHINE, SHARING)
    assert another.prepare_s == pytest.approx(known.prepare_s, abs=1)


def test_cases_of_one_artifact_are_prepared_once() -> None:
    both = [
        _with(CASE, allocator=allocator, threads=threads) for allocator in ("shipped", "pinned") for threads in (1, 2)
    ]
    one = forecast(both[:1], [], PROTOCOL, [], MACHINE, SHARING)
    four = forecast(both, [], PROTOCOL, [], MACHINE, SHARING)
    assert four.prepare_s - four.costs.start_s == pytest.approx(one.prepare_s - one.costs.start_s)


def _started_s(*cases: Case) -> float:
    """Seconds in which the workers of a run start on one processor, apart from loading."""
    alone = msgspec.structs.replace(MACHINE, logical_cores=1)
    own = [case for case, _ in instrument_cases(cases)]
    what = forecast(cases, own, PROTOCOL, [], alone, SHARING)
    loading_s = sum((0.25 + 3 * line.pass_s) * line.case.streams for line in what.lines)
    return what.costs.start_s - loading_s


@pytest.mark.parametrize(
    ("cases", "workers"),
    [
        pytest.param([CASE], 1, id="pinned cases share the worker of the yardsticks"),
        pytest.param([CASE, _with(CASE, batch=4)], 1, id="whatever their batch"),
        pytest.param([_with(CASE, allocator="shipped")], 2, id="one as shipped has a worker of its own"),
        pytest.param([_with(CASE, allocator="shipped", batch=b) for b in (1, 4)], 3, id="each as shipped has one"),
        pytest.param([CASE, _with(CASE, streams=2)], 3, id="streams have one each beside the one of the yardsticks"),
        pytest.param([_with(CASE, streams=s) for s in (1, 2, 3)], 6, id="each number of streams has its own"),
        pytest.param([_with(CASE, network="m:f")], 2, id="a network of the user's has a worker of its own"),
    ],
)
def test_the_workers_of_a_run_are_counted_as_the_engine_opens_them(cases: list[Case], workers: int) -> None:
    own = [CaseLine(id=case.id, case=case, role=role) for case, role in instrument_cases(cases)]
    assert len(groups_of([*(CaseLine(id=case.id, case=case) for case in cases), *own], PROTOCOL.seats)) == workers
    assert _started_s(*cases) == pytest.approx(2.0 * workers)


@pytest.mark.parametrize(
    ("runtime", "artifacts"),
    [("eager", 1), ("channels-last", 1), ("torchscript", 2), ("compile", 4), ("cuda-graphs", 1), ("foreign", 4)],
)
def test_artifacts_are_counted_as_the_workshop_makes_them(runtime: str, artifacts: int) -> None:
    """Also those of a runtime that is not of the suite, which is given none of another batch or number of threads."""
    cases = [_with(CASE, runtime=runtime, batch=batch, threads=threads) for batch in (1, 8) for threads in (1, 2)]
    alone = msgspec.structs.replace(MACHINE, logical_cores=1)  # Networks are prepared side by side on more.
    one, all_of_them = (forecast(some, [], PROTOCOL, [], alone, SHARING) for some in (cases[:1], cases))
    made_s = [what.prepare_s - what.costs.start_s - 2.0 for what in (one, all_of_them)]
    assert made_s[1] == pytest.approx(artifacts * made_s[0])


def test_both_yardsticks_are_prepared_once_and_code_of_each_file_in_a_process_of_its_own() -> None:
    assert SHARING.artifact(STICK) == SHARING.artifact(_with(STICK, network="yardstick-1b"))
    names = ("resnet18", "levit_192", "a.py:f", "a.py:f(sizes={'x': 1})", "b.py:f")
    assert len({SHARING.code(name) for name in names}) == 3
