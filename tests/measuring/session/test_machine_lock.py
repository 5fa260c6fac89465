"""One session at a time on a machine: who waits, for whom, until when, and what stops nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from levit_bench.cli import main
from levit_bench.measuring.session import machine_lock
from levit_bench.measuring.session.machine_lock import VARIABLE, Holder, alone, lock_file, measuring_for, sentence
from levit_bench.measuring.session.observer import Silent

HOLD = """
import sys
from levit_bench.measuring.session.machine_lock import alone, measuring_for
from levit_bench.measuring.session.observer import Silent
with alone("nets.py:build", 60.0, Silent(), is_series="series" in sys.argv):
    if "planned" in sys.argv:
        measuring_for(60.0)
    print("holds", flush=True)
    sys.stdin.read()
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock of this test's own."""
    path = tmp_path / "lock"
    monkeypatch.setenv(VARIABLE, str(path))
    monkeypatch.setattr(machine_lock, "_LOOK_S", 0.01)
    return path


@pytest.fixture
def other() -> Iterator[Start]:
    """Starts a process with a session that lasts until its standard input is closed."""
    processes: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "holds\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


class Watching(Silent):
    """Keeps what is said while it waits, and then does something."""

    def __init__(self, then: Callable[[], object]) -> None:
        self.said: list[str] = []
        self._then = then

    def waiting(self, what: str, waited_s: float) -> None:
        self.said.append(what)
        self._then()


def waits() -> None:
    pytest.fail("it waits")


def is_free() -> bool:
    """Whether another process could take the lock now."""
    probe = "import fcntl, sys; fcntl.flock(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    words = [sys.executable, "-c", probe, str(lock_file())]
    return not subprocess.run(words, stderr=subprocess.DEVNULL, check=False).returncode


def test_the_second_session_waits_says_for_whom_and_goes_on_when_the_first_has_ended(other: Start) -> None:
    first = other("planned")
    assert first.stdin is not None
    watching = Watching(first.stdin.close)
    with alone("mine", 60.0, watching) as findings:
        assert findings == []
        assert first.wait() == 0
        assert not is_free()
    assert is_free()
    assert watching.said[0].startswith(f"the session of process {first.pid} since ")
    assert "(nets.py:build), which ends within " in watching.said[0]


def test_a_session_that_does_not_wait_begins_at_once_with_a_finding(other: Start) -> None:
    first = other()
    with alone("mine", 60.0, Watching(waits), wait=False) as findings:
        (finding,) = findings
        measuring_for(1.0)  # says nothing in the name of the other one
        assert not is_free()
    assert finding.kind == "other-session"
    assert f"begun beside the session of process {first.pid}" in finding.message
    assert "(nets.py:build), which ends at most 1 min 30 s after its preparation" in finding.message
    assert "--no-wait" in finding.message
    with alone("mine", 60.0, Silent(), wait=False) as (again,):
        assert again == finding


def test_a_session_that_is_killed_keeps_nobody_waiting(other: Start) -> None:
    first = other()
    assert not is_free()
    first.kill()
    first.wait()
    with alone("mine", 60.0, Watching(waits)) as findings:
        assert findings == []


def test_of_several_sessions_the_budget_of_all_is_told(other: Start) -> None:
    other("planned", "series")
    with alone("mine", 60.0, Silent(), wait=False) as (finding,):
        assert "which ends at most 1 min 30 s after its preparation" in finding.message


def test_sessions_of_one_process_do_not_wait_for_each_other() -> None:
    with alone("series", 60.0, Watching(waits), is_series=True):
        with alone("one of them", 60.0, Watching(waits)) as findings:
            assert findings == []
        assert not is_free()
    assert is_free()


def test_an_interrupt_while_waiting_ends_the_wait_and_leaves_the_lock_to_its_holder(other: Start) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    other()
    with pytest.raises(KeyboardInterrupt), alone("mine", 60.0, Watching(interrupt)):
        pytest.fail("it did not wait")
    assert not is_free()


def test_an_error_within_a_session_releases_the_lock() -> None:
    with pytest.raises(ZeroDivisionError), alone("mine", 60.0, Silent()):
        1 / 0  # noqa: B018
    assert is_free()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_that_outlives_the_session_does_not_keep_the_lock() -> None:
    read, write = os.pipe()
    with alone("mine", 60.0, Silent()):
        child = os.fork()
        if not child:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
    assert is_free()
    os.close(write)
    os.close(read)
    os.waitpid(child, 0)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (Path.mkdir, "a folder"),
        (lambda path: path.symlink_to(path.with_name("elsewhere")), "a link"),
        (os.mkfifo, "a pipe"),
    ],
)
def test_a_lock_that_cannot_be_had_stops_no_session_and_is_told(
    lock: Path, make: Callable[[Path], object], kind: str
) -> None:
    make(lock)
    with alone("mine", 60.0, Watching(waits)) as (finding,):
        measuring_for(60.0)
    assert finding.kind == "no-lock"
    assert f"the file that {VARIABLE} names cannot be had: it is {kind}. This session waited for no" in finding.message
    assert str(lock) not in finding.message, "it is stored, and a path may name a user"
    assert not lock.with_name("elsewhere").exists()


def test_a_folder_that_is_not_there_stops_no_session(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(lock / "no" / "such" / "folder"))
    with alone("mine", 60.0, Watching(waits)) as (finding,):
        assert "its folder is not there" in finding.message


def test_the_home_of_the_user_may_stand_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(VARIABLE, "~/mine.lock")
    with alone("mine", 60.0, Silent()) as findings:
        assert findings == []
        assert (tmp_path / "mine.lock").is_file()


def test_the_usual_lock_is_told_as_that_where_it_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(machine_lock, "_FILE", tmp_path)
    with alone("mine", 60.0, Silent()) as (finding,):
        assert "the file that sessions of this machine lock cannot be had: it is a folder" in finding.message
        assert finding.message.endswith(f"Name another one by {VARIABLE}.")


def test_a_file_system_without_locks_stops_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_file: int, _how: int) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(machine_lock.fcntl, "flock", refused)
    with alone("mine", 60.0, Watching(waits)) as (finding,):
        assert "it cannot be locked: Function not implemented" in finding.message


def test_the_environment_switches_it_off(other: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    other()
    monkeypatch.setenv(VARIABLE, "off")
    assert lock_file() is None
    with alone("mine", 60.0, Watching(waits)) as findings:
        assert findings == []


def test_every_user_may_lock_the_file_whatever_the_mask_of_the_first(lock: Path) -> None:
    before = os.umask(0o077)
    try:
        with alone("mine", 60.0, Silent()):
            assert lock.stat().st_mode & 0o777 == 0o666
            assert msgspec.json.decode(lock.read_bytes(), type=Holder).what == "mine"
    finally:
        os.umask(before)
    assert lock.read_bytes() == b""


def test_a_file_that_was_removed_meanwhile_is_made_again(lock: Path, other: Start) -> None:
    other()
    lock.unlink()
    with alone("mine", 60.0, Watching(waits)) as findings:
        assert findings == []
        assert not is_free()


@pytest.mark.parametrize(
    "text",
    [
        b"", b"x" * 9000, b"[]", b"\xff\xfe", b'{"pid":-1,"since":0,"what":"a"}',
        msgspec.json.encode({"pid": 1, "since": 1e99, "what": "a"}),
        msgspec.json.encode({"pid": 1, "since": 1.0, "what": "a" * 5000}),
        msgspec.json.encode(Holder(pid=(1 << 22) + 1, since=1.0, what="a process that is gone")),
    ],
)  # fmt: skip
def test_what_others_may_have_written_into_the_file_is_not_trusted(text: bytes, lock: Path, other: Start) -> None:
    other()
    lock.write_bytes(text)
    with alone("mine", 60.0, Silent(), wait=False) as (finding,):
        assert "begun beside another session, which does not say whose it is" in finding.message


def test_it_is_said_how_long_a_session_takes_as_far_as_it_knows() -> None:
    holder = Holder(pid=7, since=1000.0, what="levit_128s")
    assert sentence(holder, 1001.0).endswith("(levit_128s), which is being prepared, and sets its budget afterwards")
    planned = msgspec.structs.replace(holder, ends_by=1110.0)
    assert sentence(planned, 1100.0).endswith("(levit_128s), which ends within 10 s")
    assert sentence(planned, 9999.0).endswith("(levit_128s), which should have ended by now")
    assert "\x1b" not in sentence(msgspec.structs.replace(holder, what="\x1b[31mred"), 0.0)


def test_a_name_that_is_no_text_is_written_all_the_same(lock: Path) -> None:
    with alone("n\udcffets.py:build", 60.0, Silent()):
        assert msgspec.json.decode(lock.read_bytes(), type=Holder).what == "n\\udcffets.py:build"


def test_an_interrupt_while_a_command_waits_ends_it_with_130_and_stores_nothing(
    tmp_path: Path, other: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    first = other()
    monkeypatch.setattr(machine_lock.time, "sleep", interrupt)
    store = tmp_path / "store"
    with pytest.raises(SystemExit) as ended:
        main(["run", "--networks", "tests.hostile_networks:sound", "--store", str(store)])
    assert ended.value.code == 130
    said = " ".join(capsys.readouterr().err.split())
    assert f"waiting for the session of process {first.pid} since " in said
    assert "--no-wait goes on at once, Ctrl-C ends." in said
    assert not store.exists()


@pytest.mark.slow
def test_a_command_that_does_not_wait_stores_the_finding(tmp_path: Path, other: Start) -> None:
    first = other()
    store = tmp_path / "store"
    words = ["run", "--networks", "tests.hostile_networks:sound@32", "--budget", "auto", "--thin", "--no-wait"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--store", str(store)])
    assert ended.value.code == 0
    (file,) = store.rglob("*.jsonl")
    assert f"begun beside the session of process {first.pid}" in file.read_text(encoding="utf-8")
