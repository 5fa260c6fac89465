"""The verb gate: refusals before anything is measured, stored sessions, and a change of a small repository for real."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import levit_bench
import pytest
from levit_bench.errors import NothingToShowError
from levit_bench.measuring.session import machine_lock
from levit_bench.report.gate import pages

from tests.cli.test_cli import run
from tests.cli.test_compare import made, store
from tests.measuring.sides.test_repository import git, state
from tests.programs import ROOT
from tests.programs import run as run_program
from tests.report.gate import made as made_gates
from tools.simulated import gates_truth
from tools.simulated.generate_store import Noise, Truth, case_of, write_session

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
        (["--a", "runtime=nosuch"], "--a 'runtime=nosuch': unknown runtime 'nosuch'"),
        (["--a", "runtime=eager", "--b", "precision=fp7"], "--b 'precision=fp7': unknown precision"),
        (["--a", "runtime=eager", "--store", "/dev/null/store"], "Name a folder that can be written with --store"),
        (["--start-method", "fork"], "No such option"),
        ([], "no merge base to compare with"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_measured(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setattr(machine_lock, "alone", lambda *_, **__: pytest.fail("it waits for other sessions first"))
    code, out, err = run(capsys, "gate", "--networks", "levit_128s", *words)
    assert code == 2
    assert message in " ".join(err.split())
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_plan_says_how_long_a_gate_takes_and_what_it_finds_and_measures_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("gate", "--plan", "--networks", "levit_128s", "--a", "runtime=eager", "--b", "runtime=channels-last")
    code, out, _ = run(capsys, *words, "--budget", "2m", "--null", "--json")
    document = json.loads(out)
    assert code == 0
    sides = [(case["side"], case["runtime"]) for case in document["cases"] if case["side"]]
    assert sides == [("a", "eager"), ("b", "channels-last"), ("control", "eager")]
    assert 0 < document["seconds"] <= 120
    times = [*document["takes_s"].values()]
    assert [*document["takes_s"]] == ["0.03", "0.05", "0.1"], "two percent is the least that counts"
    assert times == sorted(times, reverse=True)
    assert 1 < document["detectable_ratio"] < 1.5
    code, out, _ = run(capsys, *words, "--find", "10%", "--at-most", "1h")
    assert code == 0
    assert "nine times in ten takes, without the preparation: 3 % about" in " ".join(out.split())
    assert run(capsys, *words, "--find", "3%", "--at-most", "10s")[0] == 2
    assert run(capsys, *words, "--budget", "1s")[0] == 2
    code, _, err = run(capsys, *words, "--out", "gate")
    assert (code, "--plan measures nothing" in " ".join(err.split())) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["--a", "gone"], ["--margin", "much"], ["--session", "last"]])
def test_a_gate_that_ends_without_a_report_leaves_none_of_an_earlier_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    pages.write(made_gates.QUIET, tmp_path / "gate")
    assert run(capsys, "gate", *words, "--out", "gate")[0] != 0
    assert list((tmp_path / "gate").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_usage_and_nothing_is_measured(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gate").write_text("a file", encoding="utf-8")
    code, _, err = run(capsys, "gate", "--networks", "levit_128s", "--a", "runtime=eager", "--out", "gate")
    assert code == 2
    assert "cannot write gate" in err
    assert [path.name for path in tmp_path.iterdir()] == ["gate"]


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


def test_the_session_of_a_gate_is_no_baseline_and_tags_are_listed_beside_sessions(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    gates_truth.gate(1, gates_truth.QUIET, {"kept": 1.0}, folder=store)
    for words in (
        ("--baseline", "simulated-1", "--session", "20260105"),
        ("--baseline", "20260105", "--session", "sim"),
    ):
        code, _, err = run(capsys, "gate", *words)
        assert code == 3
        assert "was measured by a gate, whose two sides are judged against each other alone" in " ".join(err.split())
    assert run(capsys, "tag", "good", "20260100")[0] == 0
    code, _, err = run(capsys, "gate", "--baseline", "good", "--reference", "v1", "--session", "20260105")
    assert code == 2
    assert "no session matches 'v1'" in err
    assert "The tags: good." in " ".join(err.split())


def test_where_nothing_may_be_compared_the_files_say_why_and_nothing_is_green(
    capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path
) -> None:
    folder = Path(levit_bench.__file__).parents[2] / "results" / "amd-epyc-2c-5e6462"
    words = ("gate", "--baseline", str(folder), "--session", "last", "--json", "--out", str(tmp_path / "out"))
    code, out, _ = run(capsys, *words, "--allow-inconclusive")
    assert code == 3
    cases = json.loads(out)["cases"]
    assert {case["verdict"] for case in cases} == {"not comparable"}
    assert all("cannot compare: the results differ in machine" in case["reason"] for case in cases)
    assert "cannot compare" in (tmp_path / "out" / "comment.md").read_text(encoding="utf-8")
    code, out, _ = run(capsys, "gate", "--baseline", "20260104", "--reference", str(folder), "--json", *LOOSE)
    verdicts = {case["verdict"] for case in json.loads(out)["cases"]}
    assert (code, verdicts) == (3, {"same", "not comparable"}), "a reference that says nothing is no pass"


LOOSE = ("--margin", "50%", "--min-effect", "20%")


def of_file(root: Path, name: str, digest: str, times: float = 1.0) -> None:
    """A session of a user's network beside one of the catalog."""
    truths = [Truth(f"nets.py:build#{digest}", "F", 0.01 * times, 80.0), Truth("levit_192", "F", 0.01, 80.0)]
    noise = Noise(session=0.1, run=0.02, case_run=0.004, one_pass=0.005)
    write_session(root, name, [(case_of(truth), truth) for truth in truths], runs=5, noise=noise)


def test_a_file_that_was_edited_since_the_baseline_is_judged_by_its_name(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    of_file(store, "20260201-old", "94d38b")
    of_file(store, "20260202-new", "56f303", 1.3)
    assert run(capsys, "tag", "good", "20260201")[0] == 0
    code, out, err = run(capsys, "gate", "--baseline", "good", "--json")
    verdicts = {case["name"]: case["verdict"] for case in json.loads(out)["cases"]}
    assert (code, verdicts["nets.py:build 224px b1 t1 pinned"]) == (1, "slower")
    assert "file-edited: the file of nets.py:build (#94d38b, #56f303) was edited" in " ".join(err.split())
    code, out, _ = run(capsys, "compare", "good", "last")
    assert (code, "1 slower: nets.py:build#56f303" in out) == (1, True)
    code, out, err = run(capsys, "compare", "before", "last")
    assert (code, "1 slower: nets.py:build#56f303" in out) == (1, True)
    assert "nets.py:build (in 1 of 1 earlier session)" in " ".join(err.split())


def test_a_baseline_is_judged_as_compare_judges_it(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    for at in range(3):
        made(store, f"2026020{at}-night", levit_192=1.15)
    assert run(capsys, "tag", "good", "20260105")[0] == 0
    _, out, err = run(capsys, "gate", "--baseline", "good", "--json", "--min-effect", "3%", "--margin", "3%")
    document = json.loads(out)
    _, out, compare_err = run(capsys, "compare", "good", "last", "--json")
    compared = {row["network"]: row for row in json.loads(out)["rows"]}
    assert document["family"] == 2 * 5, "two cases, and the nights since the tag"
    for case in document["cases"]:
        figures = ("ratio", "ratio_low", "ratio_high", "level", "detectable_ratio")
        assert [case[name] for name in figures] == [compared[case["network"]][name] for name in figures]
    for findings in (err, compare_err):
        assert "night 3 of these cases since the baseline" in " ".join(findings.split())


def test_a_baseline_that_is_newer_is_said_and_one_that_is_named_twice_is_refused(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    _, _, err = run(capsys, "gate", "--baseline", "20260105", "--session", "20260103")
    assert "sides-in-wrong-order: the judged session 20260103-same is older than 20260105-same" in " ".join(err.split())
    assert run(capsys, "tag", "good", "20260104")[0] == 0
    code, _, err = run(capsys, "gate", "--baseline", "good", "--reference", "20260104")
    assert code == 2
    assert "the baseline good and the reference 20260104 are the same sessions" in " ".join(err.split())


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


def gated(folder: Path, *words: str, path: str = "") -> tuple[int, dict[str, object], str]:
    command = [sys.executable, "-m", "levit_bench", "gate", "--networks", "nets.py:build", "--json", *words]
    env = {"PYTHONPATH": f"{ROOT / 'bench'}{os.pathsep}{path}"} if path else {}
    done = run_program([*command, "--store", str(folder.parent / "store")], cwd=folder, env=env)
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


EDITABLE = """
import sys
from importlib.machinery import PathFinder

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [SOURCE]) if name == "mypkg" else None

sys.meta_path.append(Finder)
"""
"""What an installation in editable mode may leave: a finder that no import path turns to another folder."""


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["", "import subprocess; subprocess.run(['true'])\n"])
def test_a_package_that_cannot_be_turned_to_the_revision_is_refused_whatever_else_the_code_asks_for(
    repository: Path, tmp_path: Path, asked: str
) -> None:
    package = repository / "src" / "mypkg"
    package.mkdir(parents=True)
    (repository / "layers.py").rename(package / "__init__.py")
    (repository / "nets.py").write_text(asked + NETS.replace("layers", "mypkg"), encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "a package")
    (package / "__init__.py").write_text(f"import time\n{BODY}", encoding="utf-8")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        EDITABLE.replace("SOURCE", repr(str(repository / "src"))), encoding="utf-8"
    )
    code, _, err = gated(repository, "--a", "main", "--budget", "auto", "--thin", path=str(tmp_path / "site"))
    assert code == 2, err
    assert "side a imports __init__.py from the working tree and not from 'main'" in " ".join(err.split())


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


def test_the_last_session_of_those_that_rank_and_compare_is_no_gate(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    gates_truth.gate(1, gates_truth.QUIET, {"kept": 1.0}, folder=store)
    code, out, _ = run(capsys, "show", "--session", "last")
    assert (code, "two sides, measured by a gate" in " ".join(out.split())) == (0, True)
    assert run(capsys, "gate", "--session", "last")[0] == 0
    code, out, err = run(capsys, "compare", "20260104", "last", "--json")
    assert code == 3, err  # single sessions find no difference
    assert {row["network"] for row in json.loads(out)["rows"]} == {"levit_192", "efficientnet_b0"}
    assert levit_bench.load(store, "last").records[0].session == "20260105-same"


def test_where_only_gates_are_stored_the_last_is_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    gates_truth.gate(1, gates_truth.QUIET, {"kept": 1.0}, folder=tmp_path)
    assert levit_bench.load(tmp_path, "last").gate().exit_code == 0
    assert run(capsys, "front", "--session", "last", "--store", str(tmp_path))[0] == 3
