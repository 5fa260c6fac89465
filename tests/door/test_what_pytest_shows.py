"""pytest and pytest-benchmark around a session that takes no time: selection, reports, files, exit codes."""

from __future__ import annotations

import json
import re
import sys
from xml.etree import ElementTree

import pytest

from tests.door.conftest import FAKE, SPEED, Repository, asked
from tests.door.fake import SLOW_DOWN
from tests.programs import output

pytestmark = pytest.mark.slow  # starts pytest for each test


def names(out: str) -> list[str]:
    return [line.split("::")[1] for line in out.splitlines() if line.startswith("test_mine.py::")]


def test_a_mark_becomes_one_test_a_case_and_options_choose_what_it_leaves_open(speed):
    out = speed.pytest(
        "--collect-only", "-q", "--benchmark", "--bench-batch", "4,8", "--bench-networks", "levit_128,levit_128s"
    )
    assert names(out) == [
        "test_speed[not-asked]",
        "test_open[levit_128-b4-t1-pinned]", "test_open[levit_128s-b4-t1-pinned]",
        "test_open[levit_128-b8-t1-pinned]", "test_open[levit_128s-b8-t1-pinned]",
        "test_plain",
    ]  # fmt: skip
    out = speed.pytest("--collect-only", "-q", "--benchmark", "--bench-threads", "1,2", "-k", "test_speed")
    assert len(names(out)) == 8


def test_a_form_is_an_axis_like_others_and_named_when_it_is_not_as_shipped(speed):
    speed.write({"test_mine.py": SPEED.replace("batch=[1, 4]", "batch=1, form=['shipped', 'inference']")})
    out = speed.pytest("--collect-only", "-q", "--benchmark", "-k", "test_speed")
    assert names(out) == [
        "test_speed[fake:one-b1-t1-pinned]", "test_speed[fake:one-b1-t1-pinned-inference]",
        "test_speed[fake:two-b1-t1-pinned]", "test_speed[fake:two-b1-t1-pinned-inference]",
    ]  # fmt: skip
    out = speed.pytest("--collect-only", "-q", "--benchmark", "--bench-form", "inference", "-k", "test_speed")
    assert [name.endswith("-inference]") for name in names(out)] == [True, True]
    out = speed.pytest("--collect-only", "-q", "--benchmark", "--bench-form", "folded")
    assert "unknown form 'folded'. Choose from shipped, inference" in out


def test_one_session_times_what_survived_the_selection_and_nothing_else(speed):
    out = speed.pytest("--benchmark", "-k", "(one and b4) or two or plain")
    assert speed.code == 0, out
    assert asked(speed.folder) == [[["fake:two", 1, 1], ["fake:one", 4, 1], ["fake:two", 4, 1]]]
    assert "4 passed" in out


def test_a_skipped_test_is_not_timed(speed):
    text = "import pytest\npytestmark = pytest.mark.levit_bench('fake:one')\n"
    text += "@pytest.mark.skip(reason='later')\ndef test_a(measured): pass\n"
    text += "@pytest.mark.skipif(True, reason='elsewhere')\ndef test_b(measured): pass\n"
    text += "@pytest.mark.levit_bench('fake:two')\ndef test_c(measured): pass\n"
    speed.write({"test_mine.py": text})
    out = speed.pytest("--benchmark")
    assert "1 passed, 2 skipped" in out
    assert asked(speed.folder) == [[["fake:two", 1, 1]]]


def test_the_table_and_the_json_hold_every_pass_in_order(speed):
    out = speed.pytest("--benchmark", "--benchmark-json=out.json", "-k", "test_speed")
    assert speed.code == 0, out
    found = json.loads((speed.folder / "out.json").read_text())["benchmarks"]
    assert [row["name"] for row in found] == [
        f"test_speed[fake:{name}-b{batch}-t1-pinned]" for batch in (1, 4) for name in ("one", "two")
    ]
    assert found[0]["stats"]["data"] == pytest.approx([0.01, 0.009, 0.012] * 6)
    assert found[0]["stats"]["rounds"] == 18
    assert found[0]["options"]["timer"].endswith("replay")
    assert found[2]["extra_info"]["latency_s"] == pytest.approx(0.04)
    assert found[2]["extra_info"]["batch"] == 4
    assert found[2]["group"] == "cpu, eager, 1 thread, batch 4, allocator pinned"
    assert "a-kind: a finding" in out
    assert "levit-bench front --session session" in out


def test_a_regression_against_a_saved_run_fails(speed):
    assert "Saved benchmark data" in speed.pytest("--benchmark", "--benchmark-save=base", "-k", "test_speed")
    out = speed.pytest("--benchmark", "--benchmark-compare", "--benchmark-compare-fail=median:5%", "-k", "test_speed")
    assert speed.code == 0, out
    out = speed.pytest(
        "--benchmark", "--benchmark-compare", "--benchmark-compare-fail=median:5%", "-k", "test_speed",
        **{SLOW_DOWN: "1.2"},
    )  # fmt: skip
    assert speed.code != 0
    assert "Performance has regressed" in out


def test_saved_runs_are_compared_by_pytest_benchmarks_own_command(speed):
    speed.pytest("--benchmark", "--benchmark-save=base", "-k", "test_speed")
    (saved,) = speed.folder.glob(".benchmarks/*/*.json")
    # In this repository, since the command loads the conftest.py of the folder that it is called in.
    words = [sys.executable, "-m", "pytest_benchmark", "compare", str(saved), f"--csv={speed.folder / 'out.csv'}"]
    output(words)
    assert "fake:two-b4" in (speed.folder / "out.csv").read_text()


def test_a_histogram_is_drawn(speed):
    out = speed.pytest("--benchmark", "--benchmark-histogram=hist", "-k", "test_speed and b4")
    assert speed.code == 0, out
    assert list(speed.folder.glob("hist*.svg"))


def test_benchmark_only_and_skip_choose_between_timed_tests_and_others(speed):
    out = speed.pytest("--benchmark", "--benchmark-only", "-k", "test_speed or plain")
    assert "4 passed, 1 skipped" in out
    out = speed.pytest("--benchmark", "--benchmark-skip", "-k", "test_speed or plain")
    assert "1 passed, 4 skipped" in out
    assert len(asked(speed.folder)) == 1


def test_a_group_of_the_users_own_is_kept(speed):
    text = SPEED.replace(
        '@pytest.mark.levit_bench("fake', '@pytest.mark.benchmark(group="mine")\n@pytest.mark.levit_bench("fake'
    )
    speed.write({"test_mine.py": text})
    out = speed.pytest("--benchmark", "-k", "test_speed")
    assert "benchmark 'mine': 4 tests" in out


def test_a_failed_case_fails_its_test_with_the_reason_and_no_other(speed):
    speed.write({"test_mine.py": SPEED.replace("fake:two", "fake:broken")})
    out = speed.pytest("--benchmark", "-k", "test_speed", "--junitxml=out.xml")
    assert speed.code == 1
    assert "2 failed, 2 passed" in out
    assert "failed: it broke" in out
    assert "Traceback" not in out
    cases = ElementTree.parse(speed.folder / "out.xml").getroot().iter("testcase")
    found = {case.get("name"): case for case in cases}
    assert found["test_speed[fake:broken-b1-t1-pinned]"].find("failure") is not None
    properties = {p.get("name"): p.get("value") for p in found["test_speed[fake:one-b4-t1-pinned]"].iter("property")}
    assert float(properties["latency_s"]) == pytest.approx(0.04)
    assert properties["batch"] == "4"


def test_exitfirst_and_last_failed_behave_as_ever(speed):
    speed.write({"test_mine.py": SPEED.replace("fake:one", "fake:broken"), "pytest.ini": "[pytest]"})
    words = ("--benchmark", "-k", "test_speed", "-p", "no:randomly", "-o", "cache_dir=cache", "-p", "cacheprovider")
    out = speed.pytest(*words, "-x")
    assert "1 failed" in out
    assert "passed" not in out
    out = speed.pytest(*words, "--lf")
    assert "1 failed" in out
    assert asked(speed.folder)[-1] == [["fake:broken", 1, 1]]


def test_a_refused_session_is_said_once_and_in_the_options_of_pytest(speed):
    speed.write({"test_mine.py": SPEED.replace("fake:one", "fake:tiny")})
    out = speed.pytest("--benchmark", "-k", "test_speed")
    assert speed.code == 1
    assert "1 failed, 3 skipped" in out
    assert "too small. Raise --bench-budget." in out
    assert len(asked(speed.folder)) == 1


def test_an_interrupted_session_ends_the_run_and_says_where_it_is(speed):
    speed.write({"test_mine.py": SPEED.replace("fake:one", "fake:stopped")})
    out = speed.pytest("--benchmark", "-k", "test_speed")
    assert speed.code == 2
    assert "what was taken is in" in out
    assert "interrupted: no test was run; what was timed until then is stored" in out
    assert "nothing was timed" not in out


def test_under_xdist_timed_tests_are_skipped_with_the_reason_and_checks_are_not(speed):
    out = speed.pytest("--benchmark", "-n", "2", "-rs", "-k", "test_speed or plain")
    assert speed.code == 1, out
    assert "1 passed, 4 skipped" in out
    assert "xdist runs several at once" in out
    assert not (speed.folder / "asked.jsonl").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--bench-threads", "two"), "--bench-threads: invalid list of whole numbers 'two'"),
        (("--bench-batch", "0"), "levit-bench: --bench-batch 0: give a whole number from 1 to 65536"),
        (("--bench-seed", "1,2"), "--bench-seed '1,2': give one whole number"),
        (("--bench-timeout", "x"), "--bench-timeout: invalid duration 'x'"),
        (("--bench-allocator", ""), "--bench-allocator names nothing"),
        (("--bench-device", "toaster"), "unknown device 'toaster'"),
        (("--bench-runtime", "abacus"), "unknown runtime 'abacus'"),
        (("--bench-allocator", "magic"), "magic"),
        (("--bench-race", "--bench-target-error", "1%"), "--bench-race and --bench-target-error are two goals"),
        (("--bench-target-error", "much"), "--bench-target-error 'much': give a percentage"),
        (("--bench-budget", "soon"), "invalid duration 'soon'"),
        (("--bench-networks", "zzz*"), "matches no network"),
        (("--bench-networks", "x" * 300), "names have at most 200"),
    ],
)
def test_a_bad_option_is_a_usage_error_before_anything_is_collected(speed, words, said):
    out = speed.pytest("--benchmark", *words)
    assert speed.code == pytest.ExitCode.USAGE_ERROR
    assert said in out
    assert "Traceback" not in out


BAD_MARKS = {
    "'fake:one', colour='red'": "knows no colour",
    "'fake:one', batch='many'": "--bench-batch: invalid list of batches 'many'",
    "'fake:one', batch=0": "give a whole number from 1",
    "'fake:one', threads=[]": "--bench-threads names nothing. Leave it out, or give a value, such as 1",
    "7": "networks=7: give a text, or several",
    "'fake:one', device='gpu'": "unknown device 'gpu'. Choose from cpu",
    "'fake:one', device=['cpu']": "device=['cpu']: give a text",
    "'fake:one', runtime='abacus'": "unknown runtime 'abacus'",
    "'fake:one', threads=True": "threads=True: give whole numbers",
    "'fake:one', images=0, classes=3, dataset='x'": "is about the set of an --accuracy, and none is given",
    "'fake:one', accuracy=91.0, dataset='my-parts'": "'my-parts' has how many images?",
    "'fake:one', accuracy=91.0, dataset=3": "dataset=3: give a text",
    "'fake:one', accuracy=91.0, dataset='my-parts', images='many'": "images='many': give one whole number",
    "'levit_128s', label='Ours'": "belongs to one network outside the catalog, and none is",
}
"""Arguments of a mark, and what is said of them."""


@pytest.fixture(scope="module")
def bad_marks(tmp_path_factory):
    """What is said of each bad mark, where each is in a file of its own, and the run with all of them."""
    repository = Repository(tmp_path_factory.mktemp("marks"))
    repository.write({"conftest.py": FAKE, "pytest.ini": "[pytest]"})
    files = {f"test_{number}.py": mark for number, mark in enumerate(BAD_MARKS)}
    repository.write(
        {
            name: f"import pytest\n@pytest.mark.levit_bench({mark})\ndef test_a(measured): pass\n"
            for name, mark in files.items()
        }
    )
    out = repository.pytest("--benchmark")
    _, *sections = re.split(r"^_+ ERROR at setup of test_a _+$", out.partition("short test summary")[0], flags=re.M)
    said = {section.strip().partition("::")[0]: section for section in sections}
    return repository.code, {mark: said[name] for name, mark in files.items()}


@pytest.mark.parametrize("mark", BAD_MARKS)
def test_a_bad_mark_is_an_error_of_its_test_that_says_what_it_takes(bad_marks, mark):
    code, said = bad_marks
    assert code == pytest.ExitCode.TESTS_FAILED
    assert BAD_MARKS[mark] in said[mark]
    assert "Traceback" not in said[mark]


def test_mark_and_fixture_belong_together(speed):
    speed.write({"test_mine.py": "import pytest\n@pytest.mark.levit_bench()\ndef test_a(): pass\n"})
    assert "takes the fixture 'measured'" in speed.pytest()
    speed.write({"test_mine.py": "def test_a(measured): pass\n"})
    assert "belongs to tests with the mark levit_bench" in speed.pytest()


def test_a_device_that_is_not_here_skips_its_suite_with_the_reason(speed):
    mark = "@pytest.mark.levit_bench('fake:one', device='cuda')"
    speed.write({"test_mine.py": f"import pytest\n{mark}\ndef test_a(measured): pass\n"})
    out = speed.pytest("--benchmark", "-rs")
    assert "1 skipped" in out
    assert "--device cuda" in out


def test_hostile_names_are_shown_as_text(speed):
    name = "fake:<b>=1+1\\x1b[31m/../../etc"
    speed.write({"test_mine.py": f'import pytest\n@pytest.mark.levit_bench("{name}")\ndef test_a(measured): pass\n'})
    out = speed.pytest("--benchmark", "--junitxml=out.xml", "--benchmark-json=out.json")
    assert "\x1b" not in out
    assert "printable characters" in out
    name = "fake:<b>=1+1;$(touch x)/../../etc"
    speed.write({"test_mine.py": f'import pytest\n@pytest.mark.levit_bench("{name}")\ndef test_a(measured): pass\n'})
    out = speed.pytest("--benchmark", "--junitxml=out.xml", "--benchmark-json=out.json", "-v")
    assert speed.code == 0, out
    assert json.loads((speed.folder / "out.json").read_text())["benchmarks"][0]["extra_info"]["network"] == name
    assert not any(path.name in ("x", "etc") for path in speed.folder.rglob("*"))


AT_EXIT = "import atexit, sys\natexit.register(lambda: print('torch imported:', 'torch' in sys.modules))\n"


def test_collecting_a_thousand_cases_imports_no_torch(speed):
    speed.write({"conftest.py": AT_EXIT})
    out = speed.pytest("--benchmark", "--collect-only", "-q", "--bench-batch", ",".join(map(str, range(1, 90))))
    assert len(names(out)) > 1000
    assert "torch imported: False" in out
