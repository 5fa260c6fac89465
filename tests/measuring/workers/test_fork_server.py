"""Forked workers: what they answer, how their ends are told, and that none outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from levit_bench.measuring.workers import fork_server as module
from levit_bench.measuring.workers import seat as seat_module
from levit_bench.measuring.workers.fork_server import ForkServer, can_fork
from levit_bench.measuring.workers.messages import Describe, Description, Fork, Resolve, Resolved
from levit_bench.measuring.workers.seat import Seat, SeatLostError
from levit_bench.records import ImageShape

pytestmark = pytest.mark.skipif(not can_fork(), reason="workers are forked on Linux alone")
_S = 600.0
_MODULES = {
    "sound": "def build(): raise AssertionError('only looked up')\nbuild.resolution = 48",
    "killed": "import os; os.kill(os.getpid(), 9)",
    "crashes": "import os; os.kill(os.getpid(), 11)",
    "leaves": "import os, sys; print('the driver is too old', file=sys.stderr, flush=True); os._exit(3)",
    "sleeps": "import time; time.sleep(3600)",
    "starts": "import subprocess; subprocess.Popen(['sleep', '3600'])\ndef build(): ...\nbuild.resolution = 48",
}


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a user's modules, each of which does something to the process that imports it."""
    folder = tmp_path_factory.mktemp("modules")
    for name, body in _MODULES.items():
        (folder / f"{name}.py").write_text(body, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def server(modules: Path) -> Iterator[ForkServer]:
    """A server that the tests of this file share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path, str(modules)])
        started = seat_module.fork_server(1, "n/a", timm=False)
    yield started
    started.close()


def _resolved(seat: Seat, name: str) -> Resolved:
    answer = seat.ask(Resolve(names=(f"{name}:build",)), _S)
    assert isinstance(answer, Resolved)
    return answer


def test_a_forked_worker_answers_as_one_that_started_by_itself(server: ForkServer) -> None:
    with Seat(1, "n/a", server=server) as forked, Seat(1, "n/a") as spawned:
        assert _resolved(forked, "sound").shapes == {"sound:build": ImageShape.square(48)}
        about, of_spawned = forked.ask(Describe(), _S), spawned.ask(Describe(), _S)
    assert isinstance(about, Description)
    assert isinstance(of_spawned, Description)
    assert (about.threads, about.malloc, about.versions) == (
        of_spawned.threads, of_spawned.malloc, of_spawned.versions
    )  # fmt: skip
    assert (forked.is_forked, spawned.is_forked) == (True, False)


def test_the_workers_of_a_server_are_processes_of_their_own(server: ForkServer) -> None:
    with Seat(1, "n/a", server=server) as first, Seat(1, "n/a", server=server) as second:
        pids = {first._process.pid, second._process.pid, server.pid, os.getpid()}
        assert len(pids) == 4
        assert os.getpgid(first._process.pid) == first._process.pid
        assert isinstance(first.ask(Describe(), _S), Description)
        first.kill()
        assert isinstance(second.ask(Describe(), _S), Description)


def test_the_server_itself_runs_one_thread(server: ForkServer) -> None:
    with Seat(2, "n/a", server=server) as seat:
        seat.ask(Describe(), _S)
        assert psutil.Process(server.pid).num_threads() == 1


def test_the_time_of_the_imports_counts_as_time_of_the_start(server: ForkServer) -> None:
    with Seat(1, "n/a", server=server) as seat:
        before = time.perf_counter()
        seat.begin()
        assert seat.started_at < before


def test_processor_time_of_the_imports_is_the_servers_and_not_the_workers(server: ForkServer) -> None:
    with Seat(1, "n/a", server=server) as seat:
        seat.ask(Describe(), _S)
        assert 0 < seat.cpu_s() < server.cpu_s()


@pytest.mark.parametrize(
    ("name", "why"),
    [("killed", "SIGKILL"), ("crashes", "SIGSEGV"), ("leaves", "exit code 3: the driver is too old")],
)
def test_a_forked_worker_that_dies_says_how_and_its_server_goes_on(server: ForkServer, name: str, why: str) -> None:
    with Seat(1, "n/a", server=server) as seat:
        for _ in range(2):
            with pytest.raises(SeatLostError, match=why):
                seat.ask(Resolve(names=(f"{name}:build",)), _S)
    with Seat(1, "n/a", server=server) as seat:
        assert isinstance(seat.ask(Describe(), _S), Description)


def test_a_forked_worker_that_does_not_answer_is_killed_and_leaves_no_process(server: ForkServer) -> None:
    with Seat(1, "n/a", server=server) as seat:
        seat.ask(Describe(), _S)
        pid = seat._process.pid
        with pytest.raises(SeatLostError, match="hung: no answer within 1 s"):
            seat.ask(Resolve(names=("sleeps:build",)), 1)
        assert not psutil.pid_exists(pid)


def test_what_a_network_started_ends_with_its_forked_worker(server: ForkServer) -> None:
    with Seat(1, "n/a", server=server) as seat:
        _resolved(seat, "starts")
        (child,) = psutil.Process(seat._process.pid).children()
    gone, _ = psutil.wait_procs([child], timeout=_S)
    assert gone == [child]


def test_a_worker_that_was_closed_is_reaped(server: ForkServer) -> None:
    with Seat(1, "n/a", server=server) as seat:
        seat.ask(Describe(), _S)
    assert not psutil.Process(server.pid).children()


def _own_server(modules: Path, monkeypatch: pytest.MonkeyPatch) -> ForkServer:
    monkeypatch.setattr(sys, "path", [*sys.path, str(modules)])
    return seat_module.fork_server(1, "n/a", timm=False)


def test_workers_end_with_their_server_and_say_so(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = _own_server(modules, monkeypatch)
    with Seat(1, "n/a", server=server) as seat:
        seat.ask(Describe(), _S)
        os.kill(server.pid, signal.SIGKILL)
        with pytest.raises(SeatLostError, match="SIGKILL"):
            seat.ask(Resolve(names=("sleeps:build",)), _S)
        with pytest.raises(SeatLostError, match=r"the process that starts the workers was killed \(SIGKILL\)"):
            Seat(1, "n/a", server=server)
    server.close()


def test_a_server_that_cannot_import_says_why(tmp_path: Path) -> None:
    server = ForkServer([sys.executable, "-c", "import sys; sys.exit('no torch here')"], dict(os.environ))
    with pytest.raises(SeatLostError, match="ended with exit code 1: no torch here"):
        Seat(1, "n/a", server=server)
    server.close()


def test_a_system_that_lets_nothing_be_forked_is_told_in_words(
    server: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = module.ForkFailed(reason="Cannot allocate memory")
    monkeypatch.setattr(server, "_ask", lambda request, files=(): answer if isinstance(request, Fork) else None)
    with pytest.raises(SeatLostError, match=r"cannot start a process \(Cannot allocate memory\)"):
        Seat(1, "n/a", server=server)


@pytest.mark.slow
def test_no_server_and_no_worker_outlives_a_parent_that_was_killed(modules: Path) -> None:
    script = """
        import sys
        from levit_bench.measuring.workers import seat
        from levit_bench.measuring.workers.messages import Describe, Resolve
        server = seat.fork_server(1, "n/a", timm=False)
        worker = seat.Seat(1, "n/a", server=server)
        worker.ask(Describe(), 600)
        print(server.pid, worker._process.pid, flush=True)
        worker.ask(Resolve(names=("sleeps:build",)), 3600)
    """
    path = os.pathsep.join([*sys.path, str(modules)])
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=os.environ | {"PYTHONPATH": path}, stdout=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    with parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        processes = [psutil.Process(pid) for pid in pids]
        parent.kill()
    _, alive = psutil.wait_procs(processes, timeout=_S)
    assert len(pids) == 2
    assert not alive
