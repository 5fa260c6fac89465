"""The real engine, driven by a fake clock and fake seats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from levit_bench.measuring.session.crew import Accounts, TurnTaken
from levit_bench.measuring.workers.messages import Failed, Turned, Witness
from levit_bench.measuring.workers.seat import SeatLostError
from levit_bench.planning.budget import Costs, FixedBudget, plan
from levit_bench.planning.policy import Earlier
from levit_bench.records import ColdStart, Conditions
from levit_bench.store.files import read_session, records

from tools.simulated.fake_world import PROTOCOL, FakeMachine, FakeSeats, Rig, line

LINES = (line("a", 0.01), line("b", 0.02), line("yardstick-1a", 0.01, role="yardstick"))
IDS = {one.case.network: one.id for one in LINES}
COSTS = Costs(4.0, 0.3)
POLICY = FixedBudget(30.0, 4, 2)


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.close()


def _orders(rig: Rig, folder: Path, session: str, *, seed: int = 0, first: int = 0) -> list[tuple[str, ...]]:
    """The order of each round of a session."""
    machine = FakeMachine(LINES)
    engine, _ = rig(folder, LINES, machine, msgspec.structs.replace(PROTOCOL, seed=seed), session)
    engine.take_runs(FixedBudget(120.0, first + 4, 2, rounds=4), COSTS, first)
    return [tuple(machine.order[at : at + 3]) for at in range(0, len(machine.order), 3)]


def test_every_round_gives_every_case_one_turn_in_a_random_order_that_session_and_seed_fix(
    rig: Rig, tmp_path: Path
) -> None:
    one, again = (_orders(rig, tmp_path / folder, "s") for folder in ("one", "again"))
    assert all(sorted(order) == sorted(IDS.values()) for order in one)
    assert len(set(one)) > 1
    assert one == again


def test_another_session_draws_other_orders_under_the_same_seed(rig: Rig, tmp_path: Path) -> None:
    one, other, seeded = (
        _orders(rig, tmp_path / str(at), name, seed=seed)
        for at, (name, seed) in enumerate([("s", 0), ("r", 0), ("s", 1)])
    )
    assert one != other
    assert one != seeded


def test_who_follows_whom_differs_from_session_to_session(rig: Rig, tmp_path: Path) -> None:
    first = {_orders(rig, tmp_path / name, name)[0] for name in map(str, range(40))}
    assert len(first) == 6, "all orders of three cases come up as the first of a session"


def test_a_resumed_session_goes_on_with_the_orders_that_it_would_have_had(rig: Rig, tmp_path: Path) -> None:
    whole = _orders(rig, tmp_path / "whole", "s")
    rest = _orders(rig, tmp_path / "rest", "s", first=2)
    assert rest[: len(whole) // 2] == whole[len(whole) // 2 :]


def test_each_run_has_fresh_seats_and_is_closed_as_done(rig: Rig, tmp_path: Path) -> None:
    machine = FakeMachine(LINES)
    engine, path = rig(tmp_path, LINES, machine)
    engine.take_runs(POLICY, COSTS, 0)
    session = read_session(path)
    assert len(machine.opened) == len(session.starts) == len(session.ends) == engine.runs == 4
    assert {end.outcome for end in session.ends} == {"done"}
    assert [end.last for end in session.ends] == [False, False, False, True]


@pytest.mark.parametrize("budget_s", [20.0, 47.0, 120.0, 601.0])
@pytest.mark.parametrize("slower", [0.8, 1.0, 1.3])
def test_the_budget_is_kept_within_a_tenth_also_on_a_machine_that_changed_its_speed(
    rig: Rig, tmp_path: Path, budget_s: float, slower: float
) -> None:
    machine = FakeMachine(LINES, noise=0.1)
    machine.truth = {key: slower * value for key, value in machine.truth.items()}
    engine, _ = rig(tmp_path, LINES, machine)
    began = machine.now
    what = plan(COSTS, budget_s)
    engine.take_runs(FixedBudget(budget_s, what.runs, 2), COSTS, 0)
    assert 0.85 * budget_s <= machine.now - began <= 1.1 * budget_s


@pytest.mark.parametrize("budget_s", [25.0, 31.0, 40.0, 57.0])
def test_a_session_takes_as_long_as_its_plan_says(rig: Rig, tmp_path: Path, budget_s: float) -> None:
    """Also where whole rounds leave something over, which a later run spends."""
    machine = FakeMachine(LINES)
    engine, _ = rig(tmp_path, LINES, machine)
    began, what = machine.now, plan(COSTS, budget_s)
    engine.take_runs(FixedBudget(budget_s, what.runs, 2), COSTS, 0)
    assert machine.now - began == pytest.approx(what.seconds, rel=0.03)


def test_durations_are_stored_as_they_were_measured_with_round_and_position(rig: Rig, tmp_path: Path) -> None:
    machine = FakeMachine(LINES)
    engine, path = rig(tmp_path, LINES, machine)
    engine.take_runs(FixedBudget(10.0, 1, 2), COSTS, 0)
    turns = read_session(path).turns
    assert [turn.case for turn in turns] == machine.order
    assert [turn.position for turn in turns[:6]] == [0, 1, 2, 0, 1, 2]
    assert all(turn.duration_s == (machine.truth[turn.case],) * 4 and len(turn.settle_s) == 2 for turn in turns)


def test_a_case_that_kills_its_seat_costs_itself_and_the_rest_of_that_run(rig: Rig, tmp_path: Path) -> None:
    machine = FakeMachine(LINES)
    dead = SeatLostError("crashed with a segmentation fault (SIGSEGV)")
    machine.answer = lambda case, turn: dead if case == IDS["b"] and turn >= 3 else None
    engine, path = rig(tmp_path, LINES, machine)
    engine.take_runs(POLICY, COSTS, 0)
    session = read_session(path)
    assert session.ends[0].outcome == "partial"
    assert session.ends[0].failed == {IDS["b"]: "crashed with a segmentation fault (SIGSEGV)"}
    assert all("b" not in opened for opened in machine.opened[1:])
    assert {end.outcome for end in session.ends[1:]} == {"done"}
    found = {record.case.network: record for record in records(session)}
    assert (found["b"].outcome, found["a"].outcome) == ("failed", "done")
    assert len(found["b"].runs[0].turns) == 1


def test_a_case_that_kills_a_seat_of_its_own_costs_no_run_of_the_others(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = FakeMachine(LINES)
    monkeypatch.setattr(FakeSeats, "beside", lambda _seats, _case: frozenset())
    machine.answer = lambda case, turn: SeatLostError("hung") if case == IDS["b"] and turn >= 3 else None
    engine, path = rig(tmp_path, LINES, machine)
    engine.take_runs(POLICY, COSTS, 0)
    session = read_session(path)
    assert {end.outcome for end in session.ends} == {"done"}
    assert session.ends[0].failed == {IDS["b"]: "hung"}
    found = {record.case.network: record for record in records(session)}
    assert (found["b"].outcome, found["a"].outcome) == ("failed", "done")
    assert len(found["a"].runs) == len(session.ends)


@pytest.mark.parametrize("way", ["failed", "problem"])
def test_a_case_with_wrong_outputs_has_a_reason_and_no_further_turn(rig: Rig, tmp_path: Path, way: str) -> None:
    machine = FakeMachine(LINES)
    turned = Turned(settle_s=(), duration_s=(1.0,), minor_faults=0, major_faults=0, cpu_s=0, problem="not finite")
    machine.answer = lambda case, _turn: (
        None if case != IDS["a"] else Failed(reason="not finite") if way == "failed" else turned
    )
    engine, path = rig(tmp_path, LINES, machine)
    engine.take_runs(POLICY, COSTS, 0)
    session = read_session(path)
    assert engine.failed == {IDS["a"]: "not finite"}
    assert machine.order.count(IDS["a"]) == 1
    assert IDS["a"] not in {turn.case for turn in session.turns}
    assert {end.outcome for end in session.ends} == {"done"}


def test_the_engine_stops_when_no_subject_is_left(rig: Rig, tmp_path: Path) -> None:
    machine = FakeMachine(LINES)
    machine.answer = lambda case, _turn: None if case == IDS["yardstick-1a"] else Failed(reason="no")
    engine, _ = rig(tmp_path, LINES, machine)
    engine.take_runs(POLICY, COSTS, 0)
    assert len(machine.opened) == 1
    assert set(engine.failed) == {IDS["a"], IDS["b"]}


def test_an_interrupt_closes_the_run_as_partial_and_keeps_every_turn(rig: Rig, tmp_path: Path) -> None:
    machine = FakeMachine(LINES)
    machine.answer = lambda _case, turn: KeyboardInterrupt() if turn == 7 else None
    engine, path = rig(tmp_path, LINES, machine)
    with pytest.raises(KeyboardInterrupt):
        engine.take_runs(POLICY, COSTS, 0)
    session = read_session(path)
    assert len(session.turns) == 7
    assert [(end.outcome, end.last) for end in session.ends] == [("partial", False)]
    assert not any(record.is_over for record in records(session))


def test_an_interrupt_while_a_run_is_closed_still_leaves_its_end(rig: Rig, tmp_path: Path) -> None:
    class Interrupted(FakeMachine):
        looks = 0

        def look(self) -> Conditions:
            self.looks += 1
            if self.looks == 2:  # The second look of a run is that of its end.
                raise KeyboardInterrupt
            return super().look()

    engine, path = rig(tmp_path, LINES, Interrupted(LINES))
    with pytest.raises(KeyboardInterrupt):
        engine.take_runs(POLICY, COSTS, 0)
    assert [end.outcome for end in read_session(path).ends] == ["done"]


def test_a_restless_seat_is_noticed_once_a_run(rig: Rig, tmp_path: Path) -> None:
    machine = FakeMachine(LINES)
    machine.restless_s = 0.003
    engine, path = rig(tmp_path, LINES, machine)
    engine.take_runs(FixedBudget(10.0, 1, 2), COSTS, 0)
    (end,) = read_session(path).ends
    assert [finding.kind for finding in end.findings] == ["seat-not-idle"]
    assert "3.0 ms" in end.findings[0].message


def test_page_faults_with_a_pinned_allocator_are_noticed_and_with_the_shipped_one_expected(
    rig: Rig, tmp_path: Path
) -> None:
    for allocator, expected in (("pinned", {"page-faults"}), ("shipped", set())):
        lines = (line("a", 0.01, allocator=allocator),)
        machine = FakeMachine(lines)
        machine.minor_faults = 4000
        engine, path = rig(tmp_path / allocator, lines, machine)
        engine.take_runs(FixedBudget(10.0, 1, 5), COSTS, 0)
        assert {finding.kind for end in read_session(path).ends for finding in end.findings} == expected


def test_a_seat_with_other_threads_than_asked_for_is_noticed(rig: Rig, tmp_path: Path) -> None:
    machine = FakeMachine(LINES)
    machine.threads = 2
    engine, path = rig(tmp_path, LINES, machine)
    engine.take_runs(FixedBudget(10.0, 1, 2), COSTS, 0)
    assert "threads-differ" in {finding.kind for finding in read_session(path).ends[0].findings}


def test_a_case_that_cannot_be_loaded_in_a_later_run_is_left_out_of_it(rig: Rig, tmp_path: Path) -> None:
    machine = FakeMachine(LINES)
    engine, path = rig(tmp_path, LINES, machine)
    machine.dead_at_start = {"b": "ran out of memory"}
    engine.take_runs(POLICY, COSTS, 0)
    assert engine.failed == {IDS["b"]: "ran out of memory"}
    assert read_session(path).ends[0].failed == {IDS["b"]: "ran out of memory"}
    assert IDS["b"] not in machine.order


def test_a_resumed_session_numbers_its_runs_on(rig: Rig, tmp_path: Path) -> None:
    machine = FakeMachine(LINES)
    engine, path = rig(tmp_path, LINES, machine)
    engine.take_runs(FixedBudget(20.0, 5, 2), COSTS, 3)
    assert [start.run for start in read_session(path).starts] == [3, 4]


@pytest.mark.parametrize("resumes", [0, 1, 4])
def test_each_run_says_how_often_its_session_had_been_resumed(rig: Rig, tmp_path: Path, resumes: int) -> None:
    engine, path = rig(tmp_path, LINES, FakeMachine(LINES), earlier=Earlier(next_run=3, resumes=resumes))
    engine.take_runs(FixedBudget(20.0, 5, 2), COSTS, 3)
    session = read_session(path)
    assert {start.resumed for start in session.starts} == {resumes}
    assert {record.resumes for record in records(session)} == {resumes}


@pytest.mark.parametrize(("first_pass_s", "waited_s"), [(None, 20 * 60.0), (5.0, 20 * 65.0), (90.0, 20 * 150.0)])
def test_the_longest_wait_for_a_turn_grows_with_its_probe_and_with_its_first_pass_in_this_run(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_pass_s: float | None, waited_s: float
) -> None:
    slow = line("slow", 10.0)
    machine = FakeMachine((slow,))
    if first_pass_s is not None:
        machine.cold = {"slow": ColdStart(load_s=1.0, first_pass_s=first_pass_s, grown_bytes=0)}
    seen: list[float] = []
    turn = FakeSeats.turn

    def watched(
        self: FakeSeats, case: str, settle: int, passes: int, timeout_s: float, witness: Witness = "none"
    ) -> TurnTaken | Failed:
        seen.append(timeout_s)
        return turn(self, case, settle, passes, timeout_s, witness)

    monkeypatch.setattr(FakeSeats, "turn", watched)
    engine, _ = rig(tmp_path, (slow,), machine)
    engine.take_runs(FixedBudget(100.0, 1, 1), COSTS, 0)
    assert set(seen) == {waited_s}


def test_runs_that_lose_a_seat_spend_the_budget_and_not_more(rig: Rig, tmp_path: Path) -> None:
    lines = (*LINES, *(line(f"deadly{n}", 0.01) for n in range(8)))
    deadly = {one.id for one in lines if one.case.network.startswith("deadly")}
    machine = FakeMachine(lines)
    machine.answer = lambda case, _turn: SeatLostError("gone") if case in deadly else None
    engine, path = rig(tmp_path, lines, machine)
    began = machine.now
    engine.take_runs(FixedBudget(30.0, 4, 2), COSTS, 0)
    assert machine.now - began <= 33.0 + machine.start_s
    ends = read_session(path).ends
    assert all(end.outcome == "partial" for end in ends)
    assert len(ends) <= 9


def test_a_machine_that_becomes_ten_times_slower_does_not_overrun_the_budget_by_more_than_a_round(
    rig: Rig, tmp_path: Path
) -> None:
    machine = FakeMachine(LINES)
    engine, _ = rig(tmp_path, LINES, machine)

    def slower(_case: str, turn: int) -> None:
        if turn == 30:
            machine.truth = {key: 100 * value for key, value in machine.truth.items()}

    machine.answer = slower
    began = machine.now
    engine.take_runs(FixedBudget(60.0, 6, 2), COSTS, 0)
    one_round_s = sum(6 * value for value in machine.truth.values())
    assert machine.now - began <= 1.05 * 60.0 + one_round_s


def test_a_failure_is_on_disk_before_the_run_ends(rig: Rig, tmp_path: Path) -> None:
    machine = FakeMachine(LINES)
    seen: list[str] = []

    def answer(case: str, turn: int) -> Failed | None:
        seen.append(path.read_text(encoding="utf-8"))
        return Failed(reason="output is not finite") if case == IDS["a"] else None

    engine, path = rig(tmp_path, LINES, machine)
    machine.answer = answer
    engine.take_runs(FixedBudget(10.0, 1, 2), COSTS, 0)
    assert any('"outcome":"failed"' in text and '"run-end"' not in text for text in seen)
    record = next(r for r in records(read_session(path)) if r.case.network == "a")
    assert (record.outcome, record.reason) == ("failed", "output is not finite")


def test_a_witness_goes_first_in_every_other_round(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[str] = []
    turn = FakeSeats.turn

    def watched(
        self: FakeSeats, case: str, settle: int, passes: int, timeout_s: float, witness: Witness = "none"
    ) -> TurnTaken | Failed:
        places.append(witness)
        return turn(self, case, settle, passes, timeout_s, witness)

    monkeypatch.setattr(FakeSeats, "turn", watched)
    for folder, asked in (("with", True), ("without", False)):
        machine = FakeMachine(LINES)
        engine, _ = rig(tmp_path / folder, LINES, machine, msgspec.structs.replace(PROTOCOL, witness=asked))
        engine.take_runs(FixedBudget(30.0, 1, 2, rounds=3), COSTS, 0)
    assert places == ["first"] * 3 + ["last"] * 3 + ["first"] * 3 + ["none"] * 9


def test_the_account_of_the_seats_is_written_when_they_have_ended(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(self: FakeSeats, *_: object) -> None:
        self.accounts = Accounts(9.0, 10.0)

    monkeypatch.setattr(FakeSeats, "__exit__", ended)
    engine, path = rig(tmp_path, LINES, FakeMachine(LINES))
    engine.take_runs(FixedBudget(30.0, 2, 2, rounds=2), COSTS, 0)
    assert [(end.told_cpu_s, end.system_cpu_s) for end in read_session(path).ends] == [(9.0, 10.0)] * 2


def test_the_peak_of_the_seats_is_written_with_the_end_of_the_run_and_read_with_their_cases(
    rig: Rig, tmp_path: Path
) -> None:
    machine = FakeMachine(LINES)
    machine.peak_bytes = (7 << 20,)
    engine, path = rig(tmp_path, LINES, machine)
    engine.take_runs(FixedBudget(30.0, 2, 2, rounds=2), COSTS, 0)
    session = read_session(path)
    assert [end.peak_bytes for end in session.ends] == [(7 << 20,)] * 2
    found = [(run.seat_peak_bytes, run.seats_at_once) for record in records(session) for run in record.runs]
    assert found == [(7 << 20, 1)] * 6
