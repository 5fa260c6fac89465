"""A seat from the outside: it answers, it is watched, and it never outlives its parent. The worker is a fake one."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from levit_bench.measuring.workers import seat as seat_module
from levit_bench.measuring.workers.cpu_time import process_cpu_s
from levit_bench.measuring.workers.messages import Describe, Description, Resolve, Resolved
from levit_bench.measuring.workers.seat import Seat, SeatLostError
from levit_bench.records import ImageShape

ROOT = Path(__file__).parents[3]

Fake = Callable[[str], Seat]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """A seat whose worker runs the given lines for each request, without torch."""

    def make(body: str) -> Seat:
        script = tmp_path / "worker.py"
        script.write_text(
            "import os, signal, sys, time\n"
            "requests, answers = os.fdopen(int(sys.argv[1]), 'rb'), int(sys.argv[2])\n"
            "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
            "def answer(text): os.write(answers, text.encode() + b'\\n')\n"
            'OK = \'{"type":"description","threads":1,"affinity":null,"rss_bytes":7,"versions":{}}\'\n'
            "for line in requests:\n" + textwrap.indent(textwrap.dedent(body), "    "),
            encoding="utf-8",
        )
        monkeypatch.setattr(seat_module, "_WORKER", (str(script),))
        return Seat(1, "n/a")

    return make


def test_a_seat_answers_what_it_is_asked(fake: Fake) -> None:
    with fake("answer(OK)") as seat:
        for _ in range(3):
            answer = seat.ask(Describe(), 10)
            assert isinstance(answer, Description)
            assert answer.rss_bytes == 7


def test_an_answer_that_comes_in_pieces_is_put_together(fake: Fake) -> None:
    with fake("os.write(answers, OK[:9].encode()); time.sleep(0.05); answer(OK[9:])") as seat:
        assert isinstance(seat.ask(Describe(), 10), Description)


def test_a_seat_that_does_not_answer_in_time_is_killed(fake: Fake) -> None:
    with fake("answer(OK) if 'time_out' not in globals() else time.sleep(60); time_out = 1") as seat:
        seat.ask(Describe(), 60)  # It has started, however busy the machine is.
        pid = seat._process.pid
        with pytest.raises(SeatLostError, match="hung: no answer within 1 s, and in the last ") as error:
            seat.ask(Describe(), 1)
        assert "0.1 s of that time it used no processor" in str(error.value)
        assert not psutil.pid_exists(pid)


@pytest.mark.parametrize(
    "body",
    ["while True: pass", "import subprocess; subprocess.run([sys.executable, '-c', 'while True: pass'])"],
    ids=["itself", "a process that it started"],
)
def test_a_seat_that_computes_for_too_long_did_not_hang(fake: Fake, body: str) -> None:
    with fake(body) as seat, pytest.raises(SeatLostError, match=r"^(too slow: it computed|starved: used) ") as error:
        seat.ask(Describe(), 2)
    assert "of 2 s" in str(error.value)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("os.kill(os.getpid(), 9)", "SIGKILL"),
        ("os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("sys.exit('the driver is too old')", "exit code 1: the driver is too old"),
        ("sys.exit(0)", "exit code 0"),
        ("answer('no message')", "answered nonsense"),
    ],
)
def test_a_seat_that_dies_says_how(fake: Fake, body: str, why: str) -> None:
    with fake(body) as seat, pytest.raises(SeatLostError, match=why):
        seat.ask(Describe(), 10)


def test_asking_a_seat_that_is_gone_says_how_it_went(fake: Fake) -> None:
    with fake("os.kill(os.getpid(), 9)") as seat:
        with pytest.raises(SeatLostError):
            seat.ask(Describe(), 10)
        with pytest.raises(SeatLostError, match="SIGKILL"):
            seat.ask(Describe(), 10)


def test_closing_a_seat_ends_it_even_when_it_does_not_listen(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seat_module, "_GRACE_S", 0.2)
    seat = fake("answer(OK); time.sleep(60)")
    seat.ask(Describe(), 10)
    pid = seat._process.pid
    seat.close()
    assert not psutil.pid_exists(pid)


def test_waiting_for_an_answer_costs_the_parent_no_processor_time(fake: Fake) -> None:
    with fake("time.sleep(0.5); answer(OK)") as seat:
        before, began = time.process_time(), time.perf_counter()
        seat.ask(Describe(), 10)
        assert (time.process_time() - before) / (time.perf_counter() - began) < 0.03


def test_processor_time_of_a_process_rises_with_work_and_not_with_sleep(fake: Fake) -> None:
    with fake("end = time.process_time() + 0.2\nwhile time.process_time() < end: pass\nanswer(OK)") as seat:
        before = seat.cpu_s()
        seat.ask(Describe(), 30)
        worked = seat.cpu_s() - before
        rested = seat.cpu_s()
        time.sleep(0.1)
        assert worked >= 0.19
        assert seat.cpu_s() - rested < 0.01
    assert process_cpu_s(seat._process.pid) == 0.0


@pytest.mark.parametrize("python_path", ["", ".", "FOLDER"])
def test_a_seat_imports_the_suite_and_not_a_package_of_the_users_that_is_called_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python_path: str
) -> None:
    (tmp_path / "levit_bench").mkdir()
    (tmp_path / "levit_bench" / "__init__.py").write_text("raise SystemExit('a foreign package of our name')")
    (tmp_path / "my_nets.py").write_text(
        "def build():\n    raise AssertionError('only looked up')\nbuild.resolution = 48"
    )
    monkeypatch.chdir(tmp_path)
    foreign = python_path.replace("FOLDER", str(tmp_path))
    monkeypatch.setattr(
        sys, "path", [foreign, *(path for path in sys.path if ROOT not in Path(path, "x").resolve().parents[:2])]
    )
    with Seat(1, "n/a") as seat:
        answer = seat.ask(Resolve(names=("my_nets:build", "levit_bench.nets:build", "levit_bench:build")), 60)
    assert isinstance(answer, Resolved)
    assert answer.shapes == {"my_nets:build": ImageShape.square(48)}
    assert "levit_bench/nets.py:build" in answer.missing["levit_bench.nets:build"]
    assert "levit_bench/__init__.py:build" in answer.missing["levit_bench:build"]


@pytest.mark.parametrize("end", ["close", "kill"])
def test_what_a_network_started_ends_with_its_seat(fake: Fake, end: str) -> None:
    body = """
    import subprocess
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    answer(OK.replace('"rss_bytes":7', f'"rss_bytes":{child.pid}'))
    """
    with fake(body) as seat:
        answer = seat.ask(Describe(), 60)
        assert isinstance(answer, Description)
        child = psutil.Process(answer.rss_bytes)
        if end == "kill":
            seat.kill()
    gone, _ = psutil.wait_procs([child], timeout=600)
    assert gone == [child]
