"""Model files in the users' words: how they are named, stored and refused, and what TOML files state of them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from levit_bench.asking.request import singles
from levit_bench.catalog.user_networks import expand
from levit_bench.errors import UsageError

CONTENT = b"not looked at when it is named"
DIGEST = hashlib.sha256(CONTENT).hexdigest()[:6]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with model files."""
    folder = tmp_path / "work"
    for name in ("model.pt", "sub folder/møde l.ts", "../outside.pt", "engine.xml", "engine.bin"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(CONTENT)
    monkeypatch.chdir(folder)
    return folder


def stored(text: str) -> str:
    """The name that a text is stored as."""
    (name,), _ = expand([text])
    return name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("model.pt", f"model.pt#{DIGEST}"),
        ("./model.pt", f"model.pt#{DIGEST}"),
        ("sub folder/../model.pt@256", f"model.pt#{DIGEST}@256"),
        ("model.pt@192x256", f"model.pt#{DIGEST}@192x256"),
        (f"model.pt#{DIGEST}@64", f"model.pt#{DIGEST}@64"),
        ("sub folder/møde l.ts", f"sub folder/møde l.ts#{DIGEST}"),
    ],
)
def test_a_model_file_is_stored_by_its_path_and_digest(text: str, name: str) -> None:
    assert stored(text) == name


def test_a_model_file_named_absolutely_is_stored_relative_to_the_current_folder(here: Path) -> None:
    assert stored(str(here / "model.pt")) == f"model.pt#{DIGEST}"


def test_the_weights_beside_a_file_are_part_of_its_digest(here: Path) -> None:
    before = stored("engine.xml")
    assert before != f"engine.xml#{DIGEST}"
    (here / "engine.bin").write_bytes(b"other weights")
    assert stored("engine.xml") != before
    with pytest.raises(UsageError, match=r"'engine\.xml' has changed: "):
        expand([before])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("none.onnx", "there is no file 'none.onnx'. The current folder is 'work'. A comma separates networks"),
        ("a,none.onnx", "there is no file 'none.onnx'"),
        ("a#b.onnx", "'a#b.onnx' holds '#', which means something else in a list of networks"),
        ("a@b.onnx", "'a@b.onnx' holds '@'"),
        ("a*.onnx", "'a*.onnx' holds '*'"),
        ("model[1].pt", "'model[1].pt' holds '['"),
        ("../outside.pt", "is not below the current folder"),
        ("model.pt@big", "asks for no usable resolution"),
        ("model.pt#000000", f"'model.pt' has changed: 000000 was asked for and its digest begins with {DIGEST} now"),
        ("model.tflite", "'model.tflite' is no model file that can be run here. Export the model as ONNX"),
        ("weights.safetensors", "is no model file that can be run here"),
        ("mo\x07del.pt", "it holds characters that cannot be printed"),
    ],
)
def test_what_names_no_model_file_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        expand([text])
    assert said in str(refused.value)


def test_what_is_no_file_is_refused(here: Path) -> None:
    (here / "folder.onnx").mkdir()
    (here / "link.onnx").symlink_to("nowhere.onnx")
    for name, kind in (("folder.onnx", "a folder"), ("link.onnx", "a link to a file that is not there")):
        with pytest.raises(UsageError, match=f"'{name}' is {kind}. Name a model file"):
            expand([name])


def test_a_file_without_its_weights_is_refused(here: Path) -> None:
    (here / "engine.bin").unlink()
    with pytest.raises(UsageError, match=r"it needs 'engine\.bin' beside it, which holds its weights"):
        expand(["engine.xml"])


def test_weights_that_are_no_file_are_told_as_what_they_are(here: Path) -> None:
    for make, kind in (
        (Path.mkdir, "a folder"),
        (os.mkfifo, "a pipe"),
        (lambda path: path.symlink_to("nowhere"), "a link to a file that is not there"),
    ):
        weights = here / "engine.bin"
        weights.rmdir() if weights.is_dir() else weights.unlink()
        make(weights)
        with pytest.raises(UsageError, match=rf"'engine\.bin' beside it, which holds its weights, is {kind}\. Put"):
            expand(["engine.xml"])


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "sub/../../secret"])
def test_data_outside_the_folder_of_a_model_are_not_read(location: str, here: Path) -> None:
    from onnx import TensorProto, helper

    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    model = helper.make_model(helper.make_graph([], "main", [], [], [tensor]))
    (here / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(UsageError, match="outside its folder"):
        expand(["model.onnx"])


def test_a_toml_file_states_the_accuracy_and_label_of_a_model_file(here: Path) -> None:
    text = '[[network]]\nfile = "model.pt"\nresolution = 64\ntop1 = 71.5\nlabel = "Ours"\nfamily = "Own"\n'
    (here / "nets.toml").write_text(text, encoding="utf-8")
    ((name, stated),) = singles(["nets.toml"]).items()
    assert name == f"model.pt#{DIGEST}@64"
    assert stated is not None
    assert (stated.top1, stated.label, stated.family, stated.subject) == (71.5, "Ours", "Own", "model.pt")


def test_a_toml_file_names_a_model_file_from_its_own_folder(here: Path) -> None:
    (here / "sub folder" / "nets.toml").write_text('[[network]]\nfile = "møde l.ts"\n', encoding="utf-8")
    assert list(singles(["sub folder/nets.toml"])) == [f"sub folder/møde l.ts#{DIGEST}"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('file = "model.pt"\nbuild = "nets.py:f"', "name one network"),
        ('file = "model.pt@64"', "invalid model file 'model.pt@64'. Name one such as model.onnx, and pixels as"),
        ('file = "nets.py:f"', "invalid model file 'nets.py:f'"),
        ('file = "model.tflite"', "is no model file that can be run here"),
    ],
)
def test_a_toml_file_that_misnames_a_model_file_is_refused(line: str, said: str, here: Path) -> None:
    (here / "nets.toml").write_text(f"[[network]]\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        singles(["nets.toml"])
    assert said in str(refused.value)
