"""Several seats at work on one case: what is asked of them, what is made of their answers, and real ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from levit_bench.asking.request import Request as Asked
from levit_bench.asking.request import at_once, check, left_out
from levit_bench.errors import UsageError
from levit_bench.measuring.machine import processors
from levit_bench.measuring.session.concurrent_turn import merged, turns_at_once
from levit_bench.measuring.session.crew import groups_of
from levit_bench.measuring.workers.messages import Answer, Failed, Request, Rest, Rested, Turn, Turned
from levit_bench.measuring.workers.seat import SeatLostError
from levit_bench.records import Case, CaseLine
from levit_bench.store.files import read_session, records

from tests.measuring.session.test_kill import ROOT

TURN = Turn(case="c", settle=1, passes=2, onwards=True)


def turned(*seconds: float, problem: str | None = None) -> Turned:
    return Turned(
        settle_s=(9.0,), duration_s=seconds, minor_faults=3, major_faults=None, cpu_s=sum(seconds), problem=problem
    )


class Told:
    """A seat with answers ready, which keeps what it was asked."""

    def __init__(self, log: list[tuple[str, Request]], name: str, *answers: Answer | SeatLostError) -> None:
        self._log, self._name, self._answers = log, name, list(answers)

    def send(self, request: Request) -> None:
        self._log.append((self._name, request))

    def receive(self, timeout_s: float) -> Answer:
        assert timeout_s >= 0
        answer = self._answers.pop(0)
        if isinstance(answer, SeatLostError):
            raise answer
        return answer


def test_all_are_asked_before_any_answers_and_rest_only_when_all_have_answered() -> None:
    log: list[tuple[str, Request]] = []
    seats = [Told(log, name, turned(0.1), Rested()) for name in "ab"]
    assert turns_at_once(seats, TURN, 10) == [turned(0.1), turned(0.1)]
    assert log == [("a", TURN), ("b", TURN), ("a", Rest()), ("b", Rest())]


def test_a_pass_that_fails_after_the_timed_ones_fails_the_turn() -> None:
    seats = [Told([], "a", turned(0.1), Failed(reason="fell")), Told([], "b", turned(0.1), Rested())]
    assert merged(turns_at_once(seats, TURN, 10)) == Failed(reason="fell")


def test_a_lost_stream_loses_the_turn() -> None:
    seats = [Told([], "a", turned(0.1)), Told([], "b", SeatLostError("gone"))]
    with pytest.raises(SeatLostError, match="gone"):
        turns_at_once(seats, TURN, 10)


def test_passes_stand_one_stream_after_another_and_counts_are_added() -> None:
    whole = merged([turned(0.1, 0.2), turned(0.3, 0.4, problem="wrong")])
    assert isinstance(whole, Turned)
    assert (whole.settle_s, whole.duration_s) == ((9.0, 9.0), (0.1, 0.2, 0.3, 0.4))
    assert (whole.minor_faults, whole.major_faults) == (6, None)
    assert whole.cpu_s == pytest.approx(1.0)
    assert whole.problem == "wrong"


def test_one_answer_is_taken_as_it_is_and_a_foreign_one_is_a_failure() -> None:
    assert merged([turned(0.1)]) == turned(0.1)
    assert merged([turned(0.1), Rested()]) == Failed(reason="unexpected answer Rested")


def line(network: str, **fields: object) -> CaseLine:
    case = Case(network=network, resolution=224, **fields)  # type: ignore[arg-type]
    return CaseLine(id=case.id, case=case)


def test_streams_have_a_seat_each_and_share_it_with_cases_of_as_many_streams() -> None:
    found = groups_of([line("a"), line("a", streams=2), line("b", streams=2), line("a", streams=3)], "auto")
    told = [([case.network for case in group.cases], group.cases[0].streams, group.stream) for group in found]
    assert told == [
        (["a"], 1, 0), (["a", "b"], 2, 0), (["a", "b"], 2, 1), (["a"], 3, 0), (["a"], 3, 1), (["a"], 3, 2)
    ]  # fmt: skip


def siblings(monkeypatch: pytest.MonkeyPatch, cores: Sequence[Sequence[int]]) -> None:
    core_of = {number: str(core) for core in cores for number in core}
    monkeypatch.setattr(processors, "allowed_processors", lambda: tuple(sorted(core_of)))
    monkeypatch.setattr(processors, "_siblings", lambda number: core_of[number])


def test_whole_cores_are_given_out_before_their_second_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    siblings(monkeypatch, [(0, 4), (1, 5), (2, 6), (3, 7)])
    assert [processors.own_processors(stream, 1) for stream in range(6)] == [(0,), (1,), (2,), (3,), (4,), (5,)]
    assert [processors.own_processors(stream, 2) for stream in range(4)] == [(0, 1), (2, 3), (4, 5), (6, 7)]
    siblings(monkeypatch, [(0, 1), (2, 3)])
    assert [processors.own_processors(stream, 1) for stream in range(2)] == [(0,), (2,)]
    assert processors.own_processors(2, 2) is None


def test_processors_are_not_given_out_where_none_can_be_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "allowed_processors", lambda: None)
    assert processors.own_processors(0, 1) is None


def test_more_streams_than_processors_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("levit_bench.asking.request.usable_processors", lambda: 4)
    check(Asked(networks=("levit_128s",), streams=(2,), threads=(2,)))
    with pytest.raises(UsageError, match=r"--streams 2 with --threads 4 needs 8 processors, and 4 can be used"):
        check(Asked(networks=("levit_128s",), streams=(1, 2), threads=(4, 8)))
    asked = Asked(networks=("levit_128s",), streams=(1, 2, 4), threads=(1, 2))
    check(asked)
    assert at_once(asked) == [(1, 1), (1, 2), (1, 4), (2, 1), (2, 2)]
    (finding,) = left_out([asked])
    assert "left out: 4 streams of 2 threads. " in finding.message
    assert left_out([Asked(networks=("levit_128s",), threads=(8,))]) == []
    with pytest.raises(UsageError, match="--streams names nothing"):
        check(Asked(networks=("levit_128s",), streams=()))
    with pytest.raises(UsageError, match="--streams 0"):
        check(Asked(networks=("levit_128s",), streams=(0,)))


def test_a_stored_case_of_one_stream_keeps_its_id_and_several_have_another() -> None:
    assert Case(network="levit_192", resolution=224).id == "2759e5b540b6"
    assert Case(network="levit_192", resolution=224, streams=2).id != Case(network="levit_192", resolution=224).id


@pytest.mark.slow
@pytest.mark.skipif(processors.usable_processors() < 2, reason="two streams need two processors")
def test_streams_work_at_once_on_processors_of_their_own(tmp_path: Path) -> None:
    words = [
        "run",
        "--networks",
        "tests.hostile_networks:sound@64",
        "--streams",
        "1,2",
        "--budget",
        "auto",
        "--thin",
        "--json",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "levit_bench", *words, "--store", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "bench")},
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    assert done.returncode == 0, done.stderr
    assert [case["streams"] for case in json.loads(done.stdout)["cases"] if case["role"] == "subject"] == [1, 2]
    (path,) = tmp_path.rglob("*.jsonl")
    session = read_session(path)
    (two,) = [record for record in records(session) if record.case.streams == 2]
    seats = [seat for seat in session.starts[0].seats if two.info.id in seat.cases]
    if seats[0].affinity is not None:
        assert [len(seat.affinity or ()) for seat in seats] == [1, 1]
        assert seats[0].affinity != seats[1].affinity
    turn = two.runs[0].turns[0]
    assert len(turn.duration_s) == 2 * (two.info.passes or 0)
    assert len(turn.settle_s) == 2 * two.protocol.settle_passes
