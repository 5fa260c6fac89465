"""`--bench-reuse`: what an earlier session of the store measured is read, and nothing is timed."""

from __future__ import annotations

import hashlib
import json

import pytest
from levit_bench.store import tags

from tests.door.conftest import FAKE
from tools.simulated.generate_store import Truth, case_of, write_session

pytestmark = pytest.mark.slow  # starts pytest for each test

NETS = "def build():\n    raise AssertionError('not built')\n"
SUITE = """
import pytest

@pytest.mark.levit_bench("levit_128s", "nets.py:build", batch=[1, 4], against="levit_192")
def test_ours_is_faster_than_levit_192(measured):
    assert measured.ratio().high < 1
"""
TRUTHS = (Truth("levit_128s", "LeViT", 0.0075, 76.6), Truth("levit_192", "LeViT", 0.014, 80.0))
OWN = Truth(f"nets.py:build#{hashlib.sha256(NETS.encode()).hexdigest()[:6]}", "other", 0.005, 70.0, 64)


@pytest.fixture
def stored(repository):
    """A suite, and a store with a session that holds its cases at batch 1, and half of them at batch 4."""
    files = {"conftest.py": FAKE, "nets.py": NETS, "test_mine.py": SUITE}
    repository.write({**files, "pytest.ini": "[pytest]\naddopts = -p no:randomly"})
    cases = [(case_of(truth, batch=1), truth) for truth in (*TRUTHS, OWN)]
    cases += [(case_of(truth, batch=4), truth) for truth in TRUTHS]
    path = write_session(repository.folder / "results", "20260102T030405Z-0001", cases)
    write_session(repository.folder / "results", "20250102T030405Z-0002", [(case_of(TRUTHS[0]), TRUTHS[0])])
    tags.write(repository.folder / "results", {"night": [path.stem]})
    return repository


@pytest.mark.parametrize(
    "name", ["20260102T030405Z-0001", "2026", "last", "results/FOLDER/20260102T030405Z-0001.jsonl"]
)
def test_the_cases_of_a_stored_session_are_read_and_nothing_is_timed(stored, name):
    (folder,) = (path.parent.name for path in stored.folder.rglob("*0001.jsonl"))
    out = stored.pytest(
        "--benchmark", "--bench-reuse", name.replace("FOLDER", folder), "-k", "b1", "--benchmark-json=o.json"
    )
    assert stored.code == 0, out
    assert "2 passed" in out
    assert not (stored.folder / "asked.jsonl").exists()
    assert f"2 tests read, nothing timed now: 3 complete runs in results/{folder}/20260102T030405Z-0001.jsonl" in out
    assert "measured at 2026-01-02T03:04:05Z on Example Xeon Gold 6999X" in out
    rows = json.loads((stored.folder / "o.json").read_text())["benchmarks"]
    assert [row["stats"]["rounds"] for row in rows] == [75, 75]  # the real passes of 3 runs, 5 rounds, 5 passes


def test_a_case_that_the_session_lacks_fails_its_test_and_is_named(stored):
    out = stored.pytest("--benchmark", "--bench-reuse", "last")
    assert stored.code == pytest.ExitCode.TESTS_FAILED
    assert "1 failed, 3 passed" in out
    assert "session 20260102T030405Z-0001: no stored case is nets.py:build#" in out
    assert "batch=4" in out
    assert "Stored are of this network: nets.py:build#" in out
    assert "3 tests read, 1 without a time, nothing timed now" in out


def test_a_file_that_has_changed_since_is_another_network(stored):
    stored.write({"nets.py": f"{NETS}\n"})
    out = stored.pytest("--benchmark", "--bench-reuse", "last", "-k", "build and b1")
    assert stored.code == pytest.ExitCode.TESTS_FAILED
    assert "Stored are of another version of the file: nets.py:build#" in out
    assert "nothing was timed: no case has a time" in out


@pytest.mark.parametrize(
    ("words", "message", "code"),
    [
        (("--benchmark", "--bench-reuse", "2024"), "no session matches '2024' in results", 1),
        (("--benchmark", "--bench-reuse", "202"), "several sessions match '202' in results", 1),
        (("--bench-reuse", "last"), "without --benchmark they assert nothing", 4),
        (("--benchmark", "--bench-reuse=last", "--bench-reuse=2025"), "--bench-reuse is given 2 times", 4),
    ],
)
def test_a_session_that_cannot_be_read_is_said_and_never_timed_instead(stored, words, message, code):
    out = stored.pytest(*words, "-k", "b1")
    assert stored.code == code
    assert message in out
    assert not (stored.folder / "asked.jsonl").exists()


def test_a_tag_names_a_session_and_another_store_is_read_from(stored):
    (stored.folder / "results").rename(stored.folder / "nightly")
    out = stored.pytest("--benchmark", "--bench-store", "nightly", "--bench-reuse", "night", "-k", "levit_128s")
    assert stored.code == 0, out
    assert "2 passed" in out
    assert "in nightly/" in out


def test_several_sizes_that_answer_are_an_error_that_names_them(stored):
    own = [OWN._replace(resolution=pixels) for pixels in (32, 64)]
    cases = [(case_of(truth, batch=1), truth) for truth in (*own, *TRUTHS)]
    write_session(stored.folder / "results", "20270102T030405Z-0003", cases)
    out = stored.pytest("--benchmark", "--bench-reuse", "last", "-k", "build and b1")
    assert "2 stored cases answer: nets.py:build#" in out
    stored.write({"test_mine.py": SUITE.replace("nets.py:build", "nets.py:build@32")})
    out = stored.pytest("--benchmark", "--bench-reuse", "last", "-k", "build and b1")
    assert stored.code == 0, out
