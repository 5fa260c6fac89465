"""Seats bound to processors: asked for, refused where there are none, read back, and told apart on reading."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from levit_bench.asking import request
from levit_bench.asking.request import Request
from levit_bench.errors import UsageError
from levit_bench.judge.comparability import differences, setting
from levit_bench.judge.variance.components import components
from levit_bench.measuring.machine import processors
from levit_bench.measuring.session import case_loading, crew
from levit_bench.measuring.session.observer import Silent
from levit_bench.measuring.session.run_findings import RunFindings
from levit_bench.records import Case, CaseLine, SeatInfo, TurnLine
from levit_bench.store.files import read_session

from tests.house.plan import ROOT
from tests.making import record


def line(**axes: object) -> CaseLine:
    case = Case(network="levit_192", resolution=224, **axes)  # type: ignore[arg-type]
    return CaseLine(id=case.id, case=case)


def seat(of: CaseLine, affinity: tuple[int, ...] | None) -> SeatInfo:
    return SeatInfo(
        seat=0, runtime="eager", threads=of.case.threads, allocator="pinned", device="cpu", affinity=affinity,
        load_s=1.0, rss_bytes=1, cases=(of.id,),
    )  # fmt: skip


@pytest.mark.parametrize(("bound", "threads", "told"), [(False, 1, None), (True, 1, (0,)), (True, 2, (0, 1))])
def test_a_seat_that_shall_be_bound_gets_as_many_processors_as_threads(
    monkeypatch: pytest.MonkeyPatch, bound: bool, threads: int, told: tuple[int, ...] | None
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(processors, "allowed_processors", lambda: (0, 1, 2, 3))
    monkeypatch.setattr(processors, "_siblings", str)
    monkeypatch.setattr(
        case_loading, "Seat", lambda *_args, processors, die_with_thread, server, place: asked.append(processors)
    )
    (group,) = crew.groups_of([line(threads=threads)], "auto")
    group.seat(bound=bound)
    assert asked == [told]


@pytest.mark.parametrize(
    ("allowed", "threads", "said"),
    [
        (None, 1, "--bind: this system does not bind processes to processors"),
        ((0, 1), 3, "--bind with --threads 3 needs as many processors, and 2 can be used here"),
        ((0, 1), 2, None),
    ],
)
def test_it_is_refused_where_there_is_nothing_to_be_bound_to(
    monkeypatch: pytest.MonkeyPatch, allowed: tuple[int, ...] | None, threads: int, said: str | None
) -> None:
    monkeypatch.setattr(request, "allowed_processors", lambda: allowed)
    monkeypatch.setattr(request, "usable_processors", lambda: len(allowed or (0,)))
    asked = Request(networks=("levit_192",), threads=(1, threads), bind=True)
    if said is None:
        assert request.check(asked) == "cpu"
    else:
        with pytest.raises(UsageError, match=said):
            request.check(asked)
    request.check(msgspec.structs.replace(asked, threads=(1,), bind=False))


@pytest.mark.parametrize(
    ("bound", "streams", "affinity", "found"),
    [
        (False, 1, (0, 1), None),
        (True, 1, (0,), None),
        (True, 1, (0, 1), "worker 0 has 1 thread and may run on 2 processors"),
        (True, 1, None, "worker 0 has 1 thread and cannot be bound"),
        (False, 2, (0, 1), "worker 0 is a stream of 1 thread and may run on 2 processors"),
    ],
)
def test_a_seat_that_may_run_elsewhere_is_a_finding(
    bound: bool, streams: int, affinity: tuple[int, ...] | None, found: str | None
) -> None:
    one = line(streams=streams)
    findings = RunFindings(Silent(), bound=bound)
    findings.seats_ready([seat(one, affinity)], {one.id: one})
    assert [(finding.kind, finding.message.startswith(found or "?")) for finding in findings.findings] == (
        [("affinity-differs", True)] if found else []
    )


@pytest.mark.parametrize(("emulated", "kinds"), [(False, ["page-faults"]), (True, [])])
def test_page_faults_of_an_emulator_say_nothing_about_the_allocator(emulated: bool, kinds: list[str]) -> None:
    one = line()
    findings = RunFindings(Silent(), emulated=emulated)
    turn = TurnLine(
        run=0, round=0, position=0, case=one.id, seat=0, at_s=0.0, settle_s=(), duration_s=(0.1,), minor_faults=5000
    )
    findings.turn_taken(one, turn, 0.0)
    findings.run_over({one.id: one})
    assert [finding.kind for finding in findings.findings] == kinds


def test_what_was_bound_and_what_was_not_are_told_apart() -> None:
    free = record()
    bound = msgspec.structs.replace(free, protocol=msgspec.structs.replace(free.protocol, bound=True))
    assert differences([setting(free), setting(bound)]) == {"affinity": ("bound", "system")}
    assert len(components([free, bound])) == 2 * len(components([free]))


@pytest.mark.slow
@pytest.mark.skipif(processors.allowed_processors() is None, reason="this system does not bind processes")
def test_a_session_that_is_bound_says_so_and_every_seat_was(tmp_path: Path) -> None:
    words = ["run", "--networks", "tests.hostile_networks:sound@32", "--bind", "--budget", "auto", "--thin"]
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
    (path,) = tmp_path.rglob("*.jsonl")
    session = read_session(path)
    assert session.head.protocol.bound
    assert "affinity-differs" not in {finding.kind for end in session.ends for finding in end.findings}
    assert {len(seat.affinity or ()) for start in session.starts for seat in start.seats} == {1}
