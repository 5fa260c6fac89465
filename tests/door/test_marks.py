"""Marks of functions, classes and modules, what else a marked test may be and take, and where its files are."""

from __future__ import annotations

import json

import pytest
from levit_bench.errors import UsageError
from levit_bench.pytest_plugin import declare, merged

from tests.door.conftest import FAKE, asked

NETS = "def build():\n    raise AssertionError('not built')\n"


def names(out):
    return [line.split("::", 1)[1] for line in out.splitlines() if "::" in line and "[" in line]


def test_marks_are_merged_and_the_innermost_wins_for_each_axis(repository):
    text = """
import pytest
pytestmark = pytest.mark.levit_bench("fake:one", batch=1, threads=1)

@pytest.mark.levit_bench(batch=4, form="inference")
class TestInner:
    def test_of_class(self, measured): pass

    @pytest.mark.levit_bench("fake:two", form="shipped")
    @pytest.mark.levit_bench(batch=8)
    def test_of_both(self, measured): pass

def test_of_module(measured): pass
"""
    repository.write({"test_mine.py": text, "pytest.ini": "[pytest]\naddopts = -p no:randomly"})
    assert names(repository.pytest("--collect-only", "-q")) == [
        "TestInner::test_of_class[fake:one-b4-t1-pinned-inference]",
        "TestInner::test_of_both[fake:two-b8-t1-pinned]",
        "test_of_module[fake:one-b1-t1-pinned]",
    ]


def test_what_an_outer_mark_states_of_its_network_is_not_said_of_an_inner_one():
    outer = (("nets:build",), {"accuracy": 71.0, "label": "Ours", "batch": 4})
    assert merged([(("nets:other",), {}), outer]) == (("nets:other",), {"batch": 4})
    assert merged([((), {"label": "Theirs"}), outer]) == (("nets:build",), outer[1] | {"label": "Theirs"})


def test_helpers_beside_the_tests_of_a_marked_module_are_left_alone(repository):
    text = """
import pytest
pytestmark = pytest.mark.levit_bench("fake:one")

@pytest.mark.levit_bench("fake:two")
class TestSpeed:
    def test_helper(self): pass
    def test_speed(self, measured): pass

def test_helper(): pass
"""
    repository.write({"conftest.py": FAKE, "test_mine.py": text})
    out = repository.pytest("--benchmark")
    assert repository.code == 0, out
    assert "3 passed" in out
    assert asked(repository.folder) == [[["fake:two", 1, 1]]]


EXPECTED = """
import pytest

@pytest.mark.xfail(strict=True, reason="slow")
@pytest.mark.levit_bench("levit_128s")
def test_slow(measured):
    assert measured.latency.value < 0

@pytest.mark.xfail(run=False, reason="hangs")
@pytest.mark.levit_bench("levit_128")
def test_not_run(measured): pass
"""
CHECKED = """
import levit_bench.pytest_plugin as door
door.Checks.problem = lambda self, declared: None
"""


def test_a_case_that_was_only_checked_is_no_unexpected_success(repository):
    repository.write({"conftest.py": FAKE + CHECKED, "test_mine.py": EXPECTED})
    out = repository.pytest("--strict-markers")
    assert repository.code == 0, out
    assert "1 passed, 1 xfailed" in out
    out = repository.pytest("--benchmark")
    assert repository.code == 0, out
    assert "2 xfailed" in out
    assert asked(repository.folder) == [[["levit_128s", 1, 1]]]  # what is not run is not timed


BOTH = """
import pytest

@pytest.mark.levit_bench("fake:one")
def test_both(measured, benchmark):
    assert benchmark(lambda: 7) == 7
"""


def test_a_test_that_takes_benchmark_itself_times_what_it_gives_to_it(repository):
    repository.write({"conftest.py": FAKE + CHECKED, "test_mine.py": BOTH})
    out = repository.pytest("--benchmark", "--benchmark-json=out.json", "-W", "error")
    assert repository.code == 0, out
    (row,) = json.loads((repository.folder / "out.json").read_text())["benchmarks"]
    assert not row["options"]["timer"].endswith("replay")
    assert row["group"] is None
    out = repository.pytest("-W", "error")
    assert repository.code == 0, out  # checked alone: the fixture is not reported as unused
    repository.write({"test_mine.py": BOTH.replace("fake:one", "fake:broken")})
    out = repository.pytest("--benchmark", "-W", "error")
    assert "failed: it broke" in out


def test_errors_of_a_mark_name_the_test(repository):
    mark = "import pytest\n@pytest.mark.levit_bench('fake:one', {})\ndef test_{}({}): pass\n"
    repository.write({
        "test_mine.py": mark.format("colour=1", "colour", "measured"),
        "test_other.py": mark.format("", "no_fixture", ""),
    })  # fmt: skip
    out = repository.pytest("--benchmark")
    assert "test_mine.py::test_colour: levit-bench: the mark levit_bench knows no colour" in out
    assert "test_other.py::test_no_fixture: levit-bench: a test marked levit_bench takes the fixture 'measured'" in out


def test_an_error_of_a_mark_is_one_line_and_not_a_chain_of_them(repository):
    mark = "import pytest\n@pytest.mark.levit_bench({})\ndef test_one(measured): pass\n"
    repository.write({"test_batch.py": mark.format("'fake:one', batch=0"), "test_name.py": mark.format("5")})
    out = repository.pytest("--benchmark")
    assert "test_batch.py::test_one: levit-bench: --bench-batch 0: give a whole number from 1" in out
    assert "test_name.py::test_one: levit-bench: networks=5: give a text, or several." in out
    assert "During handling" not in out
    assert "direct cause" not in out


@pytest.mark.parametrize(
    "given",
    [(["fake:one", "fake:two"],), ("fake:one", ("fake:two",)), ("fake:one,fake:two",), (["fake:one,fake:two"],)],
)
def test_networks_of_a_mark_stand_one_by_one_or_in_lists(given):
    networks, _ = merged([(given, {})])
    assert [case.request.networks for case in declare(networks, {}, {})] == [("fake:one",), ("fake:two",)]


def test_an_empty_list_of_networks_leaves_them_to_an_outer_mark():
    assert merged([(([],), {"batch": 1}), (("fake:one",), {})]) == (("fake:one",), {"batch": 1})


def test_each_of_several_rivals_keeps_its_fields():
    (case,) = declare(["fake:one"], {"against": ["fake:a:form=inference,batch=2", "fake:b:form=inference,batch=2"]}, {})
    assert [(one.request.networks, one.request.forms, one.request.batches) for one in case.rivals] == [
        (("fake:a",), ("inference",), (2,)), (("fake:b",), ("inference",), (2,)),
    ]  # fmt: skip


def test_a_record_is_shown_in_a_line(repository):
    text = """
import pytest

@pytest.mark.levit_bench("fake:one")
def test_speed(measured):
    record, runs = measured.record, measured.record.runs
    assert measured.record.runs[0].turns is None, "as asserted"
"""
    repository.write({"conftest.py": FAKE, "test_mine.py": text})
    out = repository.pytest("--benchmark", "-vv", "-l")
    assert "record     = <Record 'fake:one 224px b1 t1 pinned' of session s1: done, 3 runs>" in out
    assert "measured   = <Measured fake:one 224px b1 t1 pinned: 10.0 ms a batch>" in out
    assert "<Run 0: 2 turns>" in out
    assert max(map(len, out.splitlines())) < 1200


def test_the_parameter_is_text_in_files_of_pytest_benchmark(repository):
    test = "import pytest\n@pytest.mark.levit_bench('fake:one')\ndef test_speed(measured): pass\n"
    repository.write({"conftest.py": FAKE, "test_mine.py": test})
    out = repository.pytest(
        "--benchmark", "--benchmark-json=out.json", "--benchmark-group-by=param:measured", "-p", "no:randomly"
    )
    assert repository.code == 0, out
    (row,) = json.loads((repository.folder / "out.json").read_text())["benchmarks"]
    assert row["params"] == {"measured": "fake:one-b1-t1-pinned"}
    assert "benchmark 'measured=fake:one-b1-t1-pinned'" in out


def test_a_file_of_a_mark_is_looked_for_beside_the_test_then_in_the_root_folder_then_here(repository):
    mark = "import pytest\n@pytest.mark.levit_bench('nets.py:{}')\ndef test_a(measured): pass\n"
    repository.write({
        "pytest.ini": "[pytest]\naddopts = -p no:randomly",
        "nets.py": NETS,
        "a/b/nets.py": NETS,
        "a/b/test_beside.py": mark.format("build"),
        "c/test_root.py": mark.format("build"),
        "c/test_rival.py": mark.format("build', against='nets.py:build(2)"),
        "d/none.ini": "[pytest]",
        "d/only.toml": "[[network]]\nbuild = 'own.py:build'\n",
        "d/own.py": NETS,
        "d/test_toml.py": mark.replace("nets.py:{}", "only.toml"),
    })  # fmt: skip
    out = repository.pytest("--collect-only", "-q")
    assert names(out) == [
        "test_a[a/b/nets.py:build-b1-t1-pinned]", "test_a[nets.py:build-b1-t1-pinned]",
        "test_a[nets.py:build-b1-t1-pinned]", "test_a[d/own.py:build-b1-t1-pinned]",
    ]  # fmt: skip
    # With another root folder, the file is looked for where pytest was called as well.
    out = repository.pytest("--collect-only", "-q", "--rootdir=d", "-c", "d/none.ini", "c/test_root.py")
    assert "test_a[nets.py:build-b1-t1-pinned]" in out


def test_a_file_that_is_nowhere_is_an_error_that_names_the_folders(tmp_path):
    with pytest.raises(UsageError, match=r"no file 'nets.py'.*beside the test, in pytest's root folder and"):
        declare(["nets.py:build"], {}, {}, (tmp_path / "tests", tmp_path))


@pytest.mark.parametrize("name", ["nets.py:build", "sub/nets.py:build(path='x.py:y')[0]@64"])
def test_the_rest_of_the_name_of_a_file_stays(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path / "here" / "sub", tmp_path / "here"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "nets.py").write_text(NETS)
    (case,) = declare([name], {}, {}, (tmp_path / "here", tmp_path))
    stored = case.request.networks[0].replace('"', "'").partition("#")
    assert "here/" + name.removesuffix("@64") == stored[0]


@pytest.mark.parametrize("behind", ["", "@64"])
def test_model_files_and_their_references_are_looked_for_in_the_same_folders(tmp_path, monkeypatch, behind):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "nets.py").write_text(NETS)
    (tmp_path / "here" / "m.onnx").write_bytes(b"x")
    (case,) = declare([f"m.onnx{behind}"], {"reference": "nets.py:build"}, {}, (tmp_path / "here", tmp_path))
    assert case.request.networks[0].startswith("here/m.onnx#")
    assert case.request.networks[0].endswith(behind)
    assert case.request.reference == "here/nets.py:build"
    with pytest.raises(UsageError, match=r"no file 'n.onnx'.*beside the test"):
        declare(["n.onnx"], {}, {}, (tmp_path / "here", tmp_path))


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        (
            "levit_bench('fake:one', agianst='fake:two')",
            "the mark levit_bench knows no agianst. Did you mean 'against'?",
        ),
        ("levit_bench('fake:one', thread=2)", "the mark levit_bench knows no thread. Did you mean 'threads'?"),
        ("levit_bench('fake:one', runtime='onnx')", "unknown runtime 'onnx'. Did you mean 'onnxruntime'?"),
        ("levit_bench('fake:one', precision='fp61')", "unknown precision 'fp61'. Did you mean 'fp16'?"),
        ("levit_bench('fake:one', allocator='pined')", "Did you mean 'pinned'?"),
        ("levit_bench('nets.py:biuld')", "nets.py has no 'biuld'. Did you mean 'build'?"),
        ("levit_bench('fake:one', against='nets.py:biuld')", "nets.py has no 'biuld'. Did you mean 'build'?"),
        (
            "levit_bnech('nets.py:build', threads=2)",
            "and this one has the mark 'levit_bnech'. Write @pytest.mark.levit_bench('nets.py:build', threads=2)",
        ),
        (
            "skipif(False, reason='')",
            "belongs to tests with the mark levit_bench. Name a network in one, such as @pytest",
        ),
    ],
)
def test_what_was_meant_is_said_of_a_misspelt_mark_argument_value_or_function(repository, mark, message):
    test = f"import pytest\n@pytest.mark.{mark}\ndef test_a(levit_measured): pass\n"
    repository.write({"nets.py": NETS, "test_mine.py": test})
    out = repository.pytest()
    assert repository.code != 0
    assert message in out


def test_misspelt_values_of_options_end_pytest_before_it_collects_also_where_nothing_is_timed(repository):
    repository.write({"nets.py": NETS, "test_plain.py": "def test_a(): pass\n"})
    for option, message in (
        ("--bench-networks=nets.py:biuld", "nets.py has no 'biuld'. Did you mean 'build'?"),
        ("--bench-networks=levit_182*", "'levit_182*' matches no network"),
        ("--bench-networks=net.py:build", "there is no file 'net.py'"),
        ("--bench-runtime=onnx", "Did you mean 'onnxruntime'?"),
    ):
        out = repository.pytest(option)
        assert repository.code == pytest.ExitCode.USAGE_ERROR, out
        assert message in out
        assert "collected" not in out


@pytest.mark.slow
def test_a_misspelt_network_of_the_command_line_ends_pytest_and_one_of_timm_does_not(repository):
    repository.write({"test_plain.py": "def test_a(): pass\n"})
    out = repository.pytest("--bench-networks=levit_128z")
    assert repository.code == pytest.ExitCode.USAGE_ERROR, out
    assert "levit-bench: unknown network 'levit_128z'. Did you mean 'levit_128'?" in out
    out = repository.pytest("--bench-networks=vit_tiny_patch16_224")
    assert repository.code == 0, out
