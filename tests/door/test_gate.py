"""`--bench-gate`: what a gate found is the outcome of the tests whose cases it judged; made sessions are read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.docs.workflow_runner import commit, git
from tests.door.conftest import FAKE, Repository
from tools.simulated.gates_truth import NOISY, QUIET, gate
from tools.simulated.machine import Scenario

pytestmark = pytest.mark.slow  # starts pytest for each test

SUITE = """
import pytest

NETWORKS = "levit_128s,levit_128,levit_192,levit_256,levit_384"

@pytest.mark.levit_bench(NETWORKS, against="deit_tiny_patch16_224")
def test_time(measured):
    assert measured.case.side == "b"
    assert measured.ratio().high > 0

@pytest.mark.levit_bench("levit_128s")
def test_verdict(measured):
    assert measured.gate.verdict == "slower"
    assert 1.25 < measured.gate.comparison.ratio.value < 1.35

@pytest.mark.xfail(strict=True)
@pytest.mark.levit_bench("levit_128s", "levit_128")
def test_expected(measured):
    assert False, "the body"

@pytest.mark.levit_bench("levit_128s")
def test_skipped(measured):
    pytest.skip("the body")
"""
SLOWER = {"levit_128s": 1.3, "levit_128": 1.0, "levit_192": 1.0, "levit_384": 1.0}
RIVAL = "deit_tiny_patch16_224"
"""On side b alone, as what tests compare theirs with."""


def edited(path: Path, network: str, **fields: object) -> None:
    """Change the line of a case of side b; one that failed has no turns."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    (case,) = (
        line for line in lines
        if line.get("case", {}) and isinstance(line["case"], dict)
        and (line["case"]["network"], line["case"].get("side")) == (network, "b")
    )  # fmt: skip
    case |= fields
    kept = [line for line in lines if "outcome" not in fields or line.get("case") != case["id"]]
    path.write_text("".join(json.dumps(line) + "\n" for line in kept))


def stored(repository: Repository, ratios: dict[str, float], scenario: Scenario = QUIET, **more: Any) -> Path:
    """A suite, and a store with the session of a gate."""
    repository.write({"conftest.py": FAKE, "test_mine.py": SUITE, "pytest.ini": "[pytest]\naddopts = -p no:randomly"})
    folder = repository.folder / "results"
    gate(1, scenario, ratios, folder=folder, new=(RIVAL, "levit_256"), **more)
    (path,) = folder.rglob("*.jsonl")
    return path


def cases_of(file: Path) -> dict[str, ElementTree.Element]:
    """The test cases of a JUnit file, by their names."""
    return {str(case.get("name")): case for case in ElementTree.parse(file).getroot().iter("testcase")}


def property_of(case: ElementTree.Element, name: str) -> str | None:
    return next((str(one.get("value")) for one in case.iter("property") if one.get("name") == name), None)


def test_verdicts_are_the_outcomes_of_tests(repository: Repository) -> None:
    path = stored(repository, SLOWER)
    edited(path, "levit_192", outputs_apart=0.4, outputs_allowed=1e-4)
    edited(path, "levit_384", outcome="failed", reason="it raised")
    out = repository.pytest(
        "--benchmark", "--bench-gate", "a", "--bench-reuse", "last", "-rA", "--bench-out", "gate", "--junitxml=o.xml",
        "--benchmark-json=o.json", "--bench-no-wait", "--bench-budget", "90s", "--bench-store=results",
    )  # fmt: skip
    assert repository.code == pytest.ExitCode.TESTS_FAILED
    assert "6 failed, 2 passed, 1 xfailed" in out, out
    for name in (
        "test_time[levit_128s-b1-t1-pinned]", "test_time[levit_192-b1-t1-pinned]", "test_time[levit_384-b1-t1-pinned]",
        "test_verdict[levit_128s-b1-t1-pinned]", "test_expected[levit_128s-b1-t1-pinned]",
        "test_skipped[levit_128s-b1-t1-pinned]",
    ):  # fmt: skip
        assert f"FAILED test_mine.py::{name}" in out
    assert "- slower 1.30: levit_128s 224px b1 t1 pinned: takes 1.30" in out, (
        "the short summary begins with what counts"
    )
    assert "levit-bench gate, side b against side a (a): ratio 1.30, 95 % CI 1.2" in out
    assert "levit_192 224px b1 t1 pinned: its outputs are 0.4 from those of side a" in out
    assert "failed: levit_384 224px b1 t1 pinned: no time on side b: failed: it raised" in out
    assert "levit_256 224px b1 t1 pinned: side b has it, and side a has not" in out
    assert f"{RIVAL} 224px" not in out, "what tests compare theirs with has no verdict"
    assert "Gate failed: 1 of 5 networks failed (levit_384" in out
    assert "--benchmark --bench-gate a -rA --bench-budget 90s --bench-allow-other-outputs\n" in out
    found = cases_of(repository.folder / "o.xml")
    assert property_of(found["test_time[levit_128s-b1-t1-pinned]"], "gate") == "slower"
    assert float(property_of(found["test_time[levit_128s-b1-t1-pinned]"], "gate_ratio") or 0) == pytest.approx(
        1.3, 0.02
    )
    assert property_of(found["test_time[levit_384-b1-t1-pinned]"], "gate") == "failed"
    assert property_of(found["test_time[levit_256-b1-t1-pinned]"], "gate") == "new"
    rows = {row["name"]: row for row in json.loads((repository.folder / "o.json").read_text())["benchmarks"]}
    assert rows["test_time[levit_128s-b1-t1-pinned]"]["stats"]["median"] == pytest.approx(1.3 * 0.02, rel=0.1)
    assert rows["test_time[levit_128s-b1-t1-pinned]"]["extra_info"]["gate"] == "slower"
    assert {file.name for file in (repository.folder / "gate").iterdir()} == {
        "comment.md", "junit.xml", "gate.json", "gate.svg", "gate.png",
    }  # fmt: skip
    document = json.loads((repository.folder / "gate" / "gate.json").read_text())
    assert (document["outcome"], len(document["cases"])) == ("failed", 5)
    assert document["command"].startswith("pytest ")


def test_a_gate_that_passed_is_green(repository: Repository) -> None:
    stored(repository, {"levit_128": 1.0, "levit_192": 0.8})
    words = ("--benchmark", "--bench-reuse", "last", "-k", "test_time and (levit_128- or 192)")
    out = repository.pytest(*words)
    assert repository.code == 0, out
    assert "2 passed" in out
    assert "Gate passed, nothing is slower: 1 of 2 networks is faster, 1 is the same." in out
    out = repository.pytest(*words, "-q")
    assert out.splitlines().count("gate passed (2 cases)") == 1
    assert "differs" not in out


def test_one_that_cannot_tell_is_inconclusive_and_not_green(repository: Repository) -> None:
    stored(repository, {"levit_128": 1.0, "levit_192": 1.0}, NOISY, runs=4, rounds=2)
    words = ("--benchmark", "--bench-gate", "a", "--bench-reuse", "last", "-k", "test_time and (levit_128- or 192)")
    out = repository.pytest(*words, "--junitxml=o.xml")
    assert repository.code == pytest.ExitCode.TESTS_FAILED
    assert "2 inconclusive in" in out
    assert "test_mine.py ??" in out
    assert "INCONCLUSIVE test_mine.py::test_time[levit_128-b1-t1-pinned]" in out
    assert "pytest ends with 1, although no test failed: the gate is inconclusive" in out
    case = cases_of(repository.folder / "o.xml")["test_time[levit_128-b1-t1-pinned]"]
    (skipped,) = case.iter("skipped")
    assert ": levit_128 224px b1 t1 pinned: " in str(skipped.get("message"))
    assert str(skipped.get("message")).startswith("inconclusive ")
    assert property_of(case, "gate") == "inconclusive"
    out = repository.pytest(*words, "-v", "--bench-allow-inconclusive")
    assert repository.code == 0, out
    assert "INCONCLUSIVE" in out
    assert "2 inconclusive in" in out
    assert "which --bench-allow-inconclusive lets pass" in out


def test_a_gate_that_compared_nothing_is_never_green(repository: Repository) -> None:
    stored(repository, {"levit_128": 1.0})
    out = repository.pytest(
        "--benchmark", "--bench-reuse", "last", "--bench-allow-inconclusive", "-k", "test_time and levit_256"
    )
    assert repository.code == pytest.ExitCode.TESTS_FAILED
    assert "1 passed" in out
    assert "although no test failed: the gate compared nothing, which never counts as passed" in out


def test_a_gate_that_was_interrupted_is_never_green(repository: Repository) -> None:
    path = stored(repository, {"levit_128": 1.0})
    path.write_text(path.read_text().replace('"last":true', '"last":false'))
    words = ("--benchmark", "--bench-reuse", "last", "--bench-out", "gate", "-k", "test_time and levit_128-")
    out = repository.pytest(*words)
    assert repository.code == pytest.ExitCode.TESTS_FAILED
    assert "although no test failed: the session of the gate did not come to its end" in out
    assert json.loads((repository.folder / "gate" / "gate.json").read_text())["outcome"] == "interrupted"


@pytest.mark.skipif(not shutil.which("git"), reason="no git here")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--benchmark", "--bench-gate", ""), "levit-bench: --bench-gate is empty. Name a revision such as main"),
        (("--bench-gate", "main"), "--bench-gate is about the times of tests, and without --benchmark none is taken"),
        (("--benchmark", "--bench-margin", "3%"), "--bench-margin goes with --bench-gate, which names what is"),
        (("--benchmark", "--bench-gate", "main"), "no revision 'main' in this repository"),
        (("--benchmark", "--bench-gate", "HEAD", "--bench-race"), "--bench-race has no place in a gate"),
    ],
)
def test_what_cannot_be_judged_is_a_usage_error(repository: Repository, words: tuple[str, ...], message: str) -> None:
    repository.write({"conftest.py": FAKE, "test_mine.py": SUITE})
    git(repository.folder, "init", "--quiet", "--initial-branch", "other")
    commit(repository.folder, "README", "")
    repository.write({"gate/junit.xml": "<testsuites/>"})
    out = repository.pytest(*words, *(("--bench-out", "gate") if "main" in words else ()))
    assert repository.code == pytest.ExitCode.USAGE_ERROR
    assert message in out
    assert (repository.folder / "gate" / "junit.xml").exists() is ("main" not in words), "of an earlier gate"
    assert not (repository.folder / "asked.jsonl").exists()


def test_a_stored_session_is_the_gate_that_is_asked_for_or_an_error(repository: Repository) -> None:
    stored(repository, {"levit_128": 1.0})
    words = ("--benchmark", "--bench-reuse", "last", "-k", "test_time and levit_128-")
    out = repository.pytest(*words, "--bench-gate", "main")
    assert repository.code == pytest.ExitCode.TESTS_FAILED
    assert "session simulated-1 compares with 'a', not with 'main'. Name that one, or leave --bench-gate out" in out


NETS = """
from torch import nn

class Repeated(nn.Module):
    def __init__(self, times):
        super().__init__()
        self.times = times
        self.body = nn.Sequential(nn.Conv2d(3, 16, 7, 2), nn.BatchNorm2d(16), nn.ReLU())
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))

    def forward(self, images):
        for _ in range(self.times):
            features = self.body(images)
        return self.head(features)

def build():
    return Repeated(1)

def steady():
    return Repeated(1)
"""
REAL = """
import pytest

@pytest.mark.levit_bench("nets.py:build", against="nets.py:steady", resolution=64, batch=1, threads=1)
def test_build(measured):
    assert measured.ratio().value > 1
    assert measured.case.side == "b"

@pytest.mark.levit_bench("nets.py:added", resolution=64, batch=1, threads=1)
def test_added(measured):
    assert measured.gate.verdict == "new"
"""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("git"), reason="no git here")
def test_a_planted_slowdown_fails_its_test_and_no_other(repository: Repository) -> None:
    folder = repository.folder
    repository.write({"nets.py": NETS, "test_mine.py": REAL, ".gitignore": "results/\n__pycache__/\n"})
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, "README", "")
    added = "\ndef added():\n    return Repeated(1)\n"
    repository.write({"nets.py": NETS.replace("return Repeated(1)", "return Repeated(10)", 1) + added})
    before = git(folder, "worktree", "list"), git(folder, "status", "--porcelain")
    out = repository.pytest("--benchmark", "--bench-gate", "main", "--bench-budget", "auto", "--bench-no-wait")
    assert repository.code == pytest.ExitCode.TESTS_FAILED, out
    assert "1 failed, 1 passed" in out
    assert ": nets.py:build 64px b1 t1 pinned: takes" in out
    assert "levit-bench gate, side b against side a (main): ratio" in out
    assert "differs: file nets.py: " in out
    assert "side a has no 'nets.py:added'" in out
    assert (git(folder, "worktree", "list"), git(folder, "status", "--porcelain")) == before
    again = repository.pytest("--benchmark", "--bench-reuse", "last", "--bench-min-effect", "100%")
    assert "- slower" in again, "ten times the work is more than twice the time"
