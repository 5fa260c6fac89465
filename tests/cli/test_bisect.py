"""`levit-bench bisect`: what it refuses at once, and one bisection of real commits with gates as judge."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.cli.test_cli import run
from tests.docs.workflow_runner import commit, git
from tests.programs import run as run_program

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="no git here")
NETWORK = """
import torch
from torch import nn

REPEATS = {repeats}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 256), nn.Linear(256, 10))
        self.more = nn.Linear(256, 256)

    def forward(self, images):
        added = torch.zeros(64, 256)
        for _ in range(REPEATS):
            added = torch.tanh(self.more(added))
        return self.layers(images) + 0.0 * added.mean()


def build():
    return Net()


build.resolution = 32
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    for at, repeats in enumerate((1, 1, 1, 40)):
        broken = "raise RuntimeError('half a commit')\n" if at == 2 else ""
        commit(folder, "nets.py", f"{broken}{NETWORK.format(repeats=repeats)}# {at}\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("main~3..main",), "no case was named"),
        (("main~3..main", "--case", "a", "--networks", "b"), "--case and --networks say the same"),
        (("main~3..main", "main", "--case", "nets.py:build"), "names both ends"),
        (("..main", "--case", "nets.py:build"), "lacks an end"),
        (("main~3..", "--case", "nets.py:build"), "lacks an end"),
        (("main~3..main", "--case", "levit_*"), "a bisection follows one case"),
        (("main~3..main", "--case", "nets.py:build", "--threads", "1,2"), "several values of --threads"),
        (("main..main", "--case", "nets.py:build"), "are the same commit"),
        (("nowhere..main", "--case", "nets.py:build"), "no revision 'nowhere'"),
        (("main~3..main", "--case", "nets.py:build", "--at-most", "soon"), "invalid duration"),
        (("torch==2.10.*..main", "--case", "nets.py:build"), "is no version"),
    ],
)
def test_what_cannot_be_bisected_is_refused_at_once(
    capsys: pytest.CaptureFixture[str], repository: Path, words: tuple[str, ...], said: str
) -> None:
    code, out, err = run(capsys, "bisect", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert sorted(path.name for path in repository.iterdir()) == [".git", "nets.py"]


@pytest.mark.slow
def test_a_commit_is_found_between_real_ones_and_nothing_is_left_behind(repository: Path, tmp_path: Path) -> None:
    out, cache = tmp_path / "out", tmp_path / "cache"
    words = [
        "bisect", "main~3", "--case", "nets.py:build", "--budget", "10s", "--store", tmp_path / "store",
        "--out", out, "--cache", cache,
    ]  # fmt: skip
    before = git(repository, "status", "--porcelain", "--ignored")
    done = run_program([sys.executable, "-P", "-m", "levit_bench", *words], cwd=repository)
    assert done.returncode == 0, done.stdout + done.stderr
    held = json.loads((out / "bisect.json").read_text())
    assert held["outcome"] == "found between"
    assert held["possible"][-1]["id"] == git(repository, "rev-parse", "main")
    assert held["last_good"]["id"] == git(repository, "rev-parse", "main~2")
    assert [answer["standing"] for answer in held["answers"]].count("skipped") == 1
    assert "half a commit" in done.stdout
    assert git(repository, "status", "--porcelain", "--ignored") == before
    assert not (cache / "bisections").exists()
    assert {path.name for path in out.iterdir()} == {"bisect.json", "bisect.svg", "bisect.png"}
