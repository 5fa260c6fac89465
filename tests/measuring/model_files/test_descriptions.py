"""What model files say of themselves: images, layout, number type and outputs, and what is no model of images."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
import torch
from levit_bench.catalog.user_networks import expand
from levit_bench.measuring.model_files import onnx_counts, reading
from levit_bench.measuring.model_files.description import ModelDescription, image_axes
from levit_bench.measuring.runtimes.quiet_export import without_warnings
from levit_bench.records import ImageShape
from torch._export.serde.schema import SCHEMA_VERSION

from tests import model_makers as makers

pytestmark = pytest.mark.slow  # builds and times networks

FOLDED = makers.PARAMS - 16
"""Parameters of an exported network, whose BatchNorm is folded into its convolution."""


@pytest.fixture
def here(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of model files as the current one."""
    monkeypatch.chdir(model_folder)
    monkeypatch.setattr(reading, "_HERE", model_folder)
    return model_folder


@pytest.fixture
def empty_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reading, "_HERE", tmp_path)
    return tmp_path


def described(file: str) -> ModelDescription:
    """The description of a file, by the name that it is stored under."""
    (name,), _ = expand([file])
    return reading.describe(name)


def refusal(file: str) -> str:
    """Why a file is no model of images."""
    with pytest.raises(ValueError) as refused:  # noqa: PT011 (the message is what is looked at)
        described(file)
    return str(refused.value)


@pytest.mark.parametrize(
    ("file", "shape", "batch", "layout", "params"),
    [
        ("one.onnx", ImageShape.square(32), 1, "NCHW", FOLDED),
        ("pair.onnx", ImageShape.square(32), 2, "NCHW", FOLDED),
        ("open.onnx", ImageShape.square(224), None, "NCHW", FOLDED),
        ("outside.onnx", ImageShape.square(32), None, "NCHW", FOLDED),
        ("last.onnx", ImageShape.square(32), 1, "NHWC", FOLDED),
        ("bytes.onnx", ImageShape(3, 32, 32, "uint8"), 1, "NCHW", FOLDED),
        ("half.onnx", ImageShape(3, 32, 32, "float16"), 1, "NCHW", FOLDED),
        ("engine.xml", ImageShape.square(32), None, "NCHW", FOLDED),
        ("program.pt2", ImageShape.square(32), None, "NCHW", makers.PARAMS),
        ("traced.pt", ImageShape.square(224), None, "NCHW", makers.PARAMS),
        ("frozen.ts", ImageShape.square(224), None, "NCHW", None),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_file_says_which_images_it_takes(
    file: str, shape: ImageShape, batch: int | None, layout: str, params: int | None
) -> None:
    description = described(file)
    assert (description.shape, description.batch, description.layout) == (shape, batch, layout)
    assert description.params == params
    assert description.numbers == ("fp16" if file == "half.onnx" else "fp32")


@pytest.mark.usefixtures("here")
def test_logits_are_the_first_output_of_two_axes() -> None:
    description = described("several.onnx")
    assert len(description.outputs) == 2
    assert description.logits == 1


@pytest.mark.usefixtures("here")
def test_an_input_that_a_file_fixes_is_no_other() -> None:
    fixed, open_ones = described("one.onnx"), described("open.onnx")
    assert fixed.problem_with(ImageShape.square(32)) is None
    assert fixed.problem_with(ImageShape.square(64)) == "its height is fixed at 32 pixels, and 64 are asked for"
    assert open_ones.problem_with(ImageShape(3, 64, 96)) is None
    assert open_ones.problem_with(ImageShape(1, 64, 96)) == "it takes 3 channels, and 1 are stated"
    assert open_ones.problem_with(ImageShape(3, 64, 96, "uint8")) == "it takes float32, and uint8 is stated"
    assert described("traced.pt").problem_with(ImageShape(1, 64, 96, "uint8")) is None


@pytest.mark.parametrize(
    ("sizes", "layout", "channels"),
    [
        ((1, 3, 224, 224), "NCHW", 3),
        ((None, 3, None, None), "NCHW", 3),
        ((None, None, None, 3), "NHWC", 3),
        ((1, 224, 224, 1), "NHWC", 1),
        ((1, 32, 32, 3), "NHWC", 3),
        ((1, 3, 32, 32), "NCHW", 3),
        ((1, 13, 64, 64), "NCHW", 13),
        ((1, 64, 64, 13), "NHWC", 13),
        ((1, 12, 192, 256), "NCHW", 12),
        ((1, 192, 256, 12), "NHWC", 12),
    ],
)
def test_channels_are_told_from_height_and_width(sizes: tuple[int | None, ...], layout: str, channels: int) -> None:
    axes = image_axes("x", sizes)
    assert (axes.layout, axes.channels) == (layout, channels)


@pytest.mark.parametrize("sizes", [(1, 224, 224, 224), (1, None, 224, 224), (1, 10, 48, 64), (1, 32, 32, 32)])
def test_channels_that_cannot_be_told_are_not_guessed(sizes: tuple[int | None, ...]) -> None:
    with pytest.raises(ValueError, match="does not say which axis holds the channels"):
        image_axes("x", sizes)


@pytest.mark.parametrize("sizes", [(), (1, 3), (1, 3, 224), (1, 3, 8, 224, 224)])
def test_an_input_without_height_and_width_holds_no_images(sizes: tuple[int | None, ...]) -> None:
    with pytest.raises(ValueError, match="is no batch of images"):
        image_axes("x", sizes)


@pytest.mark.usefixtures("here")
def test_several_inputs_are_refused_by_name() -> None:
    assert "it takes 2 inputs ('x', 'mask')" in refusal("masked.onnx")


@pytest.mark.parametrize("sizes", [(0, 3, 32, 32), (1, 3, 0, 0), (1, 0, 32, 32), (0, 32, 32, 3)])
def test_a_size_that_is_fixed_at_zero_is_no_open_one(sizes: tuple[int, ...], empty_here: Path) -> None:
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, sizes)
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    graph = onnx.helper.make_graph([node], "main", [value], [value])
    onnx.save(onnx.helper.make_model(graph), empty_here / "a.onnx")
    assert f"its input 'x' ({', '.join(map(str, sizes))}) has a size that is fixed at 0" in refusal("a.onnx")


def test_a_size_below_zero_is_an_open_one(here: Path, empty_here: Path) -> None:
    model = onnx.load(here / "one.onnx")
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -1
    onnx.save(model, empty_here / "a.onnx")
    assert described("a.onnx").batch is None


@pytest.mark.parametrize("cut", ["the stated length", "the size of the tensor", "all"])
def test_external_data_that_are_not_whole_are_refused(cut: str, here: Path, empty_here: Path) -> None:
    model = onnx.load(here / "outside.onnx", load_external_data=False)
    tensors = [tensor for tensor in model.graph.initializer if tensor.data_location == onnx.TensorProto.EXTERNAL]
    (file,) = {entry.value for tensor in tensors for entry in tensor.external_data if entry.key == "location"}
    content = (here / file).read_bytes()
    (empty_here / file).write_bytes(b"" if cut == "all" else content[:-1])
    if cut == "the size of the tensor":
        for tensor in tensors:
            kept = [entry for entry in tensor.external_data if entry.key != "length"]
            del tensor.external_data[:]
            tensor.external_data.extend(kept)
    onnx.save(model, empty_here / "a.onnx")
    length = 0 if cut == "all" else len(content) - 1
    assert f"its external data {file!r} are not whole: the file has {length:,} bytes, and tensor" in refusal("a.onnx")


def test_an_input_of_other_numbers_is_refused_by_name(empty_here: Path) -> None:
    makers.onnx_file(empty_here / "words.onnx", torch.nn.Embedding(9, 4), torch.zeros(1, 5, dtype=torch.int64))
    assert refusal("words.onnx") == "its input 'input' holds int64, and images are fed as float32, float16, uint8"


def _half_of(source: str) -> Callable[[Path], bytes]:
    def made(models: Path) -> bytes:
        content = (models / source).read_bytes()
        return content[: len(content) // 2]

    return made


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("a.onnx", b"", "it is empty"),
        ("a.pt", b"", "it is empty"),
        ("a.onnx", b"<!DOCTYPE html><html>", "it is a page of the web"),
        ("a.onnx", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
        ("a.onnx", b"\x80\x04 neither", "it is no ONNX model"),
        ("a.onnx", _half_of("one.onnx"), "it is no ONNX model"),
        ("a.pt", b"\x80\x02}q\x00.", "it is no TorchScript file"),
        ("a.ts", _half_of("frozen.ts"), "it is no TorchScript file, or not a whole one"),
        ("a.pt2", _half_of("program.pt2"), "it is no exported program, or not a whole one"),
    ],
)
def test_a_file_that_is_no_model_is_refused_with_what_it_is(
    file: str,
    content: bytes | Callable[[Path], bytes],
    reason: str,
    empty_here: Path,
    model_folder: Path,
) -> None:
    (empty_here / file).write_bytes(content if isinstance(content, bytes) else content(model_folder))
    assert reason in refusal(file)


def test_a_checkpoint_is_no_model_and_none_of_its_pickles_is_loaded(
    empty_here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(makers.network().state_dict(), empty_here / "weights.pt")
    torch.save({"model": 1}, empty_here / "weights.pth")
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("a pickle is loaded"))
    for file in ("weights.pt", "weights.pth"):
        assert "it is no TorchScript file but one of torch.save, such as a checkpoint" in refusal(file)


class _Called:
    """A pickle of it makes a file when it is read."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (Path("called"),)


def _pickled() -> bytes:
    buffer = io.BytesIO()
    torch.save(_Called(), buffer)
    return buffer.getvalue()


_PROGRAM, _OLDER_PROGRAM = "models/model.json", "serialized_exported_program.json"


def _as_stored_by_torch_2_7(source: Path) -> dict[str, bytes]:
    names = ("serialized_state_dict.pt", "serialized_constants.pt", "serialized_example_inputs.pt")
    with zipfile.ZipFile(source) as archive:
        program = next(archive.read(name) for name in archive.namelist() if name.endswith((_PROGRAM, _OLDER_PROGRAM)))
    version = ".".join(map(str, SCHEMA_VERSION))
    return {"version": version.encode(), _OLDER_PROGRAM: program, **dict.fromkeys(names, b"")}


def _members_of(source: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(source) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize(
    ("layout", "name"),
    [
        (_members_of, "{root}/data/sample_inputs/model.pt"),
        (_members_of, "{root}/data/weights/model.pt"),
        (_members_of, "{root}/data/constants/model.pt"),
        (_members_of, "{root}/data/constants/opaque_obj_0"),
        (_members_of, "{root}/data/constants/Opaque_Obj_0"),
        (_as_stored_by_torch_2_7, "serialized_state_dict.pt"),
        (_as_stored_by_torch_2_7, "serialized_constants.pt"),
        (_as_stored_by_torch_2_7, "serialized_example_inputs.pt"),
    ],
)
def test_a_pickle_in_an_exported_program_calls_nothing(
    layout: Callable[[Path], dict[str, bytes]],
    name: str,
    allowed: bool,
    here: Path,
    empty_here: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if allowed:  # Torch's own way to read every pickle, which a shell may have set.
        monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    members = layout(here / "program.pt2")
    if layout is _members_of and not any(member.endswith(_PROGRAM) for member in members):
        pytest.skip("torch stores programs in this layout from 2.8 on")
    root = next(iter(members)).partition("/")[0]
    with zipfile.ZipFile(empty_here / "a.pt2", "w") as archive:
        for member, content in (members | {name.format(root=root): _pickled()}).items():
            archive.writestr(member, content)
    environment = dict(os.environ)
    assert "a pickle of something else than tensors" in refusal("a.pt2")
    assert not (empty_here / "called").exists()
    assert dict(os.environ) == environment


def test_a_package_of_machine_code_says_nothing_of_its_input(empty_here: Path) -> None:
    with zipfile.ZipFile(empty_here / "a.pt2", "w") as archive:
        archive.writestr("a/data/aotinductor/model/model.so", b"code")
    assert "it is a package of AOTInductor" in refusal("a.pt2")


def test_an_engine_model_that_is_none_is_refused(empty_here: Path) -> None:
    (empty_here / "a.bin").write_bytes(b"")
    (empty_here / "a.xml").write_text("<?xml version='1.0'?><note/>", encoding="utf-8")
    assert refusal("a.xml").startswith("OpenVINO cannot read it: Unable to read the model")
    (empty_here / "a.xml").write_text("words", encoding="utf-8")
    assert "it is no model of OpenVINO" in refusal("a.xml")


def test_a_module_that_returns_no_tensor_is_refused(empty_here: Path) -> None:
    class Named(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"logits": x.mean((2, 3))}

    with without_warnings():
        torch.jit.save(torch.jit.script(Named()), empty_here / "a.pt")
    assert refusal("a.pt").startswith("it returns a Dict[str, Tensor]")


@pytest.mark.parametrize(("file", "sizes"), [("one.onnx", (1, 3, 32, 32)), ("open.onnx", (4, 3, 32, 32))])
def test_the_work_of_an_onnx_file_is_counted_as_that_of_its_network(
    file: str, sizes: tuple[int, ...], here: Path
) -> None:
    assert onnx_counts.counted(here / file, sizes) == (makers.MACS, ())


def test_an_operator_that_nobody_knows_leaves_the_work_unknown(here: Path, empty_here: Path) -> None:
    model = onnx.load(here / "one.onnx")
    node = model.graph.node[0]
    node.domain, node.op_type = "their.company", "Convolve"
    onnx.save(model, empty_here / "a.onnx")
    assert onnx_counts.counted(empty_here / "a.onnx", (1, 3, 32, 32)) == (0, ("their.company::Convolve",))
