"""An option that is given twice: lists mean both, one value is refused, and the command line replaces `addopts`."""

from __future__ import annotations

import pytest

from tests.door.conftest import SPEED, asked

pytestmark = pytest.mark.slow  # starts pytest for each test


def test_a_list_that_is_given_twice_means_both(speed):
    speed.write({"test_mine.py": SPEED.replace(", batch=[1, 4]", "")})
    words = ("--bench-networks", "fake:one", "--bench-networks=fake:two", "--bench-batch", "2", "--bench-batch", "8")
    out = speed.pytest("--benchmark", *words, "-k", "test_speed")
    assert speed.code == 0, out
    assert asked(speed.folder) == [[["fake:one", 2, 1], ["fake:two", 2, 1], ["fake:one", 8, 1], ["fake:two", 8, 1]]]
    assert "marked levit_bench with --bench-networks fake:one,fake:two --bench-batch 2,8, and stores" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--bench-budget", "30s", "--bench-budget=3m"),
            "--bench-budget is given 2 times, as 30s and 3m. Give",
        ),
        (("--bench-store", "a", "--bench-store", "a"), "--bench-store is given 2 times, as a and a"),
        (("--bench-device=cpu", "--bench-device=cuda"), "--bench-device is given 2 times"),
    ],
)
def test_one_value_that_is_given_twice_is_refused(speed, words, message):
    out = speed.pytest("--benchmark", *words)
    assert speed.code == pytest.ExitCode.USAGE_ERROR
    assert message in out
    assert not (speed.folder / "asked.jsonl").exists()


def test_the_command_line_replaces_what_addopts_say(speed):
    addopts = "addopts = -p no:randomly --bench-batch 1 --bench-budget 30s --bench-threads 1"
    speed.write({"pytest.ini": f"[pytest]\n{addopts}", "test_mine.py": SPEED.replace(", batch=[1, 4]", "")})
    out = speed.pytest("--benchmark", "--bench-batch", "4", "--bench-budget=90s", "-k", "test_speed")
    assert speed.code == 0, out
    assert asked(speed.folder) == [[["fake:one", 4, 1], ["fake:two", 4, 1]]]
    assert "--bench-batch 4 --bench-threads 1 --bench-budget 90s" in out


SHORT = """
from levit_bench_pytest import add_option

pytest_plugins = ["levit_bench_pytest"]

def pytest_addoption(parser):
    add_option(parser, "--batch", "batch")
    add_option(parser, "--device", "device")
"""


def test_a_short_form_of_a_conftest_is_the_same_option(speed):
    conftest = (speed.folder / "conftest.py").read_text()
    ini = "[pytest]\naddopts = -p no:randomly --batch 1"
    speed.write(
        {"conftest.py": conftest + SHORT, "pytest.ini": ini, "test_mine.py": SPEED.replace(", batch=[1, 4]", "")}
    )
    out = speed.pytest("--benchmark", "--batch", "2", "--bench-batch=8", "-k", "test_speed and one")
    assert speed.code == 0, out
    assert asked(speed.folder)[-1] == [["fake:one", 2, 1], ["fake:one", 8, 1]]
    assert "another plugin" not in out
    out = speed.pytest("--benchmark", "--bench-device", "cpu", "--device", "cpu")
    assert "--bench-device is given 2 times, as cpu and cpu" in out


def test_workers_of_xdist_take_the_values_as_they_are(speed):
    speed.write({"pytest.ini": "[pytest]\naddopts = -p no:randomly --bench-budget 30s"})
    out = speed.pytest("--benchmark", "--bench-budget=90s", "-n1", "-k", "plain")
    assert "1 passed" in out
    assert "is given 2 times" not in out
