"""One session a run, whatever ends it, and outside the limits of single tests."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.door.conftest import SPEED, asked

pytestmark = pytest.mark.slow  # starts pytest for each test

LIMITS = """
import os
import levit_bench.pytest_plugin as door
from tests.door.fake import measure
import pytest

def measured_without_limit(*words):
    assert "LIMITED" not in os.environ
    return measure(*words)

door.measure = measured_without_limit

def start():
    os.environ["LIMITED"] = "1"

def stop():
    os.environ.pop("LIMITED", None)
"""
OWN = """
@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    start()
    try:
        return (yield)
    finally:
        stop()
"""
"""Limits each test from before its set-up to after its teardown, as plugins that stop tests do."""
TIMEOUT = """
def pytest_timeout_set_timer(item, settings):
    start()
    return True

def pytest_timeout_cancel_timer(item):
    stop()
    return True
"""
"""pytest-timeout's own moments, with a timer that never fires."""


def test_the_session_does_not_count_against_the_limit_of_a_test(speed):
    speed.write({"conftest.py": LIMITS + OWN})
    out = speed.pytest("--benchmark", "-k", "test_speed")
    assert speed.code == 0, out
    assert "4 passed" in out
    assert len(asked(speed.folder)) == 1


@pytest.mark.skipif(find_spec("pytest_timeout") is None, reason="pytest-timeout is not installed")
@pytest.mark.parametrize("words", [("--timeout=60",), ("--timeout=60", "-o", "timeout_func_only=true")])
def test_pytest_timeout_does_not_count_it_either(speed, words):
    speed.write({"conftest.py": LIMITS + TIMEOUT})
    folder = Path(find_spec("pytest_timeout").origin).parent
    out = speed.pytest("--benchmark", *words, "-k", "test_speed", PYTHONPATH=str(folder))
    assert speed.code == 0, out
    assert "4 passed" in out
    assert len(asked(speed.folder)) == 1


SESSION_LIMIT = """
def pytest_addoption(parser):
    parser.addoption("--session-timeout", dest="session_timeout", type=float, default=None)
    parser.addini("session_timeout", "the same")
"""
"""pytest-timeout's own option and setting."""


@pytest.mark.parametrize("words", [("--session-timeout=60",), ("-o", "session_timeout=60")])
def test_a_limit_for_all_tests_that_is_shorter_than_the_session_is_refused_at_once(speed, words):
    speed.write({"limit.py": SESSION_LIMIT})
    out = speed.pytest("-p", "limit", "--benchmark", "--bench-budget", "90s", *words, PYTHONPATH=str(speed.folder))
    assert speed.code == pytest.ExitCode.USAGE_ERROR, out
    assert "--session-timeout 60 ends pytest after 60 s, and all cases are timed for 90 s before the first test" in out
    assert "Raise it, or lower --bench-budget." in out
    assert not (speed.folder / "asked.jsonl").exists()


@pytest.mark.parametrize("words", [("--bench-budget", "30s"), ("--bench-budget", "auto")])
def test_a_limit_for_all_tests_that_the_session_keeps_is_none_of_its_business(speed, words):
    speed.write({"limit.py": SESSION_LIMIT})
    words = ("-p", "limit", "--benchmark", "--session-timeout=60", *words, "-k", "test_speed")
    out = speed.pytest(*words, PYTHONPATH=str(speed.folder))
    assert speed.code == 0, out


def test_a_session_that_was_stopped_is_not_started_again(speed):
    # A conftest.py may go on where pytest would end: the next test must not measure anew.
    going_on = """
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    try:
        return (yield)
    except SystemExit:
        return True
"""
    conftest = (speed.folder / "conftest.py").read_text()
    speed.write({"conftest.py": conftest + going_on, "test_mine.py": SPEED.replace("one", "killed")})
    out = speed.pytest("--benchmark", "-k", "test_speed")
    assert len(asked(speed.folder)) == 1
    assert "1 failed, 2 skipped" in out
    assert "nothing was timed: measuring was stopped" in out
    assert speed.code == pytest.ExitCode.TESTS_FAILED
