"""A repository that was there before us: its own package `bench`, its own options, its own fixtures, and our plugin."""

from __future__ import annotations

import pytest
from levit_bench.asking.request import MAX_BUDGET_VARIABLE

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


def test_it_works_as_before_when_it_is_asked_for_benchmarks_and_has_none(foreign):
    out = foreign.pytest(*WORDS, "--benchmark", "--bench-threads", "1,2", "-k", "not ours_was")
    assert foreign.code == 0, out
    assert "3 passed" in out


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
