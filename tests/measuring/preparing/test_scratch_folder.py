"""Folders of killed sessions are removed by the next start, and nobody else's are."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from levit_bench.measuring.preparing.scratch_folder import OWNER, PREFIX, Scratch, sweep

ROOT = Path(__file__).parents[3]
_HOLD = """
import sys
from pathlib import Path
from levit_bench.measuring.preparing.scratch_folder import Scratch
folder = Scratch()
Path(folder.name, "weights").write_bytes(b"0" * 100_000)
print(folder.name, flush=True)
sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no such locks")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder of this test and of the processes that it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def holder() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that holds a folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


def test_the_folder_of_a_killed_process_is_removed_by_the_next_start(temporary: Path) -> None:
    with holder() as (process, folder):
        assert (folder / "weights").is_file()
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert folder.is_dir()
        scratch = Scratch()
    assert not folder.exists()
    assert [path for path in temporary.iterdir() if path.name.startswith(PREFIX)] == [Path(scratch.name)]
    scratch.cleanup()
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_living_process_stays(temporary: Path) -> None:
    with holder() as (process, folder):
        assert sweep() == []
        assert (folder / "weights").is_file()
        process.communicate()  # Its input ends, and it with it.
        assert not folder.exists()


def test_a_folder_of_this_very_process_stays(temporary: Path) -> None:
    first, second = Scratch(), Scratch()
    assert sweep(temporary) == []
    assert Path(first.name).is_dir()
    for one in (first, second):
        one.cleanup()
    assert list(temporary.iterdir()) == []


def test_what_is_not_surely_left_behind_stays(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    for folder in (elsewhere, temporary / f"{PREFIX}bare", temporary / f"{PREFIX}pipe", temporary / f"{PREFIX}link"):
        folder.mkdir()
    (elsewhere / OWNER).write_bytes(b"")
    (temporary / f"{PREFIX}to-elsewhere").symlink_to(elsewhere)
    os.mkfifo(temporary / f"{PREFIX}pipe" / OWNER)
    (temporary / f"{PREFIX}link" / OWNER).symlink_to(elsewhere / OWNER)
    (temporary / f"{PREFIX}file").write_bytes(b"")
    before = sorted(temporary.rglob("*"))
    assert sweep() == []
    assert sorted(temporary.rglob("*")) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give a folder away")
def test_another_users_folder_stays(temporary: Path) -> None:
    theirs = temporary / f"{PREFIX}theirs"
    theirs.mkdir()
    (theirs / OWNER).write_bytes(b"")
    os.chown(theirs, 65534, 65534)
    assert sweep() == []
    assert theirs.is_dir()
    os.chown(theirs, os.geteuid(), -1)
    assert sweep() == [theirs]


def test_without_a_temporary_folder_nothing_is_swept(tmp_path: Path) -> None:
    assert sweep(tmp_path / "nowhere") == []


@pytest.mark.parametrize("who", ["its own process", "the next start"])
def test_what_an_interrupt_leaves_of_a_folder_is_removed_by_the_next_start(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    scratch = Scratch()
    for name in ("case0", ".case1", "zz"):
        Path(scratch.name, name).mkdir()
    real, removed = shutil.rmtree, []

    def interrupted(path: Path, **options: bool) -> None:
        if len(removed) == 2:
            raise KeyboardInterrupt
        removed.append(path)
        real(path, **options)

    if who == "the next start":
        assert scratch._owner is not None
        scratch._owner.close()  # As if it had been killed.
    with monkeypatch.context() as patch:
        patch.setattr("levit_bench.measuring.preparing.scratch_folder.shutil.rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            scratch.cleanup() if who == "its own process" else sweep()
    assert {path.name for path in Path(scratch.name).iterdir()} == {"zz", OWNER}
    assert sweep() == [Path(scratch.name)]
    assert list(temporary.iterdir()) == []
    scratch._folder.cleanup()
