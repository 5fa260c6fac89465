"""A repository for each test, and pytest run inside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


UNRELATED = ("anyio", "hypothesispytest", "randomly")
"""Plugins that are installed for these tests, and take longer to import than the plugin under test takes to work."""


class Repository:
    """A folder with files, in which pytest runs as its users run it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = 0

    def write(self, files: Mapping[str, str]) -> None:
        """Create files by their name within the folder."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def pytest(self, *words: str, **env: str) -> str:
        """Run it; keeps the exit code, returns what was printed on both channels."""
        # The checkout under test comes last, as an installed package does: the repository's own modules win.
        path = os.pathsep.join([env.pop("PYTHONPATH", ""), str(ROOT / "bench"), str(ROOT)]).strip(os.pathsep)
        without = [word for name in UNRELATED for word in ("-p", f"no:{name}")]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "levit_bench_pytest", "-p", "no:cacheprovider", *without, *words],
            cwd=self.folder,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
            | {"COLUMNS": "200", "NO_COLOR": "1", "PYTHONPATH": path, **env},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=3600, check=False,
        )  # fmt: skip
        self.code = done.returncode
        return done.stdout + done.stderr


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


FAKE = """
import levit_bench.pytest_plugin as door
from tests.door.fake import measure
door.measure = measure
"""
SPEED = """
import pytest

from tests.programs import output

@pytest.mark.levit_bench("fake:one", "fake:two", batch=[1, 4])
def test_speed(measured):
    assert measured.latency.value < 1

@pytest.mark.levit_bench()
def test_open(measured):
    assert measured.case.network

def test_plain():
    pass
"""


@pytest.fixture
def speed(repository: Repository) -> Repository:
    repository.write({"conftest.py": FAKE, "test_mine.py": SPEED, "pytest.ini": "[pytest]\naddopts = -p no:randomly"})
    return repository


def asked(folder: Path) -> list[list[list[object]]]:
    """The cases of each session."""
    return [json.loads(line) for line in (folder / "asked.jsonl").read_text().splitlines()]
