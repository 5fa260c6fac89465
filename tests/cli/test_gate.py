"""The verb gate: refusals before anything is measured, stored sessions, and a change of a small repository for real."""

from __future__ import annotations

import json
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import levit_bench
import pytest
from levit_bench.errors import NothingToShowError

from tests.cli.test_cli import run
from tests.cli.test_compare import made, store
from tests.measuring.sides.test_repository import git, state
from tests.programs import run as run_program
from tools.simulated import gates_truth

__all__ = ["store"]
NETS = """import torch
from torch import nn

from layers import Body


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = Body(), nn.Linear(16, 10)

    def forward(self, images):
        return self.head(self.body(images).mean((2, 3)))


def build():
    return Net()


build.resolution = 64
"""
BODY = """from torch import nn


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 16, 3, 2), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 16, 3))

    def forward(self, images):
        return self.layers(images)
"""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--a", ""], "--a is empty"),
        (["--a", "runtime=eager", "--runtime", "compile"], "--runtime and a side both decide runtime"),
        (["--a", "runtime=eager,compile"], "a side has one value of runtime"),
        (["--find", "3%", "--budget", "9s"], "--find plans the budget itself"),
        (["--at-most", "3m"], "--at-most goes with --find"),
        (["--find", "0%"], "give a slowdown above 0%"),
        (["--find", "much"], "--find"),
        (["--margin", "much"], "--margin"),
        (["--reference", "v1"], "--reference goes with --baseline"),
        (["--session", "last"], "--session judges what is stored and measures nothing. Leave --networks out."),
        (["--a", "no-such-python/bin/python"], "there is no interpreter"),
        (["--a", "gone"], "no git repository"),
        (["--start-method", "fork"], "No such option"),
        ([], "no merge base to compare with"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_measured(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    code, out, err = run(capsys, "gate", "--networks", "levit_128s", *words)
    assert code == 2
    assert message in " ".join(err.split())
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_baseline_measures_nothing_and_says_so_of_options_about_measuring(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    code, _, err = run(capsys, "gate", "--baseline", "20260101", "--networks", "levit_192", "--null")
    assert code == 2
    assert "measures nothing. Leave --null, --networks out." in " ".join(err.split())


def test_a_stored_session_is_judged_against_a_baseline_and_a_fixed_reference(
    capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path
) -> None:
    made(store, "20260201-slow", levit_192=1.3)
    words = ("gate", "--baseline", "20260105", "--reference", "20260100", "--out", str(tmp_path / "out"), "--json")
    code, out, _ = run(capsys, *words)
    assert code == 1
    document = json.loads(out)
    verdicts = {case["name"]: case["verdict"] for case in document["cases"]}
    assert {name for name, verdict in verdicts.items() if verdict == "slower"} == {
        "levit_192 224px b1 t1 pinned against 20260105", "levit_192 224px b1 t1 pinned against 20260100",
    }  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "comment.md", "gate.json", "gate.png", "gate.svg", "junit.xml",
    ]  # fmt: skip
    assert json.loads((tmp_path / "out" / "gate.json").read_text(encoding="utf-8")) == document
    assert ET.parse(tmp_path / "out" / "junit.xml").getroot().iter("failure")


def test_a_stored_gate_is_judged_once_more_by_its_own_rules(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    gates_truth.gate(1, gates_truth.QUIET, {"kept": 1.0, "slowed": 1.2}, folder=tmp_path)
    words = ("gate", "--session", "last", "--store", str(tmp_path))
    code, out, _ = run(capsys, *words, "--json", "--out", str(tmp_path / "out"))
    document = json.loads(out)
    verdicts = {case["network"]: case["verdict"] for case in document["cases"]}
    assert (code, verdicts) == (1, {"kept": "same", "slowed": "slower"})
    assert (document["rules"]["min_effect"], document["rules"]["margin"]) == (0.02, 0.05)
    assert "levit-bench gate --session" not in (tmp_path / "out" / "comment.md").read_text(encoding="utf-8")
    report = levit_bench.load(tmp_path, "last").gate(min_effect="30%")
    assert {case.name.partition(" ")[0]: case.verdict for case in report.cases}["slowed"] != "slower"
    assert run(capsys, *words, "--min-effect", "30%", "--margin", "60%")[0] == 0
    shown = " ".join(run(capsys, "show", "--store", str(tmp_path))[1].split())
    assert f"two sides, measured by a gate; its verdicts: levit-bench gate --session {report.session}" in shown


def test_a_session_without_sides_or_several_sessions_are_no_gate(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    code, _, err = run(capsys, "gate", "--session", "20260105")
    assert code == 3
    assert "this session has no sides" in " ".join(err.split())
    with pytest.raises(NothingToShowError, match="a gate is one session, and these are"):
        levit_bench.load(store).gate()


def test_a_case_that_the_judged_session_lacks_is_missing_and_never_green(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    made(store, "20260201-less", levit_192=0)
    code, out, _ = run(capsys, "gate", "--baseline", "20260105", "--margin", "50%", "--min-effect", "20%", "--json")
    assert {case["verdict"] for case in json.loads(out)["cases"]} >= {"missing"}
    assert code == 1


def test_a_session_of_another_machine_is_not_comparable_and_not_green(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    folder = Path(levit_bench.__file__).parents[2] / "results"
    code, _, err = run(capsys, "gate", "--baseline", str(folder / "amd-epyc-2c-5e6462"), "--session", "last")
    assert code == 3
    assert "cannot compare" in err


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a network of two files, committed once."""
    folder = tmp_path / "their repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "nets.py").write_text(NETS, encoding="utf-8")
    (folder / "layers.py").write_text(BODY, encoding="utf-8")
    (folder / ".gitignore").write_text("__pycache__/\n", encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    tempfile.tempdir = None
    return folder


def gated(folder: Path, *words: str) -> tuple[int, dict[str, object], str]:
    command = [sys.executable, "-m", "levit_bench", "gate", "--networks", "nets.py:build", "--json", *words]
    done = run_program([*command, "--store", str(folder.parent / "store")], cwd=folder)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


@pytest.mark.slow
def test_a_change_in_an_imported_file_is_measured_on_side_b_alone_and_leaves_nothing_behind(repository: Path) -> None:
    body = (repository / "layers.py").read_text(encoding="utf-8")
    slower = body.replace(
        "        return self.layers(images)",
        "        for _ in range(4):\n            out = self.layers(images)\n        return out",
    )
    (repository / "layers.py").write_text(slower, encoding="utf-8")
    before = state(repository)
    code, document, err = gated(repository, "--null", "--budget", "auto", "--min-effect", "50%", "--margin", "50%")
    assert code in (0, 1, 3), err
    assert state(repository) == before
    assert [path.name for path in (repository.parent / "scratch").iterdir() if "levit" in path.name] == []
    assert [(d["kind"], d["name"]) for d in document["differences"]] == [("file", "layers.py")]
    (case,) = document["cases"]
    assert case["outputs_apart"] == 0.0, "four times the work, and the same answer"
    records = levit_bench.load(repository.parent / "store").records
    sides = {record.case.side: record for record in records if record.info.role == "subject"}
    assert set(sides) == {"a", "b", "control"}
    assert {side.name: side.dirty for side in sides["a"].sides} == {"a": False, "b": True, "control": False}
    work = {
        name: min(turn.cpu_s / len(turn.duration_s) for taken in record.runs for turn in taken.turns)
        for name, record in sides.items()
    }
    assert work["b"] > 2 * work["a"], work
    assert work["control"] < 2 * work["a"], "the control is side a, not side b"
    assert len({record.info.passes for record in sides.values()}) == 1
    assert {run_.seat.forked for record in sides.values() for run_ in record.runs} == {False}


@pytest.mark.slow
def test_a_side_that_computes_something_else_fails_with_the_distance(repository: Path) -> None:
    nets = (repository / "nets.py").read_text(encoding="utf-8")
    (repository / "nets.py").write_text(nets.replace("mean((2, 3))", "amax((2, 3))"), encoding="utf-8")
    code, document, err = gated(repository, "--budget", "auto", "--thin")
    (case,) = document["cases"]
    assert (code, case["verdict"]) == (1, "other outputs"), err
    assert case["outputs_apart"] > 0.01


@pytest.mark.slow
def test_a_network_that_one_side_lacks_is_missing_or_new(repository: Path) -> None:
    (repository / "more.py").write_text(NETS, encoding="utf-8")
    (repository / "nets.py").unlink()
    code, document, err = gated(repository, "--networks", "more.py:build,levit_128s", "--budget", "auto", "--thin")
    assert document, err
    verdicts = {case["name"].partition(" ")[0]: case["verdict"] for case in document["cases"]}
    assert verdicts["nets.py:build"] == "missing"
    assert verdicts["more.py:build"] == "new"
    assert code == 1, err
    assert "side b has no 'nets.py:build'" in " ".join(err.split())


@pytest.mark.slow
def test_where_every_network_of_side_b_is_gone_the_gate_fails_and_says_why(repository: Path) -> None:
    (repository / "nets.py").unlink()
    code, _, err = gated(repository, "--budget", "auto", "--thin")
    assert code == 1
    assert "nothing is left on side b" in " ".join(err.split())


@pytest.mark.slow
def test_where_side_a_has_none_of_the_networks_nothing_was_compared(repository: Path) -> None:
    (repository / "more.py").write_text(NETS, encoding="utf-8")
    command = [sys.executable, "-m", "levit_bench", "gate", "--networks", "more.py:build", "--budget", "auto", "--thin"]
    done = run_program(command, cwd=repository)
    assert done.returncode == 3
    assert "side a has none of these networks" in " ".join(done.stderr.split())


@pytest.mark.slow
def test_code_that_is_compared_with_itself_is_said_to_be(repository: Path) -> None:
    (repository / "README").write_text("not of the network", encoding="utf-8")
    code, document, err = gated(repository, "--budget", "auto", "--thin")
    assert "sides-equal" in err
    assert document["differences"] == []
    assert code == 3, "one run tells nothing"


@pytest.mark.slow
def test_a_gate_is_not_resumed(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "README").write_text("not of the network", encoding="utf-8")
    gated(repository, "--budget", "auto", "--thin")
    code, _, err = run(capsys, "run", "--resume", "last", "--store", str(repository.parent / "store"))
    assert code == 2
    assert "it is a gate, whose sides are gone with it" in " ".join(err.split())
