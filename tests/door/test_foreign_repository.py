"""A repository that was there before us: its own package `bench`, its own options, its own fixtures, and our plugin."""

from __future__ import annotations

import pytest
from levit_bench import pytest_plugin
from levit_bench.asking.request import MAX_BUDGET_VARIABLE
from levit_bench.errors import UsageError
from levit_bench.pytest_plugin import declare

NETS = """
from torch import nn

def build():
    return nn.Sequential(nn.Conv2d(3, 8, 3, 4), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(8, 10))

build.resolution = 32
"""
THEIRS = {
    "bench/__init__.py": "WHOSE = 'theirs'\n",
    "bench/records.py": "WHOSE = 'theirs, too'\n",
    # What pytest-playwright adds, and a --device that means something else.
    "conftest.py": """
import pytest

def pytest_addoption(parser):
    group = parser.getgroup("playwright", "Playwright")
    group.addoption("--browser", action="append", default=[], choices=["chromium", "firefox"])
    group.addoption("--headed", action="store_true", default=False)
    group.addoption("--device", default=None, action="store", help="Device to be emulated.")
    group.addoption("--slowmo", default=0, type=int)
    group.addoption("--output", default="test-results")
    parser.addoption("--threads", type=int, default=3)

@pytest.fixture
def device(pytestconfig):
    return pytestconfig.getoption("--device")

@pytest.fixture
def browser_name(pytestconfig):
    return pytestconfig.getoption("--browser")[0]
""",
    "tests/test_theirs.py": """
import sys
import bench
from bench import records

def test_their_package_is_theirs():
    from bench.records import WHOSE
    assert (bench.WHOSE, WHOSE, sys.modules["bench"].WHOSE) == ("theirs", "theirs, too", "theirs")

def test_their_options_are_theirs(device, browser_name, pytestconfig):
    assert (device, browser_name, pytestconfig.getoption("--threads")) == ("iPhone 15", "firefox", 3)

def test_ours_was_not_imported_for_them(pytestconfig):
    ours = {name for name, module in sys.modules.items() if hasattr(module, "NotAskedError")}
    assert not ours

def test_torch_was_not_imported_for_them():
    assert "torch" not in sys.modules
""",
    "nets.py": NETS,
}
SPEED = """
import pytest

@pytest.mark.levit_bench("nets.py:build", threads=1, batch=1)
def test_ours_is_faster_than_the_yardstick(measured):
    assert measured.relative.value < 1
"""
WORDS = ("--device", "iPhone 15", "--browser", "firefox")


@pytest.fixture
def foreign(repository):
    repository.write(THEIRS)
    return repository


def test_it_works_as_before(foreign):
    out = foreign.pytest(*WORDS)
    assert foreign.code == 0, out
    assert "4 passed" in out


def test_its_tests_work_as_before_when_it_is_asked_for_benchmarks_and_has_none(foreign):
    out = foreign.pytest(*WORDS, "--benchmark", "--bench-threads", "1,2", "-k", "not ours_was")
    assert foreign.code == 1, out
    assert "3 passed" in out
    assert "nothing was timed: no test that was chosen has the mark levit_bench" in out


def test_a_suite_of_its_own_is_a_plain_check(foreign):
    foreign.write({"tests/test_speed.py": SPEED})
    out = foreign.pytest(*WORDS, "-k", "not imported_for_them")
    assert foreign.code == 0, out
    assert "3 passed" in out
    assert not (foreign.folder / "results").exists()


@pytest.mark.slow
@pytest.mark.parametrize("path", ["", "."], ids=["installed", "PYTHONPATH"])
def test_a_suite_of_its_own_is_timed_beside_its_package(foreign, path):
    foreign.write({"tests/test_speed.py": SPEED})
    out = foreign.pytest(*WORDS, "--benchmark", "-k", "not ours_was", **{MAX_BUDGET_VARIABLE: "4s", "PYTHONPATH": path})
    assert foreign.code == 0, out
    assert "4 passed" in out
    assert len(list((foreign.folder / "results").rglob("*.jsonl"))) == 1
    assert "test_ours_is_faster_than_the_yardstick[nets.py:build-b1-t1-pinned]" in out


RIVALS = """
import pytest

@pytest.mark.levit_bench("nets.py:build", against="levit_128s", threads=1, batch=1)
def test_ours_is_faster(measured):
    assert measured.ratio().value < 1

@pytest.mark.levit_bench("no_such_network", threads=1, batch=1)
def test_nothing(measured): pass

@pytest.mark.levit_bench("levit_128s", against="no_such_rival", threads=1, batch=1)
def test_no_rival(measured): pass
"""


@pytest.mark.slow
def test_what_cannot_be_asked_for_fails_its_own_test_and_the_others_are_timed(foreign):
    foreign.write({"tests/test_speed.py": RIVALS})
    out = foreign.pytest(*WORDS, "--benchmark", "-k", "test_speed.py", **{MAX_BUDGET_VARIABLE: "4s"})
    assert foreign.code == 1, out
    assert "2 failed, 1 passed" in out
    assert "no_such_network" in out.partition("test_nothing[no_such_network-b1-t1-pinned] ")[2]
    assert "no_such_rival" in out.partition("test_no_rival[levit_128s-b1-t1-pinned] ")[2]
    assert "1 test timed, 2 without a time" in out
    assert len(list((foreign.folder / "results").rglob("*.jsonl"))) == 1
    # The same cases are read again, and the network's file is looked for in the root folder.
    out = foreign.pytest(*WORDS, "--benchmark", "--bench-reuse", "last", "-k", "test_ours_is_faster")
    assert foreign.code == 0, out
    assert "1 test read, nothing timed now" in out


def test_a_suite_whose_cases_can_all_not_be_asked_for_starts_no_session(tmp_path, monkeypatch):
    def refuse(requests, *_, on_refused, **__):
        for number, request in enumerate(requests):
            on_refused(number, UsageError(f"there is no {request.networks[0]}. Raise --budget."))
        raise UsageError("the first one")

    monkeypatch.setattr(pytest_plugin.api, "measure_requests", refuse)
    declared = [*declare(["levit_128s"], {}, {}), *declare(["levit_128"], {"against": "levit_192"}, {})]
    session = pytest_plugin.measure(declared, tmp_path)
    assert session.path is None
    assert session.answers == ("there is no levit_128s. Raise --budget.", "there is no levit_128. Raise --budget.")
