"""`levit-bench aa`: twins through the real door, engine and store, on a machine that takes no time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from levit_bench.asking import request
from levit_bench.catalog.twins import SUFFIX, is_twin
from levit_bench.measuring.session import session
from levit_bench.measuring.workers.messages import Failed
from levit_bench.planning.budget import Costs
from levit_bench.records import CaseLine
from levit_bench.store.files import read_session

from tests.cli.test_cli import run
from tools.simulated.fake_world import FakeMachine

WORDS = ("aa", "--networks", "levit_192,efficientnet_b0", "--budget", "40s")
Spoil = Callable[[FakeMachine, tuple[CaseLine, ...]], None]


class Workshop:
    """Prepares nothing; every network of these tests is in the catalog."""

    cache_problem = None

    def __init__(self, *_: object) -> None:
        pass

    def __enter__(self) -> Workshop:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Rig:
    """What the fake machine was asked, and how it is spoilt."""

    def __init__(self) -> None:
        self.machines: list[FakeMachine] = []
        self.spoil: Spoil = lambda _machine, _lines: None


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Rig:
    made = Rig()

    def ready(lines: list[CaseLine], *_: object) -> session._Ready:
        known = tuple(msgspec.structs.replace(line, passes=4, probe_s=0.01) for line in lines)
        return session._Ready(known, {}, Costs(1.0, 0.5))

    def engine(protocol: object, lines: list[CaseLine], *rest: object, session: str) -> object:
        machine = FakeMachine(lines, start_s=1.0, noise=0.05, seed=len(made.machines))
        machine.now = time.perf_counter()
        made.machines.append(machine)
        made.spoil(machine, tuple(lines))
        return real(protocol, lines, machine.world(), *rest[1:], session=session)  # type: ignore[arg-type]

    real = session.Engine
    monkeypatch.setattr(request, "Workshop", Workshop)
    monkeypatch.setattr(session, "_get_ready", ready)
    monkeypatch.setattr(session, "real_world", lambda *_: None)
    monkeypatch.setattr(session, "Engine", engine)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return made


def sessions() -> list[Path]:
    return sorted(Path("results").rglob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)


def test_every_case_is_timed_under_two_names_in_one_seat_and_in_two(
    capsys: pytest.CaptureFixture[str], rig: Rig
) -> None:
    code, out, err = run(capsys, *WORDS)
    assert code == 0, err
    stored = [read_session(path) for path in sessions()]
    assert sorted(one.head.protocol.seats for one in stored) == ["alone", "shared"]
    for one in stored:
        names = [line.case.network for line in one.cases if line.role == "subject"]
        assert names == ["levit_192", "levit_192~twin", "efficientnet_b0", "efficientnet_b0~twin"]
        twins = [line for line in one.cases if is_twin(line.case.network)]
        assert all(line.accuracy is None and line.family for line in twins)
        assert (
            one.head.title
            == f"A/A: twins in {'one process' if one.head.protocol.seats == 'shared' else 'two processes'}"
        )
    for kind in ("shared", "alone", "yardsticks"):
        assert kind in out
    assert "session 1 of 2: twins in two processes, about 1 min 20 s left in all" in err
    assert "session 2 of 2: twins in one process" in err
    assert max(len(line.rstrip()) for line in out.splitlines()) <= 80


def test_the_document_counts_what_was_measured_now_and_nothing_else(
    capsys: pytest.CaptureFixture[str], rig: Rig
) -> None:
    assert run(capsys, *WORDS, "--isolation", "shared")[0] == 0
    code, out, _ = run(capsys, *WORDS, "--isolation", "alone", "--sessions", "2", "--json")
    told = {rate["equals"]: rate for rate in json.loads(out)["rates"]}
    assert code == 0
    assert set(told) == {"alone", "yardsticks", "two sessions"}
    assert (told["alone"]["comparisons"], told["alone"]["reports"]) == (4, 2)
    assert told["two sessions"]["reports"] == 1
    code, out, _ = run(capsys, "aa", "--stored", "--json")
    told = {rate["equals"]: rate for rate in json.loads(out)["rates"]}
    assert (told["shared"]["reports"], told["alone"]["reports"]) == (1, 2)


def test_a_twin_that_is_slower_is_a_false_alarm_with_its_limit(capsys: pytest.CaptureFixture[str], rig: Rig) -> None:
    def slow(machine: FakeMachine, lines: tuple[CaseLine, ...]) -> None:
        for line in lines:
            if line.case.network == "levit_192" + SUFFIX:
                machine.truth[line.id] *= 1.3

    rig.spoil = slow
    code, out, _ = run(capsys, *WORDS, "--isolation", "shared", "--json")
    (rate,) = [one for one in json.loads(out)["rates"] if one["equals"] == "shared"]
    assert (code, rate["slower"]["count"], rate["false_alarms"]["count"]) == (0, 1, 1)
    assert 0.9 < rate["false_alarms"]["rate_below"] < 1


def test_a_case_that_fails_ends_with_1_and_an_interrupt_with_130_and_both_report(
    capsys: pytest.CaptureFixture[str], rig: Rig
) -> None:
    def fail(machine: FakeMachine, lines: tuple[CaseLine, ...]) -> None:
        bad = lines[0].id
        machine.answer = lambda case, _turn: Failed(reason="not finite") if case == bad else None

    rig.spoil = fail
    code, out, _ = run(capsys, *WORDS, "--isolation", "shared")
    assert (code, "1 without limits" in out) == (1, True)

    def stop(machine: FakeMachine, _lines: tuple[CaseLine, ...]) -> None:
        machine.answer = lambda _case, turn: KeyboardInterrupt() if turn == 400 else None

    rig.spoil = stop
    before = len(sessions())
    code, out, _ = run(capsys, *WORDS)
    assert (code, "alone" in out) == (130, True)
    assert len(sessions()) == before + 1


@pytest.mark.parametrize(("number", "reported"), [(1, False), (2, True)])
def test_an_interrupt_between_sessions_reports_those_before_it(
    capsys: pytest.CaptureFixture[str], rig: Rig, number: int, reported: bool
) -> None:
    def stop(_machine: FakeMachine, _lines: tuple[CaseLine, ...]) -> None:
        if len(rig.machines) == number:
            raise KeyboardInterrupt

    rig.spoil = stop
    code, out, _ = run(capsys, *WORDS)
    assert (code, "alone" in out) == (130, reported)


def test_twins_are_shown_and_left_out_of_picks_and_fronts(capsys: pytest.CaptureFixture[str], rig: Rig) -> None:
    run(capsys, *WORDS, "--isolation", "shared")
    assert "levit_192~twin" in run(capsys, "show")[1]
    code, out, err = run(capsys, "pick", "--min-top1", "70")
    assert (code, "~twin" in out) == (0, False)
    assert "left out: levit_192~twin@224: a twin: timed to test the instrument" in " ".join(err.split())
    _, out, _ = run(capsys, "front", "--json", "--out", "reports")
    assert {row["network"] for row in json.loads(out)} == {"levit_192", "efficientnet_b0"}
    assert run(capsys, "compare", "last", "--networks", "levit_192,levit_192~twin")[0] in (0, 3)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["aa"], 2, "no network was named"),
        (["aa", "--networks", "levit_192", "--sessions", "0"], 2, "--sessions 0: give a whole number from 1"),
        (["aa", "--networks", "levit_192", "--isolation", "window"], 2, "unknown isolation 'window'"),
        (["aa", "--networks", "levit_192", "--where", "threads=1"], 2, "Say --stored, or leave it out"),
        (["aa", "--stored", "--networks", "levit_192"], 2, "--stored measures nothing"),
        (["aa", "--stored"], 3, "levit-bench run --networks levit_128s,efficientnet_b0 --budget 60s"),
        (["aa", "--networks", "levit_192~twin"], 2, "levit-bench aa --networks levit_192"),
        (["run", "--networks", "nets:build~twin"], 2, "is the name of a twin"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_measured(
    capsys: pytest.CaptureFixture[str], rig: Rig, words: list[str], code: int, said: str
) -> None:
    ended, out, err = run(capsys, *words)
    assert (ended, out) == (code, "")
    assert said in err
    assert not rig.machines


def test_a_store_without_equals_says_how_to_get_some(capsys: pytest.CaptureFixture[str], rig: Rig) -> None:
    from tools.simulated.generate_store import Truth, case_of, write_session

    truth = Truth("levit_192", "LeViT", 0.01, 80.0)
    path = write_session(Path("results"), "s1", [(case_of(truth), truth)])
    kept = [line for line in path.read_text("utf-8").splitlines() if "yardstick-1/b" not in line]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    code, out, err = run(capsys, "aa", "--stored")
    assert (code, out) == (3, "")
    assert "nothing in results was timed twice. Measure some: levit-bench aa --networks" in err


@pytest.mark.slow
def test_twins_are_built_checked_and_timed_for_real(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    sound = "tests.hostile_networks:sound"
    words = ("aa", "--networks", sound, "--isolation", "alone", "--budget", "auto", "--thin", "--store", str(tmp_path))
    code, out, err = run(capsys, *words, "--json")
    assert code == 0, err
    assert {rate["equals"] for rate in json.loads(out)["rates"]} == {"alone", "yardsticks"}
    (path,) = tmp_path.rglob("*.jsonl")
    stored = read_session(path)
    one, twin = (line for line in stored.cases if line.role == "subject")
    assert twin.case.network == one.case.network + SUFFIX
    assert (twin.artifact_sha256, twin.params, twin.macs) == (one.artifact_sha256, one.params, one.macs)
    assert twin.artifact_sha256
    (first, *_) = stored.starts
    assert [one.id in seat.cases for seat in first.seats] != [twin.id in seat.cases for seat in first.seats]
    assert {one.id, twin.id} <= {turn.case for turn in stored.turns}
