"""A model file is copied, checked against its own answers, and timed as it is, in every runtime that runs it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from levit_bench.catalog.user_networks import expand
from levit_bench.measuring.model_files import deployed, reading
from levit_bench.measuring.model_files.description import description_in
from levit_bench.measuring.pass_data.images import images
from levit_bench.measuring.pass_data.reference_outputs import references_in
from levit_bench.measuring.preparing import artifacts, deployed_models
from levit_bench.measuring.preparing.artifact_cache import ArtifactCache
from levit_bench.measuring.preparing.workshop import Artifact, Workshop, code_of
from levit_bench.measuring.worker import Worker
from levit_bench.measuring.workers.messages import CaseLoaded, Failed, Load, Prepare, Prepared, Turn, Turned
from levit_bench.records import Case

from tests import model_makers as makers

pytestmark = pytest.mark.slow  # builds and times networks


@pytest.fixture
def here(model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder of model files as the current one."""
    folder = shutil.copytree(model_folder, tmp_path / "here")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(reading, "_HERE", folder)
    return folder


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """An empty folder for an artifact."""
    folder = tmp_path / "room"
    folder.mkdir()
    return folder


def case_of(file: str, runtime: str, batch: int = 1, **fields: Any) -> Case:
    """The case of a file, with the images that it takes."""
    (name,), _ = expand([file])
    shape = reading.describe(name).shape
    sizes = {"resolution": shape.height, "width": shape.width, "channels": shape.channels, "dtype": shape.dtype}
    return Case(**{"network": name, "weights": "file", "runtime": runtime, "batch": batch, **sizes, **fields})


def prepared(case: Case, folder: Path) -> Prepared:
    """What the preparation of one case says."""
    return deployed_models.prepare(case, (case.batch,), folder, 0)


@pytest.mark.parametrize(
    ("file", "runtime", "batch"),
    [
        ("one.onnx", "onnxruntime", 1),
        ("pair.onnx", "openvino", 2),
        ("outside.onnx", "onnxruntime", 3),
        ("outside.onnx", "openvino", 3),
        ("last.onnx", "onnxruntime", 1),
        ("last.onnx", "openvino", 1),
        ("bytes.onnx", "onnxruntime", 1),
        ("bytes.onnx", "openvino", 1),
        ("half.onnx", "onnxruntime", 1),
        ("half.onnx", "openvino", 1),
        ("several.onnx", "onnxruntime", 1),
        ("several.onnx", "openvino", 1),
        ("engine.xml", "openvino", 2),
        ("traced.pt", "torchscript", 2),
        ("frozen.ts", "torchscript", 2),
        ("program.pt2", "eager", 3),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_file_is_prepared_loaded_and_timed_as_it_is(file: str, runtime: str, batch: int, room: Path) -> None:
    case = case_of(file, runtime, batch, resolution=makers.PIXELS, width=None)
    worker = Worker()
    made = worker.answer(Prepare(case=case, batches=(batch,), folder=str(room), seed=0))
    assert isinstance(made, Prepared), made
    assert (made.classes, made.failed) == (10, {})
    assert made.macs == (None if file == "engine.xml" else makers.MACS)
    loaded = worker.answer(Load(case=case, folder=str(room), seed=0, draw="d"))
    assert isinstance(loaded, CaseLoaded), loaded
    turned = worker.answer(Turn(case=case.id, settle=1, passes=4))
    assert isinstance(turned, Turned), turned
    assert (len(turned.duration_s), turned.problem) == (4, None)


@pytest.mark.parametrize(("file", "runtime"), [("one.onnx", "onnxruntime"), ("engine.xml", "openvino")])
@pytest.mark.usefixtures("here")
def test_what_is_checked_is_what_the_network_in_the_file_computes(file: str, runtime: str, room: Path) -> None:
    case = case_of(file, runtime)
    prepared(case, room)
    references = references_in(room)
    pool = references.pool(case.shape, 0)
    with torch.no_grad():
        expected = makers.network()(pool.batch(range(pool.size)))
    # An engine's own format holds weights in half precision.
    assert torch.allclose(references.logits, expected, atol=1e-5 if file == "one.onnx" else 2e-3)


@pytest.mark.usefixtures("here")
def test_images_are_written_where_passes_read_them_in_the_layout_of_the_file(room: Path) -> None:
    case = case_of("last.onnx", "onnxruntime")
    prepared(case, room)
    model = deployed.opened(case, artifacts.artifact_in(room), description_in(room))
    first, second = images(2, case.shape, 0, 0).split(1)
    placed = model.place(first)
    before = model.fetch(model.run(placed)).clone()
    placed.copy_(second)
    after = model.fetch(model.run(placed))
    with torch.no_grad():
        expected = makers.network()(torch.cat([first, second]))
    assert torch.allclose(torch.cat([before, after]), expected, atol=1e-5)


@pytest.mark.usefixtures("here")
def test_a_file_that_answers_by_its_batch_is_refused(room: Path) -> None:
    with pytest.raises(ValueError, match="the answer for an image depends on what else is in its batch"):
        prepared(case_of("mixed.onnx", "onnxruntime", 4), room)


def test_a_module_that_was_traced_for_one_batch_runs_at_that_batch_alone(here: Path, room: Path) -> None:
    makers.scripted(here / "four.pt", makers.Flattened(), batch=4)
    case = case_of("four.pt", "torchscript", 4, resolution=makers.PIXELS, width=None)
    made = deployed_models.prepare(case, (4, 5), room, 0)
    assert list(made.failed) == [5]
    assert made.macs == makers.MACS
    assert isinstance(Worker().answer(Load(case=case, folder=str(room), seed=0, draw="d")), CaseLoaded)


@pytest.mark.usefixtures("here")
def test_a_file_that_draws_numbers_is_refused(room: Path) -> None:
    with pytest.raises(ValueError, match=r"two passes over the same images differ by .*: it draws random numbers"):
        prepared(case_of("noisy.pt", "torchscript", resolution=makers.PIXELS, width=None), room)


@pytest.mark.parametrize(
    ("file", "runtime"),
    [("nan.onnx", "onnxruntime"), ("nan.onnx", "openvino"), ("nan.xml", "openvino"), ("nan.pt", "torchscript"),
     ("nan.pt2", "eager")],
)  # fmt: skip
def test_a_file_whose_outputs_are_not_finite_is_told_that_and_nothing_of_dropout(
    file: str, runtime: str, here: Path, room: Path
) -> None:
    module = makers.NotFinite()
    match Path(file).suffix:
        case ".onnx":
            makers.onnx_file(here / file, module)
        case ".xml":
            makers.openvino_file(here / file, makers.onnx_file(here / "nan.onnx", module))
        case ".pt":
            makers.scripted(here / file, module)
        case _:
            makers.exported(here / file, module)
    with pytest.raises(ValueError, match=r"^output is not finite \(NaN or infinity\)$"):
        prepared(case_of(file, runtime, resolution=makers.PIXELS, width=None), room)


@pytest.mark.usefixtures("here")
def test_a_pass_of_a_file_that_answers_otherwise_is_told_what_it_is_held_against(room: Path) -> None:
    case = case_of("one.onnx", "onnxruntime")
    prepared(case, room)
    worker = Worker()
    assert isinstance(worker.answer(Load(case=case, folder=str(room), seed=0, draw="d")), CaseLoaded)
    loaded = worker._loaded_cases[case.id].loaded
    run = loaded.run
    loaded.run = lambda images: run(images) + torch.arange(10)  # type: ignore[method-assign]
    answer = worker.answer(Turn(case=case.id, settle=1, passes=3))
    assert isinstance(answer, Turned)
    assert (answer.problem or "").startswith("output differs from what the file answered in another process by")


def test_a_worker_whose_file_answers_otherwise_has_no_time(here: Path, room: Path) -> None:
    case = case_of("one.onnx", "onnxruntime")
    prepared(case, room)
    torch.manual_seed(8)
    other = makers.network()
    torch.nn.init.normal_(other[0].weight)
    makers.onnx_file(room / "model" / "one.onnx", other)
    answer = Worker().answer(Load(case=case, folder=str(room), seed=0, draw="d"))
    assert isinstance(answer, Failed)
    assert answer.reason.startswith("output differs from what the file answered in another process by")


def test_a_file_that_changes_after_it_was_named_is_refused(here: Path, room: Path) -> None:
    case = case_of("one.onnx", "onnxruntime")
    shutil.copy(here / "pair.onnx", here / "one.onnx")
    with pytest.raises(LookupError, match=r"'one\.onnx' has changed: it was #"):
        prepared(case, room)


def test_what_runs_is_a_copy_so_that_a_later_change_reaches_no_run(here: Path, room: Path) -> None:
    case = case_of("outside.onnx", "onnxruntime")
    prepared(case, room)
    for file in here.iterdir():
        file.unlink()
    assert isinstance(Worker().answer(Load(case=case, folder=str(room), seed=0, draw="d")), CaseLoaded)


@pytest.mark.usefixtures("here")
def test_findings_say_what_else_a_file_computes_and_in_which_numbers(room: Path) -> None:
    several = prepared(case_of("several.onnx", "onnxruntime"), room).findings
    assert [finding.kind for finding in several] == ["several-outputs"]
    assert "all of them are computed in this time" in several[0].message
    (half,) = prepared(case_of("half.onnx", "onnxruntime"), room).findings
    assert half.kind == "model-file-numbers"
    assert references_in(room).tolerance("fp32") == pytest.approx(1e-2)


def test_a_quantised_file_is_allowed_its_own_rounding(here: Path, room: Path) -> None:
    from onnxruntime.quantization import QuantFormat, quantize_static

    class Reader:
        """Eight images to find the ranges of activations by."""

        left = 8

        def get_next(self) -> dict[str, Any] | None:
            self.left -= 1
            return {"x": images(1, case.shape, self.left, 0).numpy()} if self.left >= 0 else None

    makers.onnx_file(here / "plain.onnx", input_names=["x"])
    case = case_of("plain.onnx", "onnxruntime")
    quantize_static(here / "plain.onnx", here / "small.onnx", Reader(), quant_format=QuantFormat.QDQ)
    made = prepared(case_of("small.onnx", "onnxruntime"), room)
    assert [finding.kind for finding in made.findings] == ["model-file-numbers"]
    assert (made.params, made.macs, made.uncounted) == (None, None, ())
    assert 1e-2 < references_in(room).tolerance("fp32") <= 5e-2


def test_an_engine_says_why_it_cannot_load_a_file(here: Path, room: Path) -> None:
    import onnx

    model = onnx.load(here / "one.onnx")
    model.opset_import[0].version = 99
    onnx.save(model, here / "later.onnx")
    with pytest.raises(ValueError, match=r"^ONNX Runtime cannot load it: ONNX Runtime only .*Opset 99"):
        prepared(case_of("later.onnx", "onnxruntime"), room)


@pytest.mark.usefixtures("here")
def test_weights_and_forms_of_built_networks_are_none_of_a_file(room: Path) -> None:
    for fields in ({"weights": "random-calibrated-1"}, {"form": "inference"}):
        with pytest.raises(ValueError, match="a model file is timed as it is"):
            prepared(case_of("one.onnx", "onnxruntime", **fields), room)


def test_a_file_has_a_process_of_its_own_in_the_workshop() -> None:
    assert code_of("sub/model.onnx#3f2a91") == code_of("sub/model.onnx#3f2a91~twin") == "sub/model.onnx"
    assert code_of("levit_128s") == ""


def test_what_is_kept_of_a_file_is_found_again_until_the_file_changes(here: Path, room: Path, tmp_path: Path) -> None:
    case = case_of("outside.onnx", "onnxruntime")
    made = prepared(case, room)
    cache = ArtifactCache(tmp_path / "cache", 0)
    cache.keep(case, (1,), room, made)
    assert cache.holds(case, (1,))
    data = here / "outside.onnx.data"
    content = data.read_bytes()
    data.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert not cache.holds(case, (1,))
    data.write_bytes(content)
    assert cache.holds(case, (1,))


@pytest.mark.slow
@pytest.mark.usefixtures("here")
def test_an_exported_program_is_compiled_ahead_of_time(room: Path) -> None:
    case = case_of("program.pt2", "compile", 2)
    made = prepared(case, room)
    assert (made.macs, made.params) == (makers.MACS, makers.PARAMS)
    assert isinstance(Worker().answer(Load(case=case, folder=str(room), seed=0, draw="d")), CaseLoaded)


@pytest.mark.slow
def test_a_process_of_the_workshop_reads_and_prepares_files(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "broken.onnx").write_bytes(b"nothing of a model")
    names, _ = expand(["one.onnx", "broken.onnx"])
    with Workshop(0, 300.0) as workshop:
        resolved = workshop.resolve(names)
        assert list(resolved.models) == [names[0]]
        assert resolved.missing[names[1]].startswith(f"cannot load {names[1]!r}: it is no ONNX model")
        (artifact,) = workshop.prepare([case_of("one.onnx", "onnxruntime")], lambda *_: None).values()
        assert isinstance(artifact, Artifact)
