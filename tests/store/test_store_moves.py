"""A store that is moved, removed or written over while a session is written: nothing is lost, and it is said where."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from levit_bench.errors import StoreError, UsageError
from levit_bench.records import CaseLine, Finding, RunStartLine, SeatInfo, SessionLine
from levit_bench.store.files import load, read_session
from levit_bench.store.lines import LARGEST_FILE
from levit_bench.store.writer import SessionWriter

from tests.making import turn
from tests.programs import output
from tools.simulated.generate_store import CONDITIONS, MACHINE, PAPER, PROTOCOL, case_of

ROOT = Path(__file__).parents[2]
HEAD = SessionLine(session="s1", bench="0.1.0", machine=MACHINE, protocol=PROTOCOL, conditions=CONDITIONS)
CASE = case_of(PAPER[0])
SEAT = SeatInfo(
    seat=0, runtime="eager", threads=1, allocator="pinned", device="cpu", load_s=2.0, rss_bytes=1 << 29,
    cases=(CASE.id,),
)  # fmt: skip


class Session:
    """A session that is written turn by turn, and what was said meanwhile."""

    def __init__(self, root: Path) -> None:
        self.told: list[Finding] = []
        self.writer = SessionWriter.create(root, HEAD, self.told.append)
        self.writer.append(CaseLine(id=CASE.id, case=CASE))
        self.writer.append(RunStartLine(run=0, at_s=0.0, seats=(SEAT,), conditions=CONDITIONS))
        self._turns = 0

    def take(self, turns: int) -> None:
        """Take so many turns."""
        for _ in range(turns):
            self.writer.append(turn(0.01, number=self._turns, case=CASE.id))
            self._turns += 1

    def kept(self) -> int:
        """Turns in the file that the writer names, which holds nothing else."""
        session = read_session(self.writer.path)
        assert session.findings == ()
        return len(session.turns)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds a store, a temporary folder and the working folder."""
    for name in ("temporary", "here"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "store"


def _rename_file(path: Path) -> None:
    path.rename(path.with_name("other.jsonl"))


def _rename_machine(path: Path) -> None:
    path.parent.rename(path.parent.with_name("machine"))


def _rename_store(path: Path) -> None:
    path.parents[1].rename(path.parents[1].with_name("results-of-yesterday"))


def _remove_file(path: Path) -> None:
    path.unlink()


def _remove_store(path: Path) -> None:
    shutil.rmtree(path.parents[1])


def _replace(path: Path) -> None:
    other = path.with_name("draft")
    other.write_bytes(path.read_bytes()[:-5])
    other.replace(path)


def _save_in_place(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _add(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"a note of the user's\n")


def _put_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


MOVES = (_rename_file, _rename_machine, _rename_store)
LOSSES = (_remove_file, _remove_store, _replace, _save_in_place, _empty, _add, _put_folder)


@pytest.mark.skipif(not sys.platform.startswith(("linux", "darwin")), reason="the system does not say where a file is")
@pytest.mark.parametrize("move", MOVES, ids=lambda one: one.__name__)
def test_a_file_that_is_moved_is_followed_and_named(root: Path, move: Callable[[Path], None]) -> None:
    session = Session(root)
    session.take(3)
    before = session.writer.path
    move(before)
    session.take(2)
    session.writer.close()
    (finding,) = session.told
    assert finding.kind == "store-moved"
    assert f"{before} was moved" in finding.message
    assert str(session.writer.path) in finding.message
    assert session.writer.path != before
    assert not before.exists()
    assert session.kept() == 5


@pytest.mark.parametrize("lose", LOSSES, ids=lambda one: one.__name__)
def test_a_file_that_is_lost_is_written_anew_whole_and_named(root: Path, lose: Callable[[Path], None]) -> None:
    session = Session(root)
    session.take(3)
    before = session.writer.path
    lose(before)
    theirs = before.read_bytes() if before.is_file() else None
    session.take(2)
    session.writer.close()
    (finding,) = session.told
    assert (finding.kind, session.kept()) == ("store-moved", 5)
    assert f"Nothing is lost: the lines of the session so far, and those to come, are in {session.writer.path}." in (
        finding.message
    )
    assert root in session.writer.path.parents, "the store itself, where it can be written"
    if theirs is not None:
        assert before.read_bytes() == theirs, "what somebody else put there is theirs"


def test_a_session_that_lies_in_two_files_after_that_counts_once(root: Path) -> None:
    session = Session(root)
    session.take(3)
    _save_in_place(session.writer.path)
    session.take(2)
    session.writer.close()
    (record,), findings = load(root)
    assert [len(run.turns) for run in record.runs] == [5]
    assert "session-twice" in {finding.kind for finding in findings}


def test_a_file_that_is_lost_at_the_end_is_noticed_when_it_is_closed(root: Path) -> None:
    session = Session(root)
    session.take(3)
    _remove_store(session.writer.path)
    session.writer.close()
    assert session.kept() == 3
    assert len(session.told) == 1


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_an_interrupt_while_a_line_is_written_is_no_change_by_another_program(
    root: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    def interrupted(file: IO[bytes], data: bytes) -> None:
        file.write(data[: round(share * len(data))])
        raise KeyboardInterrupt

    session = Session(root)
    session.take(3)
    with monkeypatch.context() as patched:
        patched.setattr("levit_bench.store.writer._write_all", interrupted)
        with pytest.raises(KeyboardInterrupt):
            session.take(1)
    session._turns += 1
    session.take(2)
    session.writer.close()
    assert (session.told, session.kept()) == ([], 6)


def test_where_nothing_happens_nothing_is_said(root: Path) -> None:
    session = Session(root)
    session.take(5)
    session.writer.close()
    assert (session.told, session.kept()) == ([], 5)
    assert session.writer.path == root / MACHINE.id / "s1.jsonl"


def test_a_store_behind_a_link_or_a_relative_path_is_not_moved(root: Path) -> None:
    (root.parent / "real").mkdir()
    root.symlink_to(root.parent / "real")
    for store in (root, Path("relative")):
        session = Session(store)
        session.take(2)
        session.writer.close()
        assert (session.told, session.kept()) == ([], 2)


@pytest.mark.parametrize("blocked", [1, 2, 3])
def test_where_the_store_cannot_be_written_anew_the_next_folder_takes_it(root: Path, blocked: int) -> None:
    session = Session(root)
    session.take(3)
    _remove_store(session.writer.path)
    # A file where a folder must be: nobody, not even root, can write below.
    root.write_bytes(b"")
    folders = [root, root.parent / "temporary", root.parent / "here"]
    for folder in folders[1:blocked]:
        shutil.rmtree(folder)
        folder.write_bytes(b"")
    if blocked == 3:
        with pytest.raises(StoreError, match=r"written anew: neither beside it, nor in .*, nor here") as error:
            session.take(1)
        assert str(error.value).endswith("). Name a folder that can be written with --store.")
        assert "Not a directory" in str(error.value)
        assert "space" not in str(error.value)
        with pytest.raises(StoreError, match="cannot be written anew"):
            session.writer.close()
        return
    session.take(2)
    session.writer.close()
    assert session.writer.path.resolve().parent == folders[blocked]
    assert session.kept() == 5
    assert str(session.writer.path) in session.told[0].message


def test_a_working_folder_that_is_gone_costs_nothing(root: Path) -> None:
    session = Session(Path("relative"))
    session.take(3)
    shutil.rmtree(root.parent / "here")
    session.take(2)
    session.writer.close()
    assert session.kept() == 5
    assert session.writer.path.parent == root.parent / "temporary"


def test_several_losses_lose_nothing(root: Path) -> None:
    session = Session(root)
    for lose in (_remove_file, _save_in_place, _rename_store, _remove_store, _empty):
        session.take(2)
        lose(session.writer.path)
    session.take(2)
    session.writer.close()
    assert session.kept() == 12
    assert len(session.told) == 5


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the size of files")
def test_a_disk_that_is_full_when_a_torn_session_is_resumed_is_told(root: Path) -> None:
    session = Session(root)
    session.take(3)
    session.writer.close()
    whole = session.writer.path.read_bytes()
    session.writer.path.write_bytes(whole[:-10])
    script = f"""
import resource, signal
from pathlib import Path
from levit_bench.errors import StoreError
from levit_bench.store.writer import SessionWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path({str(session.writer.path)!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size,) * 2)
try:
    SessionWriter.reopen(path)
except StoreError as error:
    print(error)
"""
    told = output([sys.executable, "-c", script])
    assert "File too large. What was written before is kept." in told
    assert session.writer.path.read_bytes() == whole[:-10]


def test_of_two_processes_that_resume_one_session_the_second_is_refused(root: Path) -> None:
    session = Session(root)
    session.take(1)
    script = f"""
from pathlib import Path
from levit_bench.errors import StoreError
from levit_bench.store.writer import SessionWriter
try:
    SessionWriter.reopen(Path({str(session.writer.path)!r}))
except StoreError as error:
    print(error)
"""
    assert "is being written by another process" in output([sys.executable, "-c", script])
    session.take(1)
    session.writer.close()
    assert session.kept() == 2


def test_what_is_no_file_is_not_written_to(root: Path) -> None:
    root.mkdir()
    os.mkfifo(root / "pipe.jsonl")
    for path in (root / "pipe.jsonl", root, Path("/dev/full")):
        with pytest.raises(StoreError, match="a session is a file"):
            SessionWriter.reopen(path)


def test_a_sensor_that_tells_what_cannot_be_costs_the_state_and_not_the_run(root: Path) -> None:
    import msgspec

    wild = msgspec.structs.replace(CONDITIONS, temperature_c=1e30, load_1m=-1.0, emulated=True)
    session = Session(root)
    session.writer.append(RunStartLine(run=1, at_s=0.0, seats=(SEAT,), conditions=wild))
    session.writer.append(turn(0.01, run=1, case=CASE.id))
    session.writer.close()
    found = read_session(session.writer.path)
    assert found.findings == ()
    state = found.starts[1].conditions
    assert (state.temperature_c, state.load_1m, state.emulated) == (None, None, True)
    assert state.versions == CONDITIONS.versions


def test_a_title_that_cannot_be_read_back_is_refused(root: Path) -> None:
    import msgspec

    with pytest.raises(UsageError, match="title"):
        SessionWriter.create(root, msgspec.structs.replace(HEAD, title="x" * 1_000_000))
    assert list(root.rglob("*.jsonl")) == []
    assert LARGEST_FILE >= 1 << 30
