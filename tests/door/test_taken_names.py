"""Other people's names: options, marks and fixtures that a repository or another plugin has already stay theirs."""

from __future__ import annotations

import re

import pytest

from tests.door.conftest import FAKE, SPEED, asked

pytestmark = pytest.mark.slow  # starts pytest for each test

THEIRS = """
def pytest_addoption(parser):
    parser.addoption("--benchmark", action="store_true")
"""
PLAIN = "def test_theirs(pytestconfig):\n    assert pytestconfig.getoption('--benchmark') is {}\n"
QUIET = {"pytest.ini": "[pytest]\naddopts = -p no:randomly\n"}


@pytest.mark.parametrize(
    ("words", "found"), [((), False), (("--benchmark",), True), (("-p", "no:benchmark", "--benchmark"), True)]
)
def test_an_option_benchmark_of_a_conftest_is_its_own(repository, words, found):
    repository.write({"conftest.py": THEIRS, "test_theirs.py": PLAIN.format(found)})
    out = repository.pytest(*words)
    assert repository.code == 0, out
    assert "1 passed" in out
    assert not (repository.folder / "results").exists()


@pytest.mark.parametrize("place", ["conftest.py", "plugin.py", "tests/conftest.py"])
def test_every_option_of_ours_may_be_taken_by_whomever(repository, place):
    theirs = """
def pytest_addoption(parser):
    parser.addoption("--benchmark", dest="bench_budget", default="theirs")
    group = parser.getgroup("levit-bench")
    group.addoption("--bench-threads", type=int, default=7)
    group.addoption("--bench-thin", action="store_true")
    parser.addoption("--bench-networks", action="append", choices=["a", "b"])
    parser.addoption("--bm", dest="benchmark", action="store_true")
"""
    test = """
def test_theirs(pytestconfig):
    assert pytestconfig.getoption("--bench-threads") == 9
    assert pytestconfig.getoption("--benchmark") == "mine"
    assert pytestconfig.getoption("--bench-thin")
    assert pytestconfig.getoption("--bm")
"""
    repository.write({place: theirs, "tests/test_theirs.py": test})
    words = ["-p", "plugin"] if place == "plugin.py" else []
    words += ["--bench-threads", "9", "--benchmark=mine", "--bench-thin", "--bm"]
    out = repository.pytest(*words, PYTHONPATH=".")
    assert repository.code == 0, out
    assert "1 passed" in out


def test_where_a_name_is_taken_ours_has_another_one_and_says_so(repository):
    theirs = THEIRS + "    parser.addoption('--bench-seed', default='theirs')\n"
    repository.write({**QUIET, "conftest.py": FAKE + theirs, "test_mine.py": SPEED})
    out = repository.pytest("--bench", "--bench-batch", "4", "--levit-bench-seed", "7", "-k", "test_speed")
    assert repository.code == 0, out
    assert asked(repository.folder) == [[["fake:one", 4, 1], ["fake:two", 4, 1]]]
    assert (
        "levit-bench: --benchmark, --bench-seed are options of another plugin or a conftest.py here; use --bench, "
        "--levit-bench-seed instead"
    ) in out
    out = repository.pytest("--bench", "--bench-budget", "soon")
    assert "invalid duration 'soon'" in out
    out = repository.pytest("--bench", "--levit-bench-seed", "x")
    assert "--levit-bench-seed 'x': give one whole number" in out
    out = repository.pytest("--help")
    assert "--levit-bench-seed=N" in out
    assert re.search(r"^  --bench\b", out, re.M)


def test_only_names_that_are_taken_are_spoken_of(repository):
    repository.write({"test_theirs.py": "def test_theirs(): pass\n"})
    assert "levit-bench:" not in repository.pytest()
    repository.write({"conftest.py": THEIRS})
    out = repository.pytest()
    assert "levit-bench: --benchmark is an option of another plugin or a conftest.py here; use --bench instead" in out


@pytest.mark.parametrize("words", [(), ("--bench-networks", "levit_128s"), ("-n1",)], ids=["alone", "ours", "xdist"])
def test_a_conftest_that_pytest_finds_while_it_collects_may_have_our_names(repository, words):
    theirs = """
def pytest_addoption(parser):
    parser.addoption("--benchmark", action="store_true")
    parser.addoption("--bench-networks", default="theirs")
"""
    test = """
def test_theirs(pytestconfig):
    assert pytestconfig.getoption("--bench-networks") == "theirs"
    assert pytestconfig.getoption("--benchmark") is False
"""
    # pytest reads the conftest.py of `checks` only once it collects: the command line does not name that folder.
    repository.write({"checks/conftest.py": theirs, "checks/test_theirs.py": test})
    out = repository.pytest(*words)
    assert repository.code == 0, out
    assert "1 passed" in out


def test_an_option_that_a_conftest_requires_hides_none_of_ours(repository):
    theirs = "def pytest_addoption(parser):\n    parser.addoption('--env', required=True)\n"
    repository.write({**QUIET, "conftest.py": FAKE + theirs, "test_mine.py": SPEED})
    out = repository.pytest("--env=prod", "--benchmark", "--bench-batch", "4", "-k", "test_speed")
    assert repository.code == 0, out
    assert asked(repository.folder) == [[["fake:one", 4, 1], ["fake:two", 4, 1]]]


def test_values_of_a_second_spelling_are_taken_for_no_folder_of_tests(repository):
    theirs = "def pytest_addoption(parser):\n    parser.addoption('--bench-store', default='theirs')\n"
    repository.write({**QUIET, "out/x.txt": "", "tests/conftest.py": FAKE + theirs, "tests/test_mine.py": SPEED})
    out = repository.pytest("--benchmark", "--levit-bench-store", "out", "-k", "test_speed")
    assert repository.code == 0, out
    assert "--store out" in out


def test_values_of_our_options_are_taken_for_no_folder_of_tests(repository):
    # A folder of that name exists; and an option of a conftest.py below is known from the start all the same.
    repository.write(
        {
            **QUIET,
            "out/x.txt": "",
            "tests/conftest.py": FAKE + "def pytest_addoption(parser): parser.addoption('--theirs', default=1)\n",
            "tests/test_mine.py": SPEED,
        }
    )
    out = repository.pytest("--benchmark", "--bench-store", "out", "--theirs", "2", "-k", "test_speed")
    assert repository.code == 0, out
    assert "--store out" in out


@pytest.mark.parametrize("plugin", [False, True], ids=["conftest", "plugin"])
def test_a_fixture_measured_of_theirs_is_theirs_in_tests_without_our_mark(repository, plugin):
    fixture = "import pytest\n@pytest.fixture\ndef measured():\n    return 'theirs'\n"
    test = "def test_theirs(measured):\n    assert measured == 'theirs'\n"
    repository.write({"mine.py" if plugin else "conftest.py": fixture, "test_theirs.py": test})
    out = repository.pytest(*(["-p", "mine"] if plugin else []), PYTHONPATH=".")
    assert repository.code == 0, out
    assert "1 passed" in out


def test_our_mark_with_a_fixture_of_theirs_is_an_error_that_says_so(repository):
    fixture = "import pytest\n@pytest.fixture\ndef measured():\n    return 'theirs'\n"
    repository.write({**QUIET, "conftest.py": FAKE + fixture, "test_mine.py": SPEED})
    out = repository.pytest("--benchmark", "-k", "test_speed and one and b4")
    assert repository.code == 1
    assert "needs levit-bench's fixture 'measured', and another one of that name is nearer" in out
    assert "Take 'levit_measured' instead" in out
    assert "nothing was timed: the fixture 'measured' of each test with a case is not levit-bench's" in out
    assert "Traceback" not in out
    assert not (repository.folder / "asked.jsonl").exists(), "no test can read what would be timed"
    test = SPEED.replace(
        "(measured):\n    assert measured.l", "(levit_measured, measured):\n    assert levit_measured.l"
    )
    test += "def test_theirs(measured): assert measured == 'theirs'\n"
    repository.write({"test_mine.py": test})
    out = repository.pytest("--benchmark", "-k", "test_speed or theirs")
    assert repository.code == 0, out
    assert "5 passed" in out
    assert "fake:two-b4-t1-pinned]" in out.partition("Name (time in ms)")[2]  # fed to pytest-benchmark as well


@pytest.mark.parametrize("ours", ["measured", "request"])
def test_a_fixture_of_theirs_that_takes_ours_in_its_turn_has_its_test_timed(repository, ours):
    body = "request.getfixturevalue('levit_measured')" if ours == "request" else ours
    fixture = f"import pytest\n@pytest.fixture\ndef measured({ours}):\n    return {body}\n"
    suite = SPEED.replace("(measured)", "(measured, levit_measured)") if ours == "request" else SPEED
    repository.write({**QUIET, "conftest.py": FAKE + fixture, "test_mine.py": suite})
    out = repository.pytest("--benchmark", "-k", "test_speed and one and b4")
    assert repository.code == 0, out
    assert asked(repository.folder) == [[["fake:one", 4, 1]]]


@pytest.mark.parametrize("words", [(), ("-q",)])
def test_a_benchmark_option_of_theirs_is_said_to_have_timed_none_of_our_tests(repository, words):
    theirs = "def pytest_addoption(parser):\n    parser.addoption('--benchmark', action='store_true')\n"
    test = "import pytest\n@pytest.mark.levit_bench('nets.py:broken')\ndef test_a(measured): pass\n"
    files = {"test_mine.py": test, "nets.py": "def broken(): ...\n", "test_plain.py": "def test_b(): pass\n"}
    repository.write({**QUIET, "conftest.py": theirs, **files})
    line = "nothing was timed: --benchmark is an option of another plugin or a conftest.py here; to time 1 test marked "
    assert line + "levit_bench, use --bench\n" in repository.pytest("--benchmark", *words)
    assert "nothing was timed" not in repository.pytest("--benchmark", *words, "test_plain.py")
    assert "nothing was timed" not in repository.pytest(*words, "--setup-plan")


def test_a_mark_of_our_name_that_a_repository_registered_is_its_own(repository):
    test = "import pytest\n@pytest.mark.levit_bench\ndef test_theirs(): pass\n"
    repository.write({"pytest.ini": "[pytest]\nmarkers =\n    levit_bench: ours for ages\n", "test_theirs.py": test})
    out = repository.pytest("--strict-markers")
    assert repository.code == 0, out
    assert "1 passed" in out


def test_their_mark_of_our_name_with_their_fixture_of_our_name_is_theirs(repository):
    fixture = "import pytest\n@pytest.fixture\ndef measured():\n    return 'theirs'\n"
    mark = "import pytest\n@pytest.mark.levit_bench(colour='red')\n"
    repository.write({
        **QUIET,
        "pytest.ini": "[pytest]\nmarkers =\n    levit_bench(colour): ours for ages\n",
        "conftest.py": FAKE + fixture,
        "test_theirs.py": f"{mark}def test_theirs(measured): assert measured == 'theirs'\n",
        "test_ours.py": "import pytest\n@pytest.mark.levit_bench('fake:one')\ndef test_ours(levit_measured): pass\n",
    })  # fmt: skip
    out = repository.pytest("--benchmark", "--strict-markers")
    assert repository.code == 0, out
    assert "2 passed" in out
    assert asked(repository.folder) == [[["fake:one", 1, 1]]]


def test_a_fixture_benchmark_of_theirs_stands_beside_timed_tests(repository):
    fixture = "import pytest\n@pytest.fixture\ndef benchmark():\n    return 'theirs'\n"
    test = SPEED + "def test_theirs(benchmark):\n    assert benchmark == 'theirs'\n"
    repository.write({**QUIET, "conftest.py": FAKE + fixture, "test_mine.py": test})
    # pytest-benchmark refuses any other fixture of that name, with or without us.
    out = repository.pytest("--benchmark", "-p", "no:benchmark", "-k", "test_speed or theirs")
    assert repository.code == 0, out
    assert "5 passed" in out


@pytest.mark.parametrize(
    "words",
    [
        ("-p", "no:benchmark"),
        ("-W", "error", "--strict-markers", "--strict-config"),
        ("-p", "levit_bench_pytest", "-p", "no:terminal"),
        ("--import-mode=importlib",),
    ],
    ids=["no pytest-benchmark", "strict", "twice, no terminal", "importlib"],
)
def test_other_ways_to_call_pytest_time_what_is_marked(repository, words):
    repository.write({**QUIET, "conftest.py": FAKE, "test_mine.py": SPEED, "bench/levit_bench/__init__.py": ""})
    out = repository.pytest("--benchmark", *words, "-k", "test_speed")
    assert repository.code == 0, out
    assert "Traceback" not in out
    assert len(asked(repository.folder)) == 1


def test_a_fault_of_ours_fails_its_test_in_a_line_and_leaves_a_file(repository):
    broken = "import levit_bench.pytest_plugin as door\ndef measure(*_): raise RuntimeError('surely\\x1b[31m')\n"
    repository.write({**QUIET, "conftest.py": broken + "door.measure = measure\n", "test_mine.py": SPEED})
    out = repository.pytest("--benchmark", "-k", "test_speed", TMPDIR=str(repository.folder))
    assert repository.code == 1
    assert "levit-bench: internal error: RuntimeError: surely" in out
    assert "Traceback (most" not in out
    assert "\x1b[31m" not in out
    assert len(list(repository.folder.glob("levit-bench-traceback-*.txt"))) == 1


def test_tables_and_progress_end_nothing_where_the_terminal_knows_ascii_alone(repository):
    repository.write({**QUIET, "conftest.py": FAKE, "test_mine.py": SPEED})
    out = repository.pytest("--benchmark", "-k", "test_speed", PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert repository.code == 0, out
    assert "4 passed" in out
    assert out.isascii()
