"""A file of any kind is read as tensors or refused by name; nothing in it is run."""

from __future__ import annotations

import argparse
import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from levit_bench.errors import BenchError
from levit_bench.levit.checkpoint import WeightsError, listed, read, shown

STATE = {"a": torch.arange(6.0).view(2, 3), "b": torch.tensor(3)}


class _Touches:
    """What a hostile file would do."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def _refused(path):
    with pytest.raises(WeightsError) as caught:
        read(path)
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 1000
    assert text.startswith(shown(str(path), 200))
    assert text.endswith((".", ")"))
    return text


def _written(tmp_path, content, name="x.pth", **how):
    torch.save(content, tmp_path / name, **how)
    return tmp_path / name


@pytest.mark.parametrize("name", ["x.pth", "x.pt", "x.bin", "X.PTH"])
@pytest.mark.parametrize("content", [STATE, {"model": STATE}, {"state_dict": STATE, "epoch": 4}])
@pytest.mark.parametrize("archive", [True, False])
def test_what_torch_saves_is_read(tmp_path, name, content, archive):
    found = read(_written(tmp_path, content, name, _use_new_zipfile_serialization=archive))
    assert found.metadata == {}
    assert {key: value.tolist() for key, value in found.tensors.items()} == {"a": [[0, 1, 2], [3, 4, 5]], "b": 3}


def test_what_safetensors_saves_is_read_with_what_its_header_says(tmp_path):
    safetensors.torch.save_file(STATE, tmp_path / "x.safetensors", {"made by": "me"})
    found = read(str(tmp_path / "x.safetensors"))
    assert found.metadata == {"made by": "me"}
    assert all(torch.equal(found.tensors[key], value) for key, value in STATE.items())


def test_a_trainers_command_line_beside_the_weights_is_no_obstacle(tmp_path):
    parameters = {key: torch.nn.Parameter(value.float()) for key, value in STATE.items()}
    path = _written(tmp_path, {"model": parameters, "args": argparse.Namespace(lr=0.1), "epoch": 3})
    found = read(path).tensors["a"]
    assert type(found) is torch.Tensor
    assert not found.requires_grad


@pytest.mark.parametrize("archive", [True, False])
@pytest.mark.parametrize("place", ["top", "model", "beside"])
def test_a_file_with_code_is_refused_and_nothing_of_it_is_run(tmp_path, archive, place):
    victim = tmp_path / "victim"
    bad = _Touches(victim)
    content = {"top": bad, "model": {"model": {"a": bad}}, "beside": {"model": STATE, "args": bad}}[place]
    path = _written(tmp_path, content, _use_new_zipfile_serialization=archive)
    said = _refused(path)
    assert "which is more than tensors" in said
    assert "Nothing of it was run" in said
    assert not victim.exists()
    torch.load(path, weights_only=False)
    assert victim.exists()  # it would have been


def test_a_bare_pickle_with_code_is_refused(tmp_path):
    (tmp_path / "x.bin").write_bytes(pickle.dumps(_Touches(tmp_path / "victim")))
    _refused(tmp_path / "x.bin")
    assert not (tmp_path / "victim").exists()


def test_a_whole_network_is_refused(tmp_path):
    assert "'torch.nn.modules.linear.Linear'" in _refused(_written(tmp_path, torch.nn.Linear(1, 1)))


@pytest.mark.parametrize("ending", [".safetensors", ".pth"])
def test_a_file_cut_short_anywhere_is_refused(tmp_path, ending):
    whole, path = tmp_path / f"whole{ending}", tmp_path / f"cut{ending}"
    if ending == ".pth":
        torch.save(STATE, whole)
    else:
        safetensors.torch.save_file(STATE, whole)
    content = whole.read_bytes()
    for length in [1, 4, 7, 8, 9, 30, *range(64, len(content), 64), len(content) - 1]:
        path.write_bytes(content[:length])
        assert "compare its size" in _refused(path)


def test_a_file_in_which_a_single_weight_has_changed_on_the_way_is_refused(tmp_path):
    path = _written(tmp_path, {"a": torch.full((64,), 3.0)})
    content = path.read_bytes()
    three = struct.pack("<f", 3.0)
    at = content.index(8 * three) + 4
    path.write_bytes(content[:at] + struct.pack("<f", 3.5) + content[at + 4 :])
    assert "is damaged: a part of it has not the check sum it was written with" in _refused(path)


def test_an_old_torch_file_cut_short_anywhere_is_refused(tmp_path):
    content = _written(tmp_path, STATE, _use_new_zipfile_serialization=False).read_bytes()
    for length in range(1, len(content), 37):
        (tmp_path / "cut.pth").write_bytes(content[:length])
        _refused(tmp_path / "cut.pth")


@pytest.mark.parametrize("ending", [".safetensors", ".pth"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"hello", "is damaged, or no"),
        (bytes(1000), "is damaged, or no"),
        (b"\x80\x04N.", "is damaged|holds a NoneType"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
        (struct.pack("<Q", 2**63) + b"{}", "is damaged|ends in .safetensors"),
        (struct.pack("<Q", 90_000_000) + b"{}", "is damaged|ends in .safetensors"),
    ],
)
def test_what_is_no_checkpoint_is_refused(tmp_path, ending, content, said):
    path = tmp_path / f"x{ending}"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=said):
        read(path)
    _refused(path)


def test_a_header_that_claims_what_the_file_lacks_is_refused(tmp_path):
    header = json.dumps({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    (tmp_path / "x.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(64))
    assert "is damaged" in _refused(tmp_path / "x.safetensors")


def test_a_file_of_the_other_kind_is_told_its_ending(tmp_path):
    safetensors.torch.save_file(STATE, tmp_path / "x.pth")
    assert "it ends in .safetensors" in _refused(tmp_path / "x.pth")
    assert "it ends in .pth" in _refused(_written(tmp_path, STATE, "x.safetensors"))


def test_an_archive_that_unpacks_to_more_than_it_is_is_refused(tmp_path):
    source = _written(tmp_path, {"a": torch.zeros(1_000_000)})
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as bomb:
        for entry in archive.infolist():
            bomb.writestr(entry.filename, archive.read(entry))
    assert (tmp_path / "bomb.pth").stat().st_size < 10_000
    assert "would unpack to 4000" in _refused(tmp_path / "bomb.pth")


def test_an_archive_that_is_a_program_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        for name in ("x/data.pkl", "x/constants.pkl", "x/code/__torch__.py"):
            archive.writestr(name, b"\x80\x02N.")
    assert "TorchScript program" in _refused(tmp_path / "x.pt")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([1, 2], "holds a list"),
        (torch.zeros(3), "holds a Tensor"),
        ({}, "at its top: nothing"),
        (
            {"epoch": 3, "loss": 0.5},
            "neither at its top nor below 'model' or 'state_dict' (at its top: 'epoch', 'loss'",
        ),
        ({"model": {}}, "holds no tensors by name"),
        ({"model": [torch.zeros(1)]}, "holds no tensors by name"),
        ({"model": {"a": 1.5}}, "'a' is a float, no tensor"),
        ({"a": torch.zeros(1), "b": None}, "'b' is a NoneType, no tensor"),
        ({3: torch.zeros(1)}, "a key is a int, not text"),
        ({("x",): 1, 2.5: 2}, "'(float)', '(tuple)'"),
        ({"a": torch.zeros(1).expand(10**12)}, "more places than numbers"),
        ({"a": torch.zeros(4, 4).to_sparse()}, "is sparse"),
        ({"a": torch.empty(3, device="meta")}, "more places than numbers"),
    ],
)
def test_what_is_no_state_is_refused(tmp_path, content, said):
    assert said in _refused(_written(tmp_path, content))


@pytest.mark.parametrize("ending", [".h5", ".npz", ".PTH2", "", ".\x1b[31m", "." + 200 * "x"])
def test_an_unknown_ending_is_refused(tmp_path, ending):
    (tmp_path / f"x{ending}").write_bytes(b"x")
    said = _refused(tmp_path / f"x{ending}")
    assert "Known are .safetensors, .pth, .pt, .bin" in said


def test_what_is_no_file_is_refused(tmp_path):
    assert "cannot be read (No such file" in _refused(tmp_path / "missing.pth")
    assert "cannot be read (embedded null" in _refused(tmp_path / "nul\0.pth")
    (tmp_path / "folder.pth").mkdir()
    assert "is a folder" in _refused(tmp_path / "folder.pth")
    os.mkfifo(tmp_path / "pipe.pth")
    assert "neither a file nor" in _refused(tmp_path / "pipe.pth")


def test_a_hostile_path_is_shown_as_text(tmp_path):
    said = _refused(tmp_path / "\x1b[2J\u202e.pth")
    assert r"\x1b[2J\u202e.pth" in said


def test_a_refusal_is_of_the_one_tree_of_errors_and_a_value_error():
    assert issubclass(WeightsError, BenchError)
    assert issubclass(WeightsError, ValueError)


def test_keys_are_listed_in_order_a_few_by_name():
    assert listed(["b", "a"]) == "'a', 'b'"
    assert listed(str(number) for number in range(5)) == "'0', '1', '2' and 2 more"
    assert len(listed(["\x1b" * 10_000])) < 400
