"""`--benchmark` without a number is never green, and the last lines say why."""

from __future__ import annotations

import re

import pytest

from tests.door.conftest import SPEED, asked

pytestmark = pytest.mark.slow  # starts pytest for each test

REFUSED = SPEED.replace("fake:one", "fake:tiny").replace(
    "@pytest.mark.levit_bench(", "@pytest.mark.xfail\n@pytest.mark.levit_bench(", 1
)
REASONS = {
    "no test is marked": (
        "def test_plain(): pass\n", (), "no test that was chosen has the mark levit_bench and takes the fixture 'meas",
    ),
    "deselected": (SPEED, ("-k", "plain"), "no test that was chosen has the mark"),
    "another network": (
        SPEED, ("-k", "test_speed", "--bench-networks", "levit_128s"),
        "test_speed: it is about networks fake:one, fake:two, and the command line asks for levit_128s",
    ),
    "another device": (
        SPEED.replace("batch=[1, 4]", "device='cuda'"), ("-k", "test_speed"),
        "is about what the command line asks for: test_speed: ",
    ),
    "xdist in addopts": (
        SPEED, ("-k", "test_speed or plain", "-o", "addopts=-n2"),
        "timed tests need the machine to themselves, and xdist runs several at once: add -n 0",
    ),
    "an expected failure of a refused session": (
        REFUSED, ("-k", "test_speed"), "a budget of 1 s is too small. Raise --bench-budget.",
    ),
    "disabled": (SPEED, ("-k", "plain", "--benchmark-disable"), "--benchmark-disable leaves the timing out"),
    "all skipped": (
        SPEED.replace("@pytest.mark.levit", "@pytest.mark.skipif(True, reason='x')\n@pytest.mark.levit"),
        ("-k", "test_speed or plain"), "no test with a case was run",
    ),
}  # fmt: skip
"""Suite, words of the command line, and what is said."""


@pytest.mark.parametrize("reason", REASONS)
def test_the_run_fails_and_says_why_nothing_was_timed(speed, reason):
    suite, words, message = REASONS[reason]
    speed.write({"test_mine.py": suite})
    out = speed.pytest("--benchmark", *words)
    assert speed.code in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED), out
    (line,) = (line for line in out.splitlines() if line.startswith("nothing was timed: "))
    assert message in line


def test_what_was_timed_is_said_and_the_rest_counted(speed):
    speed.write({"test_mine.py": SPEED.replace("fake:two", "fake:broken")})
    out = speed.pytest("--benchmark", "-k", "test_speed")
    assert re.search(r"=+ levit-bench =+\na-kind: a finding\n2 tests timed", out), "no line is empty"
    assert "2 tests timed, 2 without a time: 3 complete runs in results/machine/session.jsonl; draw it: " in out
    assert "nothing was timed" not in out


def test_cases_that_all_fail_are_not_green_where_failures_are_expected(speed):
    text = SPEED.replace("fake:one", "fake:broken").replace("fake:two", "fake:broken")
    speed.write({"test_mine.py": text.replace("@pytest.mark.levit", "@pytest.mark.xfail\n@pytest.mark.levit")})
    out = speed.pytest("--benchmark", "-k", "test_speed")
    assert speed.code == pytest.ExitCode.TESTS_FAILED
    assert "2 xfailed" in out
    assert "nothing was timed: no case has a time; each test says why" in out


def test_a_case_that_cannot_be_asked_for_fails_its_test_and_the_others_are_timed(speed):
    speed.write({"test_mine.py": SPEED.replace("fake:two", "fake:unknown")})
    out = speed.pytest("--benchmark", "-k", "test_speed")
    assert speed.code == pytest.ExitCode.TESTS_FAILED
    assert "2 failed, 2 passed" in out
    assert "no network is called 'fake:unknown'" in out
    assert len(asked(speed.folder)) == 1


def test_errors_of_collection_are_said_to_have_stopped_it(speed):
    speed.write({"test_bad.py": "raise OSError\ndef test_a(): pass\n"})
    out = speed.pytest("--benchmark", "-k", "test_speed or test_a")
    assert speed.code == pytest.ExitCode.INTERRUPTED
    assert "nothing was timed: pytest was stopped before the first test with a case began" in out
    out = speed.pytest("--benchmark", "-k", "test_speed or test_a", "--continue-on-collection-errors")
    assert re.search(r"4 passed.*1 error", out)
    assert "4 tests timed" in out


BAD_MARK = """
import pytest

@pytest.mark.levit_bench(colour=1)
def test_a(measured): pass

@pytest.mark.xfail
@pytest.mark.levit_bench("fake:one")
def test_b(): pass
"""


def test_a_mark_that_cannot_be_read_fails_its_test_alone_and_the_others_are_timed(speed):
    speed.write({"test_bad.py": BAD_MARK})
    out = speed.pytest("--benchmark", "-k", "test_speed or test_a or test_b")
    assert speed.code == pytest.ExitCode.TESTS_FAILED
    assert re.search(r"4 passed.*2 errors", out), out
    assert "4 tests timed" in out
    assert "test_bad.py::test_a: levit-bench: the mark levit_bench knows no colour" in out
    out = speed.pytest("--benchmark", "-k", "test_a")
    assert "nothing was timed: test_bad.py::test_a: levit-bench: the mark levit_bench knows no colour" in out
    out = speed.pytest("--collect-only", "-q")
    assert speed.code == pytest.ExitCode.INTERRUPTED
    assert "test_bad.py::test_a: levit-bench: the mark levit_bench knows no colour" in out


def test_xdist_in_addopts_can_be_switched_off(speed):
    speed.write({"pytest.ini": "[pytest]\naddopts = -p no:randomly -n2"})
    out = speed.pytest("--benchmark", "-n", "0", "-k", "test_speed")
    assert speed.code == 0, out
    assert "4 tests timed" in out


def test_collecting_alone_says_nothing_of_timing(speed):
    out = speed.pytest("--benchmark", "--collect-only", "-q")
    assert speed.code == 0, out
    assert "nothing was timed" not in out


def test_setting_fixtures_up_alone_starts_no_session(speed):
    out = speed.pytest("--benchmark", "--setup-plan", "-k", "test_speed")
    assert "nothing was timed: no test with a case was run" in out
    assert not (speed.folder / "asked.jsonl").exists()
