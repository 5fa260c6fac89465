"""`levit-bench nightly`: what it refuses, that one works at a time, and a night with all that it writes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from levit_bench.measuring.session import machine_lock

from tests.cli.test_cli import run
from tests.programs import run as run_program
from tools.simulated.generate_store import PAPER
from tools.simulated.nights_store import write_nights


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_plan_that_cannot_be_read_and_a_reference_that_has_vanished_end_with_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(capsys, "nightly", "none.toml")[0] == 2
    Path("nightly.toml").write_text('networks = "levit_128s"\n[judge]\nreference = "v1"\n')
    write_nights(tmp_path / "results", PAPER[:1], range(2))
    code, out, err = run(capsys, "nightly", "nightly.toml")
    assert (code, out) == (2, "")
    assert "v1" in err
    assert not Path("reports").exists()


def test_a_second_night_on_the_machine_ends_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(machine_lock.VARIABLE, str(tmp_path / "machine.lock"))
    Path("nightly.toml").write_text('networks = "levit_128s"\n')
    with machine_lock.only_one("nightly", "the first") as holder:
        assert holder == ""
        code, out, err = run(capsys, "nightly", "nightly.toml")
        assert (code, out) == (3, "")
        assert "another night is at work on this machine" in err
        assert "the first" in err
    with machine_lock.only_one("nightly", "a third") as holder:
        assert holder == ""


@pytest.mark.slow
def test_a_night_measures_judges_and_writes_everything(tmp_path: Path) -> None:
    Path("nightly.toml").write_text('networks = "levit_128s"\nbudget = "auto"\n')
    words = [sys.executable, "-P", "-m", "levit_bench", "nightly", "nightly.toml", "--out", "out"]
    done = run_program(words, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in Path("out").iterdir()} == {"comment.md", "report.html"}
    assert "no trend yet" in done.stdout
    done = run_program(words, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in Path("out").iterdir()} == {
        "comment.md", "report.html", "trend.json", "trend.svg", "trend.png",
    }  # fmt: skip
    held = json.loads(Path("out/trend.json").read_text())
    assert (held["new"], held["exit_code"]) == ([], 0)
    assert len(list(Path("results").rglob("*.jsonl"))) == 2
    assert "✅ Nightly: no new alert" in Path("out/comment.md").read_text()
