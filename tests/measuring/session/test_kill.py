"""What a sudden end leaves behind: at most one turn is lost, and no seat survives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from levit_bench.store.files import read_session, records

ROOT = Path(__file__).parents[3]
PATIENCE_S = 1800.0


# A shell that starts the tests in the background lets them ignore signals, and whatever they start as well.
_PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from levit_bench.__main__ import main
main()
"""


def _start(store: Path) -> subprocess.Popen[bytes]:
    words = ["run", "--networks", "tests.hostile_networks:sound", "--budget", "120s", "--store", str(store)]
    return subprocess.Popen([sys.executable, "-c", _PROGRAM, *words], cwd=ROOT, stderr=subprocess.DEVNULL)


def _wait_for_turns(store: Path, count: int) -> Path:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for path in store.glob("*/*.jsonl"):
            if path.read_bytes().count(b'"kind":"turn"') >= count:
                return path
        time.sleep(0.05)
    raise AssertionError("no turns were written")


def _wait_until_gone(seats: list[psutil.Process]) -> list[psutil.Process]:
    _, alive = psutil.wait_procs(seats, timeout=600)
    return [one for one in alive if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.slow
@pytest.mark.parametrize(
    "how", [signal.SIGKILL, signal.SIGINT, pytest.param(signal.SIGHUP, marks=pytest.mark.exhaustive)]
)
def test_a_session_that_is_ended_keeps_its_turns_and_leaves_no_seat(tmp_path: Path, how: signal.Signals) -> None:
    parent = _start(tmp_path)
    try:
        path = _wait_for_turns(tmp_path, 20)
        seats = psutil.Process(parent.pid).children(recursive=True)
        assert seats
        before = path.read_bytes().count(b'"kind":"turn"')
        os.kill(parent.pid, how)
        code = parent.wait(600)
    finally:
        parent.kill()
        parent.wait()
    assert _wait_until_gone(seats) == []
    session = read_session(path)
    assert session.findings == ()
    assert len(session.turns) >= before
    (record,) = (record for record in records(session) if record.info.role == "subject")
    assert record.runs
    if how == signal.SIGKILL:
        assert code == -signal.SIGKILL
    else:
        assert code == 130
        assert len(session.ends) == len(session.starts)


@pytest.mark.slow
def test_an_interrupted_session_can_be_resumed_and_its_runs_are_added(tmp_path: Path) -> None:
    parent = _start(tmp_path)
    try:
        path = _wait_for_turns(tmp_path, 20)
        parent.send_signal(signal.SIGKILL)
    finally:
        parent.kill()
        parent.wait()
    with path.open("ab") as file:
        file.write(b'{"kind":"turn","run":0,"rou')
    before = read_session(path)
    words = ["run", "--resume", "last", "--budget", "auto", "--store", str(tmp_path), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "levit_bench", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    after = read_session(path)
    assert after.turns[: len(before.turns)] == before.turns
    assert min(start.run for start in after.starts[len(before.starts) :]) == max(s.run for s in before.starts) + 1
    assert after.ends[-1].outcome == "done"
    assert {start.resumed for start in after.starts[: len(before.starts)]} == {0}
    assert {start.resumed for start in after.starts[len(before.starts) :]} == {1}
    assert [finding.kind for finding in after.findings] == ["bad-line"]
