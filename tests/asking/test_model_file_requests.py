"""What may be asked of a model file, and what is refused before anything is prepared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from levit_bench.asking.references import each_once
from levit_bench.asking.request import Request, subjects
from levit_bench.errors import UsageError
from levit_bench.measuring import runtimes
from levit_bench.measuring.machine import processor_flags
from levit_bench.measuring.model_files.description import ModelDescription
from levit_bench.measuring.preparing.workshop import Workshop
from levit_bench.measuring.session.session import Subject
from levit_bench.measuring.workers.messages import Resolved
from levit_bench.pytest_plugin import declare
from levit_bench.records import ImageShape

OPEN = ModelDescription(file="open")
FIXED = ModelDescription(file="fixed", batch=8, channels=1, height=32, width=48, dtype="uint8")
UNTYPED = ModelDescription(file="untyped", is_typed=False)


class _Reads(Workshop):
    """Describes every model file alike, without a process."""

    def check_precisions(self, cases: object) -> None: ...

    def __init__(self, description: ModelDescription) -> None:
        self._description = description

    def resolve(self, names: Any) -> Resolved:
        names = list(names)
        models = {name: self._description for name in names if ":" not in name}
        shapes = {name: self._description.shape if name in models else ImageShape.square(224) for name in names}
        return Resolved(shapes=shapes, missing={}, known=(), models=models)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A current folder with a file of each format."""
    for name in ("m.onnx", "m.xml", "m.bin", "m.pt", "m.pt2"):
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)


def asked(name: str, description: ModelDescription = OPEN, **fields: Any) -> list[Subject]:
    """The cases of one model file."""
    return subjects(Request(networks=(name,), **fields), _Reads(description))


def refused(name: str, description: ModelDescription = OPEN, **fields: Any) -> str:
    """Why one cannot be asked for so."""
    with pytest.raises(UsageError) as error:
        asked(name, description, **fields)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "runtime"),
    [("m.onnx", "onnxruntime"), ("m.xml", "openvino"), ("m.pt", "torchscript"), ("m.pt2", "eager")],
)
def test_a_file_runs_in_what_runs_its_format_and_has_its_own_weights(name: str, runtime: str) -> None:
    (one,) = asked(name)
    assert (one.case.runtime, one.case.weights, one.case.batch) == (runtime, "file", 1)
    assert one.case.is_of_user
    assert one.finding is not None
    assert one.finding.kind == "model-file"
    assert f"in {runtime}, which runs such files" in one.finding.message


def test_other_networks_keep_the_usual_runtime_beside_a_file() -> None:
    made = subjects(Request(networks=("m.onnx", "levit_128s")), _Reads(OPEN))
    assert [(one.case.network.partition("#")[0], one.case.runtime, one.case.weights) for one in made] == [
        ("levit_128s", "eager", "random-calibrated-1"), ("m.onnx", "onnxruntime", "file"),
    ]  # fmt: skip


def test_a_runtime_that_is_asked_for_holds_for_all() -> None:
    made = subjects(Request(networks=("m.onnx", "levit_128s"), runtimes=("openvino", "onnxruntime")), _Reads(OPEN))
    assert [one.case.runtime for one in made] == ["openvino", "onnxruntime"] * 2
    assert [one.finding for one in made] == [None] * 4


@pytest.mark.parametrize(
    ("name", "runtime", "said"),
    [
        ("m.onnx", "eager", "'m.onnx' runs in onnxruntime and openvino, not in eager."),
        ("m.xml", "onnxruntime", "'m.xml' runs in openvino, not in onnxruntime."),
        ("m.pt", "compile", "'m.pt' runs in torchscript, not in compile."),
        ("m.pt2", "torchscript", "'m.pt2' runs in eager and compile, not in torchscript."),
    ],
)
def test_a_runtime_that_cannot_run_a_file_is_refused(name: str, runtime: str, said: str) -> None:
    assert refused(name, runtimes=(runtime,)).startswith(said)


def test_what_runs_a_file_and_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "unavailable", {"onnxruntime": "it is gone"}.get)
    assert [one.case.runtime for one in asked("m.onnx")] == ["openvino"]
    monkeypatch.setattr(runtimes, "unavailable", lambda name: None if name == "eager" else "it is gone")
    assert refused("m.onnx") == "runtime 'onnxruntime' cannot run here: it is gone."


def test_a_fixed_batch_is_used_and_another_one_is_refused() -> None:
    (one,) = asked("m.onnx", FIXED, runtimes=("onnxruntime",))
    assert (one.case.batch, one.case.shape) == (8, ImageShape(1, 32, 48, "uint8"))
    assert one.finding is not None
    assert one.finding.message == "m.onnx is timed as it is, with its own weights: at batch 8, which it fixes."
    (one,) = asked("m.onnx", FIXED, batches=(8,), runtimes=("onnxruntime",))
    assert one.finding is None
    assert "--batch 1: the batch of 'm.onnx#2d7116' is fixed at 8." in refused("m.onnx", FIXED, batches=(1, 8))


def test_an_open_batch_is_the_one_that_is_asked_for() -> None:
    assert [one.case.batch for one in asked("m.onnx", OPEN, batches=(1, 16))] == [1, 16]


def test_a_size_is_taken_where_the_file_leaves_it_open() -> None:
    (one,) = asked("m.onnx@192x256")
    assert one.case.size == "192x256"
    assert [one.case.size for one in asked("m.onnx", resolution=96)] == ["96"]
    for fields in ({"name": "m.onnx@64"}, {"name": "m.onnx", "resolution": 64}):
        said = refused(description=FIXED, **fields)  # type: ignore[arg-type]
        assert "its height is fixed at 32 pixels, and 64 are asked for" in said


def test_what_a_toml_file_states_of_images_holds_where_the_file_does_not_say() -> None:
    Path("nets.toml").write_text('[[network]]\nfile = "m.pt"\nchannels = 1\ndtype = "uint8"\n', encoding="utf-8")
    (one,) = asked("nets.toml", UNTYPED)
    assert one.case.shape == ImageShape(1, 224, 224, "uint8")
    assert "it takes 3 channels, and 1 are stated" in refused("nets.toml", OPEN)


def test_an_accuracy_and_a_label_are_stated_as_of_any_network_of_the_users() -> None:
    (one,) = asked("m.pt", accuracy=78.5, label="Ours")
    assert one.accuracy is not None
    assert (one.accuracy.top1, one.label) == (78.5, "Ours")


def test_a_file_is_timed_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor_flags, "flags", lambda: frozenset({"avx512bw"}))  # whatever this processor has
    assert refused("m.onnx", forms=("inference",)) == "--form inference: 'm.onnx' is timed as it is. Leave --form out."
    for name, runtime in (("m.onnx", "onnxruntime"), ("m.pt", "torchscript"), ("m.pt2", "eager")):
        said = refused(name, precisions=("fp32", "bf16"))
        assert said.startswith(f"--precision bf16: {runtime} runs '{name}' in the numbers that are in the file.")
    (one,) = asked("m.onnx", precisions=("bf16",), runtimes=("openvino",))
    assert one.case.precision == "bf16"


def test_a_mark_of_pytest_takes_a_file() -> None:
    (one,) = declare(["m.onnx"], {}, {})
    assert one.request.runtimes == ("onnxruntime",)
    assert one.id.startswith("m.onnx-b1-t1")


def _written(text: str = "def build(): ...") -> None:
    Path("nets.py").write_text(text, encoding="utf-8")


def test_the_model_files_of_a_request_have_its_reference_and_other_networks_have_none() -> None:
    _written()
    request = Request(networks=("m.onnx", "m.pt", "levit_128s"), reference="nets.py:build")
    made = {one.case.network.partition("#")[0]: one.reference for one in subjects(request, _Reads(OPEN))}
    assert made.keys() == {"m.onnx", "m.pt", "levit_128s"}
    assert made["m.onnx"] == made["m.pt"]
    assert made["m.onnx"].startswith("nets.py:build#")
    assert made["levit_128s"] == ""


def test_a_table_of_networks_names_the_reference_of_each_file() -> None:
    _written()
    Path("t.toml").write_text('[[network]]\nfile = "m.onnx"\nreference = "nets.py:build"\n', encoding="utf-8")
    (one,) = asked("t.toml")
    assert one.reference.startswith("nets.py:build#")
    assert "has its reference in a TOML file. State it once" in refused("t.toml", reference="nets.py:other")


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("resnet18", "those of the catalog's and timm's networks are drawn at random here"),
        ("m.pt", "'m.pt' is a model file. Name the function"),
        ("nets.py:build@64", "Leave '@64' out"),
        ("nets.py:build,nets.py:other", "name one function, such as nets.py:build"),
        ("nowhere.py:build", "there is no file 'nowhere.py'"),
    ],
)
def test_what_cannot_be_a_reference_is_refused(reference: str, why: str) -> None:
    _written()
    assert why in refused("m.onnx", reference=reference)


def test_a_reference_that_takes_other_images_is_refused() -> None:
    _written()
    assert "takes images of 3 channels, and 'm.onnx' of 1" in refused("m.onnx", FIXED, reference="nets.py:build")
    colour = ModelDescription(file="bytes", dtype="uint8")
    assert "takes images of float32, and 'm.onnx' of uint8" in refused("m.onnx", colour, reference="nets.py:build")


def test_a_reference_without_a_model_file_is_refused() -> None:
    with pytest.raises(UsageError, match="no model file is named"):
        subjects(Request(networks=("levit_128s",), reference="nets.py:build"), _Reads(OPEN))


def test_two_references_of_one_file_are_refused_and_one_holds_for_both_requests() -> None:
    _written()
    plain, (first, second) = asked("m.onnx"), [asked("m.onnx", reference=f"nets.py:{name}") for name in ("a", "b")]
    assert [one.reference for one in each_once([*first, *plain]).values()] == [first[0].reference]
    with pytest.raises(UsageError, match=r"'m.onnx' has two references, 'nets.py:a' and 'nets.py:b'"):
        each_once([*first, *second])


def test_a_mark_gives_the_reference_to_its_model_files_alone() -> None:
    _written()
    made = declare(["m.onnx", "nets.py:other"], {"reference": "nets.py:build"}, {})
    assert [(case.request.networks[0][:4], case.request.reference) for case in made] == [
        ("m.on", "nets.py:build"),
        ("nets", ""),
    ]
