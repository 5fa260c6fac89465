"""A race with real processes, broken off and gone on with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from levit_bench.store.files import read_session

from tests.measuring.session.test_kill import ROOT

pytestmark = pytest.mark.slow

NETS = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Conv2d(3, width, 4, stride=4)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.head = nn.Linear(width, 1000)

    def forward(self, x):
        return self.head(self.second(self.first(x).relu()).mean((2, 3)))

def small():
    return Net(16)

def large():
    return Net(256)

def wasteful():
    return Net(320)
"""
LIST = """
[[network]]
build = "nets.py:small"
resolution = 96
top1 = 70.0
[[network]]
build = "nets.py:large"
resolution = 96
top1 = 80.0
[[network]]
build = "nets.py:wasteful"
resolution = 96
top1 = 75.0
"""


def test_a_race_stops_when_every_place_is_certain_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "nets.py").write_text(NETS, encoding="utf-8")
    (tmp_path / "nets.toml").write_text(LIST, encoding="utf-8")
    words = [
        "run",
        "--networks",
        "nets.toml",
        "--isolation",
        "shared",
        "--budget",
        "60s",
        "--race",
        "--json",
        "--store",
    ]
    command = [sys.executable, "-m", "levit_bench", *words, str(tmp_path / "store")]
    paths = {"PYTHONPATH": str(ROOT / "bench")}
    done = subprocess.run(command, cwd=tmp_path, env=_environment(paths), capture_output=True, text=True, check=True)
    (looks,) = json.loads(done.stdout)["looks"].values()
    verdicts = {
        one["case"].split(":")[1].split("#")[0]: one["verdict"] for look in looks for one in look["decided"].values()
    }
    assert verdicts["small"] == verdicts["large"] == "member"
    assert verdicts["wasteful"] == "beaten"
    (path,) = (tmp_path / "store").glob("*/*.jsonl")
    session = read_session(path)
    assert session.head.protocol.looks[-1] == session.head.protocol.runs
    assert len(session.ends) == looks[-1]["runs"] < session.head.protocol.runs
    again = [sys.executable, "-m", "levit_bench", "run", "--resume", "last", "--store", str(tmp_path / "store")]
    refused = subprocess.run(again, cwd=tmp_path, env=_environment(paths), capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "there is nothing to resume" in " ".join(refused.stderr.split())


def _environment(more: dict[str, str]) -> dict[str, str]:
    return {**os.environ, **more}
