"""What is stored is read without the parts that measure, and what cannot be done without them says so in a line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from levit_bench.libraries import LIBRARIES

from tests.house.plan import PACKAGE, ROOT, WORKSHOP, WORKSHOP_ONLY

SESSIONS = ("20261126T043933Z-f7f8", "20261126T060430Z-2c11", "20261126T150817Z-53fd")
"""Two of the same twelve networks with both allocators, and one with several threads, streams and cold starts."""
FIRST, SECOND, SCALED = SESSIONS
NOT_FOR_READING = WORKSHOP_ONLY | {name for name, library in LIBRARIES.items() if not library.is_for_reading}
"""What `requirements-reading.txt` leaves out, and what extras bring."""
PINNED = ("--where", "allocator=pinned,batch=1,threads=1")

_SCRIPT = """
import contextlib, importlib.abc, io, json, sys

class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in HIDDEN:
            raise ImportError(f"{name} is hidden")

HIDDEN, calls = json.loads(sys.stdin.read())
sys.meta_path.insert(0, Hidden())

import levit_bench
from levit_bench.cli import main

answers = {}
for name, words in calls.items():
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            if isinstance(words, str):
                namespace = {"levit_bench": levit_bench}
                code = 0
                try:
                    exec(words, namespace)
                except levit_bench.BenchError as error:
                    code = error.exit_code
                    err.write(str(error))
            else:
                main(words)
        except SystemExit as end:
            code = end.code
    answers[name] = [code, out.getvalue(), err.getvalue()]
    answers[name][2] += "" if isinstance(code, int) else repr(code)
print(json.dumps([levit_bench.__file__, sorted(name for name in sys.modules if name.split(".")[0] in HIDDEN), answers]))
"""

READING: dict[str, list[str] | str] = {
    "show": ["show", "--session", FIRST],
    "show of the store": ["show", "--json"],
    "show --variance": ["show", "--variance", *PINNED],
    "show --percentiles": ["show", "--session", SCALED, "--percentiles"],
    "show --cold": ["show", "--session", SCALED, "--cold"],
    "show --cross-check": ["show", "--session", SCALED, "--cross-check"],
    "show --against": ["show", "--session", FIRST, "--against", "levit_192"],
    "show --grid": ["show", "--session", FIRST, "--against", "levit_192", "--grid", "efficientnet_b2", "--markdown"],
    "front": ["front", "--session", "last"],
    "front of the store": ["front", "--out", "all", "--json"],
    "pick": ["pick", "--max-latency", "40ms", "--session", FIRST, *PINNED],
    "compare": ["compare", FIRST, SECOND, "--min-effect", "50%", *PINNED],
    "compare within": ["compare", FIRST, "--networks", "levit_192,efficientnet_b2", *PINNED],
    "compare before": ["compare", "before", SECOND],
    "explain": ["explain", "levit_192", "efficientnet_b2", "--session", FIRST, *PINNED, "--out", "why.svg"],
    "scaling": ["scaling", "--session", SCALED, "--out", "scaling.png"],
    "aa": ["aa", "--stored"],
    "tag": ["tag", "baseline", FIRST],
    "tags": ["tag", "--json"],
    "list": ["list"],
    "list of some": ["list", "levit", "--json"],
    "plain help": ["--help"],
    "help of run": ["run", "--help"],
    "python": """
results = levit_bench.load("results")
assert len(results.to_pandas()) == len(results) > 50
one = levit_bench.load("results", "FIRST").where(allocator="pinned", batch=1)
assert one.front().write("written")
assert one.pick(max_latency="40ms").answer
assert one.compare(levit_bench.load("results", "last"))
assert one.compare_within("network", "levit_192", "efficientnet_b2").exit_code == 1
assert levit_bench.load("results", "SECOND").compare_before()
assert one.explain("levit_192", "efficientnet_b2").factors
assert results.scaling() and results.aa()
assert one.show(variance=True).rows()
assert len(results.turns()) > 1000
results.case_findings
assert len(levit_bench.networks()) >= 32
""".replace("FIRST", FIRST).replace("SECOND", SECOND),
}
VERDICTS = {"compare within": 1, "compare before": 3}
"""Comparisons that end with a verdict of their own: one is slower, and 24 cases are inconclusive."""
MEASURING: dict[str, list[str] | str] = {
    "run": ["run", "--networks", "levit_192"],
    "run --resume": ["run", "--resume", "last"],
    "plan": ["plan", "--networks", "levit_192"],
    "machine": ["machine"],
    "list --runtimes": ["list", "--runtimes"],
    "explain --profile": ["explain", "levit_192", "efficientnet_b2", "--session", FIRST, *PINNED, "--profile"],
    "aa": ["aa", "--networks", "levit_192"],
    "python": "levit_bench.measure('levit_192')",
}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A folder in which `results` holds the three sessions."""
    for session in SESSIONS:
        (path,) = (ROOT / "results").glob(f"*/{session}.jsonl")
        folder = tmp_path / "work" / "results" / path.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder)
    return tmp_path / "work"


@pytest.fixture(params=["without the folders", "without the libraries"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """The folder that the package is imported from, and the first thing that is missing."""
    if request.param == "without the libraries":
        return PACKAGE.parent, "torch"
    absent = {PACKAGE.joinpath(*name.split(".")[1:]) for name in WORKSHOP}
    shutil.copytree(
        PACKAGE,
        tmp_path / "source" / PACKAGE.name,
        ignore=lambda folder, names: [n for n in names if n == "__pycache__" or Path(folder, n) in absent],
    )
    return tmp_path / "source", WORKSHOP[0]


def _answers(source: Path, store: Path, calls: dict[str, list[str] | str]) -> dict[str, tuple[int, str, str]]:
    """Exit code, stdout and stderr of each call, in one interpreter that has only the libraries for reading."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        input=json.dumps([sorted(NOT_FOR_READING), calls]),
        cwd=store,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    package, loaded, answers = json.loads(done.stdout)
    assert Path(package).parent.parent == source
    assert loaded == []
    return {name: tuple(answer) for name, answer in answers.items()}


def test_what_is_kept_is_listed_and_removed_without_the_libraries(source: tuple[Path, str], store: Path) -> None:
    calls: dict[str, list[str] | str] = {
        "cache": ["cache", "--cache", "kept"], "cache --clear": ["cache", "--cache", "kept", "--clear"],
    }  # fmt: skip
    for code, _, err in _answers(source[0], store, calls).values():
        if source[1] == "torch":
            assert code == 0, err
            assert "0 prepared networks" in err
        else:
            assert code == 2
            assert "cannot say what is kept for sessions" in err


def test_every_reading_verb_and_method_works_without_the_workshop(source: tuple[Path, str], store: Path) -> None:
    answers = _answers(source[0], store, READING)
    assert {name: (code, err) for name, (code, _, err) in answers.items() if code != VERDICTS.get(name, 0)} == {}
    assert {name: err for name, (_, _, err) in answers.items() if "Traceback" in err} == {}
    assert {name for name, (_, out, _) in answers.items() if not out} == {"python"}
    assert "levit_192" in answers["pick"][1] + answers["front"][1]
    assert {path.name for path in store.rglob("*.*") if path.suffix in (".png", ".svg", ".csv", ".md")} >= {
        "front.png", "front.svg", "front.csv", "front.md", "scaling.png", "why.svg",
    }  # fmt: skip
    assert f"{source[1]} is not installed" in answers["list"][1]


def test_what_measures_is_refused_in_one_line_that_says_what_is_missing(source: tuple[Path, str], store: Path) -> None:
    answers = _answers(source[0], store, MEASURING)
    assert {name: code for name, (code, _, _) in answers.items()} == dict.fromkeys(MEASURING, 2)
    for name, (_, _, err) in answers.items():
        assert f"{source[1]} is not installed" in err, name
        assert len(err.splitlines()) == 1, err
