"""The script of docs/compare.md that holds two revisions of a network against each other, in a made-up repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from levit_bench.asking.request import MAX_BUDGET_VARIABLE
from levit_bench.store import files

from tests.docs.blocks import ROOT, lay_out
from tests.programs import output

PAGE = "docs/compare.md"
ENDS = {0: "same", 1: "slower", 3: "inconclusive"}

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git here")


def _parameters(width: int) -> int:
    """Of the page's network: convolution with bias, BatchNorm, classifier."""
    return width * (27 + 1) + 2 * width + 1000 * (width + 1)


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
    return output(["git", *who, *words], cwd=folder).strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The files of the page, committed."""
    folder = tmp_path / "mine"
    folder.mkdir()
    lay_out(PAGE, folder)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "First")
    return folder


def script(folder: Path, *words: str, cap: str = "8s") -> subprocess.CompletedProcess[str]:
    """The script, with the command line as an installation has it, and a capped budget."""
    command = folder.parent / "bin" / "levit-bench"
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m levit_bench "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    env = os.environ | {
        "PATH": os.pathsep.join([str(command.parent), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT / "bench"),
        MAX_BUDGET_VARIABLE: cap,
    }
    return subprocess.run(
        ["sh", "speed.sh", *words], cwd=folder, env=env, capture_output=True, text=True, timeout=3600, check=False
    )


def test_a_commit_that_changes_no_python_file_ends_with_0_and_measures_nothing(repository: Path) -> None:
    (repository / "notes.txt").write_text("words", encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "Second")
    done = script(repository, "HEAD~1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No Python file differs from HEAD~1: there is nothing to compare.\n"
    assert not (repository / "speed").exists()


@pytest.mark.slow
def test_two_revisions_whose_import_differs_are_measured_side_by_side_and_the_slower_one_is_red(
    repository: Path,
) -> None:
    """The file is the same; only what it imports is sixteen times as wide."""
    (repository / "layers.py").write_text("WIDTH = 512\n", encoding="utf-8")
    git(repository, "commit", "-qam", "Widen")
    done = script(repository, "HEAD~1", "2m", cap="40s")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 slower: nets.py:build#" in done.stdout
    assert "equal-files: base/nets.py:build and nets.py:build are equal to the last byte" in done.stderr
    assert not (repository / "base").exists(), "the other revision was left behind"
    records, _ = files.load(repository / "speed")
    params = {r.case.network.partition("#")[0]: r.info.params for r in records if r.info.role == "subject"}
    assert params == {"base/nets.py:build": _parameters(32), "nets.py:build": _parameters(512)}


@pytest.mark.slow
def test_two_revisions_that_compute_the_same_are_not_called_slower_than_chance_has_it(repository: Path) -> None:
    with (repository / "nets.py").open("a", encoding="utf-8") as file:
        file.write("# A word more\n")
    git(repository, "commit", "-qam", "Say more")
    done = script(repository, "HEAD~1")
    assert done.returncode in ENDS, done.stdout + done.stderr
    assert ENDS[done.returncode] in done.stdout or "faster" in done.stdout
    assert "equal-files" not in done.stderr
