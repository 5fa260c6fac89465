"""CodSpeed's pytest plugin leaves out tests without its mark: ours are not left out without a word."""

from __future__ import annotations

import importlib.util

import pytest

from tests.door.conftest import FAKE, SPEED, asked

pytestmark = pytest.mark.slow  # starts pytest for each test

STUB = """
import pytest


def pytest_addoption(parser):
    parser.addoption("--codspeed", action="store_true")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    config.addinivalue_line("markers", "codspeed_benchmark: as CodSpeed's")
    config.addinivalue_line("markers", "benchmark: as CodSpeed's")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    import os

    if not (config.option.codspeed or "CODSPEED_ENV" in os.environ):
        return
    chosen = [
        item
        for item in items
        if "benchmark" in item.fixturenames
        or any(item.get_closest_marker(name) for name in ("benchmark", "codspeed_benchmark"))
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen
"""
"""What chooses tests in pytest-codspeed 5, by the same rules; it measures nothing."""
THEIRS = "\n\ndef test_theirs(benchmark):\n    benchmark(lambda: None)\n"
WAY = "Run 'pytest --benchmark' in a step of its own, without --codspeed and outside CodSpeed's action"

KINDS = [
    "stub",
    pytest.param(
        "real",
        marks=pytest.mark.skipif(importlib.util.find_spec("pytest_codspeed") is None, reason="no pytest-codspeed here"),
    ),
]


@pytest.fixture(params=KINDS)
def codspeed(request, repository):
    """A repository with tests of ours and of CodSpeed's; runs pytest with its plugin."""
    repository.write(
        {
            "conftest.py": FAKE,
            "test_mine.py": SPEED + THEIRS,
            "pytest.ini": "[pytest]\naddopts = -p no:randomly --strict-markers\n",
        }
    )
    words = []
    if request.param == "stub":
        repository.write({"pytest_codspeed/__init__.py": "", "pytest_codspeed/plugin.py": STUB})
        words = ["-p", "no:codspeed", "-p", "pytest_codspeed.plugin"]

    def run(*more, **env):
        return repository.pytest(*words, *more, PYTHONPATH=".", **env)

    run.repository = repository
    return run


@pytest.mark.parametrize("words", [(), ("--collect-only",), ("-k", "test_speed or theirs")])
def test_tests_of_ours_are_not_left_out_without_a_word(codspeed, words):
    out = codspeed("--codspeed", *words)
    assert codspeed.repository.code == pytest.ExitCode.USAGE_ERROR, out
    assert "levit-bench: test_mine.py::test_speed[fake:one-b1-t1-pinned] and " in out
    assert "CodSpeed is active, and would leave out what has the mark levit_bench without a word." in out
    assert WAY in out
    assert "levit-bench export --to codspeed" in out
    assert " passed" not in out


def test_inside_codspeeds_action_no_option_is_needed(codspeed):
    out = codspeed(CODSPEED_ENV="github")
    assert codspeed.repository.code == pytest.ExitCode.USAGE_ERROR, out
    assert WAY in out


def test_to_time_ours_under_codspeed_is_refused_before_anything_is_collected(codspeed):
    out = codspeed("--codspeed", "--benchmark", "-k", "theirs")
    assert codspeed.repository.code == pytest.ExitCode.USAGE_ERROR, out
    assert "levit-bench: --benchmark cannot be had while CodSpeed is active." in out
    assert WAY in out
    assert "collected" not in out
    assert not (codspeed.repository.folder / "asked.jsonl").exists()


@pytest.mark.parametrize("words", [("-m", "not levit_bench"), ("-k", "theirs"), ("test_mine.py::test_theirs",)])
def test_codspeeds_own_tests_run_where_ours_are_not_chosen(codspeed, words):
    out = codspeed("--codspeed", *words)
    assert codspeed.repository.code == 0, out
    assert "1 passed" in out


def test_a_worker_of_xdist_fails_each_of_ours(codspeed):
    out = codspeed("--codspeed", "-n1", "-k", "test_speed")
    assert codspeed.repository.code == pytest.ExitCode.TESTS_FAILED, out
    assert WAY in out
    assert "INTERNALERROR" not in out


def test_codspeed_that_is_installed_and_not_active_changes_nothing(codspeed):
    out = codspeed("--benchmark", "-k", "test_speed")
    assert codspeed.repository.code == 0, out
    assert "4 passed" in out
    assert asked(codspeed.repository.folder) == [
        [["fake:one", 1, 1], ["fake:two", 1, 1], ["fake:one", 4, 1], ["fake:two", 4, 1]]
    ]
