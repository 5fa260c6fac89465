"""The runtimes on a small network: artifacts, threads, versions, what they refuse, and what they leave as it was."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from levit_bench.asking.request import Request, check
from levit_bench.errors import UsageError
from levit_bench.measuring import runtimes
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.runtimes import requirements
from levit_bench.measuring.worker import Worker
from levit_bench.measuring.workers.messages import CaseLoaded, Describe, Description, Load
from levit_bench.pytest_plugin import NotAskedError, declare, options
from levit_bench.records import Case

from tests.measuring.runtimes.asking import ON_PROCESSORS, skip_without, taken
from tests.torch_forks import TorchForks

pytestmark = pytest.mark.slow  # builds and times networks

QUICK = tuple(name for name in ON_PROCESSORS if name != "compile")
"""Compiling takes long, and its tests are slow ones."""
EACH = [*QUICK, pytest.param("compile", marks=pytest.mark.slow)]


def sound(runtime: str, network: str = "sound", **fields: object) -> Case:
    """A tiny network that behaves, or another one of `tests/hostile_networks.py`."""
    return Case(network=f"tests.hostile_networks:{network}", resolution=32, runtime=runtime, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("runtime", EACH)
def test_a_runtime_computes_batches_and_tells_its_threads_and_versions(runtime: str, tmp_path: Path) -> None:
    """Nor does it warn of what its user cannot change: warnings are errors here, and would have failed the case."""
    worker = taken(sound(runtime, batch=3), tmp_path)
    assert isinstance(worker, Worker), worker
    told = worker.answer(Describe())
    assert isinstance(told, Description)
    assert told.threads == 1
    assert told.versions.get(runtime, told.versions.get("torch"))
    assert all(value for value in told.versions.values())


@pytest.mark.parametrize("runtime", EACH)
def test_what_is_left_lies_in_the_sessions_folder(
    runtime: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "session"
    elsewhere.mkdir()
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(elsewhere))
    monkeypatch.setattr("tempfile.tempdir", None)
    worker = taken(sound(runtime), folder)
    assert isinstance(worker, Worker), worker
    # Torch makes an empty folder for its compiler's caches, whatever is done with it.
    assert [path for path in elsewhere.rglob("*") if path.is_file()] == []
    assert artifacts.artifact_in(folder).is_relative_to(folder)


def test_artifacts_are_shared_by_cases_that_a_runtime_need_not_tell_apart() -> None:
    def shared(runtime: str, **fields: object) -> bool:
        one, other = sound(runtime), sound(runtime, **fields)
        return runtimes.of_an_artifact(one) == runtimes.of_an_artifact(other)

    assert all(shared(name, allocator="shipped") for name in (*ON_PROCESSORS, "foreign"))
    assert [name for name in ON_PROCESSORS if shared(name, batch=16)] == ["eager", "channels-last"]
    assert [name for name in (*ON_PROCESSORS, "foreign") if not shared(name, threads=2)] == ["compile", "foreign"]
    assert not any(shared(name, precision="bf16") for name in ON_PROCESSORS)


def test_an_artifact_may_be_a_folder_and_its_digest_depends_on_names_and_contents(tmp_path: Path) -> None:
    def digest(**files: str) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
        return artifacts.artifact_digest(folder)

    assert digest(a="1", b="2") == digest(b="2", a="1")
    assert len({digest(a="1", b="2"), digest(a="12", b=""), digest(a="1", c="2"), digest(a="1")}) == 4


@pytest.mark.parametrize(
    ("runtime", "threads"),
    [
        ("onnxruntime", 2),
        pytest.param("onnxruntime", 1, marks=pytest.mark.slow),
        pytest.param("openvino", 1, marks=pytest.mark.slow),
        pytest.param("openvino", 2, marks=pytest.mark.slow),
        pytest.param("compile", 1, marks=pytest.mark.skip(reason="its threads are torch's own, which seats verify")),
    ],
)
def test_a_seat_uses_the_threads_of_its_cases(runtime: str, threads: int, tmp_path: Path, forks: TorchForks) -> None:
    """In a process of its own, as seats are: others' threads would be counted, too."""
    skip_without(runtime)
    code = f"""
import sys, torch
from pathlib import Path
from tests.measuring.runtimes.test_runtimes import sound
from tests.measuring.runtimes.asking import taken
from levit_bench.measuring.workers.messages import Describe
torch.set_num_threads({threads})
worker = taken(sound({runtime!r}, threads={threads}), Path(sys.argv[1]))
print(worker if isinstance(worker, str) else worker.answer(Describe()).threads)
"""
    assert forks.output(code, [str(tmp_path)]).split() == [str(threads)]


@pytest.mark.parametrize("runtime", ["torchscript", *(name for name in ON_PROCESSORS if name == "openvino")])
def test_a_runtime_leaves_torch_as_it_was(runtime: str, tmp_path: Path) -> None:
    skip_without(runtime)
    before = torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()
    assert isinstance(found := taken(sound(runtime), tmp_path), Worker), found
    assert before == (torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled())


def test_openvino_is_imported_without_what_talks_to_the_network(forks: TorchForks) -> None:
    skip_without("openvino")
    code = """
import sys
from levit_bench.measuring.runtimes import openvino
openvino.versions()
print(sorted(name for name, module in sys.modules.items() if name.startswith("openvino_telemetry") and module))
"""
    assert forks.output(code).strip() == "[]"


def test_openvino_computes_in_fp32_where_it_is_asked_for(tmp_path: Path) -> None:
    worker = taken(sound("openvino"), tmp_path)
    assert isinstance(worker, Worker), worker
    told = worker.answer(Describe())
    assert isinstance(told, Description)
    assert told.versions["inference_precision_hint"] == "f32"
    assert told.versions["num_streams"] == "1"


REFUSED = {
    "torchscript": "raised RuntimeError",
    "onnxruntime": "torch.onnx cannot export it: ",
    "openvino": "torch.onnx cannot export it: ",
    "compile": "torch.export cannot capture it: ",
}


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino", "compile"])
def test_a_network_that_cannot_be_exported_costs_itself_with_the_reason(runtime: str, tmp_path: Path) -> None:
    skip_without(runtime)
    found = taken(sound(runtime, "decides"), tmp_path)
    assert isinstance(found, str)
    assert found.startswith(REFUSED[runtime]), found
    assert "data-dependent" in found


def test_a_trace_that_missed_a_decision_is_found_out_by_its_outputs(tmp_path: Path) -> None:
    found = taken(sound("torchscript", "decides"), tmp_path)
    assert isinstance(found, str)
    assert "output differs from fp32 eager" in found


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "is_installed", lambda name: name == "onnx")
    assert (
        runtimes.unavailable("onnxruntime")
        == "onnxruntime, onnxscript are not installed: pip install 'levit-bench[onnx]'"
    )
    monkeypatch.setattr(requirements, "is_installed", lambda name: name != "openvino")
    assert runtimes.unavailable("openvino") == "openvino is not installed: pip install 'levit-bench[openvino]'"
    with pytest.raises(UsageError, match=r"runtime 'openvino' cannot run here: openvino is not installed: pip install"):
        check(Request(networks=("levit_128s",), runtimes=("eager", "openvino")))
    assert runtimes.unavailable("onnxruntime") is None


def test_a_suite_about_a_runtime_that_cannot_run_here_is_skipped_and_a_command_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(requirements, "is_installed", lambda name: name != "onnxruntime")
    with pytest.raises(NotAskedError, match=r"runtime 'onnxruntime' cannot run here: onnxruntime is not installed"):
        declare(["levit_128s"], {"runtime": ("eager", "onnxruntime")}, {})
    with pytest.raises(UsageError, match="runtime 'onnxruntime' cannot run here"):
        options({"runtime": "onnxruntime"})


def test_without_a_compiler_nothing_is_compiled_and_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", "")
    assert "install" in (requirements.compiler() or "")
    monkeypatch.setenv("CXX", "nosuch++")
    assert requirements.compiler() == (
        "CXX names the C++ compiler 'nosuch++', which is not there: name another, or unset CXX"
    )
    with pytest.raises(UsageError, match="runtime 'compile' cannot run here: CXX names"):
        check(Request(networks=("levit_128s",), runtimes=("compile",)))


def test_a_compiler_that_does_not_compile_is_found_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from levit_bench.measuring.runtimes import compile as compiled

    broken = tmp_path / "c++"
    broken.write_text("#!/bin/sh\necho 'fatal: omp.h: not found' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(requirements, "compiler", lambda: None)
    monkeypatch.setattr(compiled, "_compiler", lambda: str(broken))
    assert "(fatal: omp.h: not found)" in (compiled.unavailable() or "")
    monkeypatch.setattr(compiled, "_compiler", lambda: str(tmp_path / "nosuch"))
    assert "does not work" in (compiled.unavailable() or "")


@pytest.mark.parametrize(
    ("runtime", "precision", "said"),
    [
        ("onnxruntime", "bf16", r"does not compute in bf16, but in fp32\. Choose that, or .*: eager, .*openvino\."),
        ("openvino", "tf32", "tf32 is how NVIDIA GPUs multiply"),
    ],
)
def test_a_precision_that_a_runtime_does_not_know_is_refused_before_anything_is_prepared(
    runtime: str, precision: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        check(Request(networks=("levit_128s",), runtimes=("eager", runtime), precisions=("fp32", precision)))


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_the_seat_refuses_it_as_well(runtime: str, tmp_path: Path) -> None:
    skip_without(runtime)
    with pytest.raises(ValueError, match=r"computes? in fp32.* on a processor, not in tf32"):
        runtimes.get(runtime).load(sound(runtime, precision="tf32"), tmp_path)


def test_a_foreign_runtime_that_cannot_run_here_costs_its_cases_with_its_own_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    foreign = SimpleNamespace(unavailable=lambda: "it needs a licence: buy one")
    monkeypatch.setattr(runtimes, "get", lambda _name: foreign)
    with pytest.raises(ValueError, match="runtime 'foreign' cannot run here: it needs a licence: buy one"):
        artifacts.prepare(sound("foreign"), (1,), tmp_path, 0)


def test_channels_come_last_in_weights_and_images(tmp_path: Path) -> None:
    case = sound("channels-last", batch=2)
    artifacts.prepare(case, (2,), tmp_path, 0)
    worker = Worker()
    assert isinstance(worker.answer(Load(case=case, folder=str(tmp_path), seed=0)), CaseLoaded)
    held = worker._loaded_cases[case.id]
    weights = [value for value in held.loaded.run.parameters() if value.ndim == 4]  # type: ignore[attr-defined]
    assert weights
    assert all(one.is_contiguous(memory_format=torch.channels_last) for one in [*weights, held.feed.placed])


@pytest.mark.parametrize("fails", [False, True])
def test_it_compiles_with_the_threads_of_the_case_and_gives_the_others_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fails: bool
) -> None:
    """OneDNN packs weights for the threads that it meets: weights for two are packed anew in every pass with one."""
    from levit_bench.measuring.runtimes import compile as compiled

    met: list[int] = []

    def packaged(*_: object, package_path: str, **__: object) -> str:
        met.append(torch.get_num_threads())
        if fails:
            raise RuntimeError("no")
        return package_path

    before = torch.get_num_threads()
    monkeypatch.setattr(torch._inductor, "aoti_compile_and_package", packaged)
    case = Case(network="levit_128s", resolution=32, runtime="compile", threads=before + 1)
    with pytest.raises(RuntimeError) if fails else nullcontext():
        compiled.prepare(case, torch.nn.Conv2d(3, 4, 3).eval(), torch.zeros(1, 3, 32, 32), tmp_path)
    assert (met, torch.get_num_threads()) == ([before + 1], before)
