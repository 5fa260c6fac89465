"""Which names mean model files, which other files belong to one, and when two files have one digest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.paths.model_files import companions, digest, file_of, is_foreign, kind_of
from onnx import TensorProto, helper


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("model.onnx", "onnx"),
        ("sub folder/Model.ONNX#3f2a91", "onnx"),
        ("model.onnx#3f2a91~twin", "onnx"),
        ("net.xml", "openvino"),
        ("net.pt", "torchscript"),
        ("net.ts#000000", "torchscript"),
        ("net.pth", "torchscript"),
        ("net.pt2", "exported"),
        ("nets.py:build", None),
        ("nets.py:build#3f2a91", None),
        ("package.onnx:build", None),
        ("levit_128s", None),
        ("vit_base_patch16_224.augreg_in21k", None),
        ("model.onnx#3f2a9", None),
        ("", None),
    ],
)
def test_a_name_means_a_model_file_by_its_end(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


def test_a_name_is_a_file_and_the_digits_of_its_digest() -> None:
    assert file_of("a b/model.onnx#3f2a91") == ("a b/model.onnx", "3f2a91")
    assert file_of("model.onnx#3f2a91~twin") == ("model.onnx", "3f2a91")
    assert file_of("model.onnx") == ("model.onnx", "")
    assert is_foreign("model.tflite")
    assert not is_foreign("model.onnx")
    assert not is_foreign("vit_base_patch16_224.augreg_in21k")


def _outside(name: str, location: str) -> TensorProto:
    """A tensor whose data are in another file."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("offset", "0"), ("location", location), ("length", "4")):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    return tensor


def test_external_data_are_found_wherever_an_onnx_file_may_keep_a_tensor(tmp_path: Path) -> None:
    value = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    constant = helper.make_node("Constant", [], ["c"], value=_outside("c", "constant.bin"))
    branch = helper.make_graph([constant], "branch", [], [value], [_outside("w", "branch.bin")])
    choice = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    graph = helper.make_graph([choice], "main", [], [value], [_outside("a", "a.bin"), _outside("b", "a.bin")])
    path = tmp_path / "model.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    assert sorted(companions(path)) == ["a.bin", "branch.bin", "constant.bin"]


def test_a_file_without_external_data_has_none_and_an_engine_model_has_its_weights(tmp_path: Path) -> None:
    graph = helper.make_graph([], "main", [], [], [helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0])])
    (tmp_path / "model.onnx").write_bytes(helper.make_model(graph).SerializeToString())
    assert companions(tmp_path / "model.onnx") == ()
    assert companions(tmp_path / "no-such.xml") == ("no-such.bin",)
    assert companions(tmp_path / "no-such.pt") == ()
    (tmp_path / "empty.onnx").touch()
    assert companions(tmp_path / "empty.onnx") == ()


@given(content=st.binary(max_size=300))
def test_whatever_bytes_a_file_holds_the_search_ends(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("bytes") / "a.onnx"
    path.write_bytes(content)
    assert all(isinstance(name, str) for name in companions(path))


@given(cut=st.integers(min_value=0, max_value=400), changed=st.integers(min_value=0, max_value=255))
def test_a_damaged_model_ends_the_search(cut: int, changed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    graph = helper.make_graph([], "main", [], [], [_outside("a", "a.bin"), _outside("b", "b.bin")])
    content = bytearray(onnx.helper.make_model(graph).SerializeToString())
    content[cut % len(content)] = changed
    path = tmp_path_factory.mktemp("bytes") / "a.onnx"
    path.write_bytes(bytes(content))
    companions(path)
    path.write_bytes(bytes(content[:cut]))
    companions(path)


def test_a_digest_is_that_of_the_file_and_changes_with_every_file_that_belongs_to_it(tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    path.write_bytes(b"model")
    assert digest(path, ()) == hashlib.sha256(b"model").hexdigest()
    (tmp_path / "a.bin").write_bytes(b"weights")
    (tmp_path / "b.bin").write_bytes(b"weights")
    with_a = digest(path, ("a.bin",))
    assert len({digest(path, ()), with_a, digest(path, ("b.bin",)), digest(path, ("a.bin", "b.bin"))}) == 4
    assert digest(path, ("b.bin", "a.bin")) == digest(path, ("a.bin", "b.bin"))
    (tmp_path / "a.bin").write_bytes(b"weighty")
    assert digest(path, ("a.bin",)) != with_a


@pytest.mark.parametrize("file", ["m.onnx", "m.xml", "m.pt"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, file: str) -> None:
    os.mkfifo(tmp_path / file)
    with pytest.raises(OSError, match="it is a pipe, and not a file"):
        digest(tmp_path / file, companions(tmp_path / file))
