"""A model file is compared with the network that it was exported from, and refused where they differ."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from levit_bench.catalog.user_networks import expand
from levit_bench.measuring.model_files import reading
from levit_bench.measuring.networks import user_builders
from levit_bench.measuring.preparing import deployed_models
from levit_bench.measuring.preparing.artifact_cache import ArtifactCache
from levit_bench.measuring.preparing.reference_networks import weights_digest
from levit_bench.measuring.preparing.workshop import Artifact, Workshop
from levit_bench.measuring.workers.messages import Prepared
from levit_bench.records import Case
from torch import nn

from tests import model_makers as makers

NETS = """
from pathlib import Path
import torch
from torch import nn

def layers(classes=10):
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 4, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, classes),
    )

def loaded():
    network = layers()
    network.load_state_dict(torch.load(Path(__file__).parent / "weights.pt", weights_only=True))
    return network

def with_another_bias():
    network = loaded()
    with torch.no_grad():
        network[-1].bias[3] += 0.1
    return network

def with_softmax():
    return nn.Sequential(loaded(), nn.Softmax(1))

def drawn():
    return layers()

def of_seven():
    torch.manual_seed(7)
    return layers(7)

def without_weights():
    return torch.load("nowhere.pt")

def of_other_images():
    torch.manual_seed(7)
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, 10))

of_other_images.resolution = 64
"""


@pytest.fixture
def here(model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: model files, the functions and the weights that they were exported with."""
    folder = shutil.copytree(model_folder, tmp_path / "here")
    (folder / "nets.py").write_text(NETS, encoding="utf-8")
    torch.save(makers.network().state_dict(), folder / "weights.pt")
    monkeypatch.chdir(folder)
    for module in (reading, user_builders):
        monkeypatch.setattr(module, "_HERE", folder)
    return folder


def prepared(file: str, runtime: str, function: str, room: Path, **fields: Any) -> Prepared:
    """What the preparation of a file says that is compared with a function of `nets.py`."""
    (name, reference), _ = expand([file, f"nets.py:{function}"])
    shape = reading.describe(name).shape
    pixels = {"resolution": makers.PIXELS, "channels": shape.channels, "dtype": shape.dtype}
    case = Case(**{"network": name, "weights": "file", "runtime": runtime, **pixels, **fields})
    room.mkdir(exist_ok=True)
    return deployed_models.prepare(case, (case.batch,), room, 0, reference)


@pytest.mark.parametrize(
    ("file", "runtime", "batch"),
    [
        ("one.onnx", "onnxruntime", 1),
        ("pair.onnx", "openvino", 2),
        ("last.onnx", "onnxruntime", 1),
        ("half.onnx", "onnxruntime", 1),
        ("engine.xml", "openvino", 2),
        ("traced.pt", "torchscript", 2),
        ("program.pt2", "eager", 3),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_file_that_computes_what_its_network_does_is_told_with_the_distance(
    file: str, runtime: str, batch: int, tmp_path: Path
) -> None:
    made = prepared(file, runtime, "loaded", tmp_path / "room", batch=batch)
    (finding,) = [one for one in made.findings if one.kind == "model-file-reference"]
    assert finding.message.startswith(f"{file} computes what nets.py:loaded does")
    assert made.reference_sha256 == weights_digest(makers.network())
    assert made.reference_distance is not None
    assert made.reference_distance < (1e-2 if file in ("half.onnx", "engine.xml") else 1e-4)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        ("with_another_bias", r"its outputs differ by \d.* from those of nets.py:with_another_bias in fp32 \(relative"),
        ("with_softmax", "One ends with logits, the other with softmax"),
        ("drawn", r"nets.py:drawn draws its weights at random.*load_state_dict"),
        ("of_seven", "returns 10 classes, and its reference nets.py:of_seven 7"),
        ("without_weights", "nets.py:without_weights raised FileNotFoundError: No such file or directory. A file of"),
        ("of_other_images", "nets.py:of_other_images cannot be built|fails on images of 32 pixels"),
    ],
)
@pytest.mark.usefixtures("here")
def test_another_network_is_refused_with_what_to_do(function: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=why):
        prepared("one.onnx", "onnxruntime", function, tmp_path / "room")


@pytest.mark.usefixtures("here")
def test_without_a_reference_nothing_is_said_of_one(tmp_path: Path) -> None:
    (name,), _ = expand(["one.onnx"])
    case = Case(network=name, weights="file", runtime="onnxruntime", resolution=makers.PIXELS)
    made = deployed_models.prepare(case, (1,), tmp_path, 0)
    assert (made.reference_sha256, made.reference_distance) == (None, None)
    assert "model-file-reference" not in {one.kind for one in made.findings}


@pytest.mark.slow
def test_a_file_with_a_reference_is_prepared_in_every_session(here: Path, tmp_path: Path) -> None:
    (name, reference), _ = expand(["one.onnx", "nets.py:loaded"])
    case = Case(network=name, weights="file", runtime="onnxruntime", resolution=makers.PIXELS)
    (here / "nets.py").write_text(NETS, encoding="utf-8")
    cache = ArtifactCache(tmp_path / "cache", 0)
    with Workshop(0, 60.0, cache) as workshop:
        (made,) = workshop.prepare([case], lambda _: None, {name: reference}).values()
        assert isinstance(made, Artifact), made
        assert made.prepared.reference_distance is not None
    assert not cache.holds(case, (1,))


def test_the_digest_of_weights_tells_values_names_and_types_apart() -> None:
    layer = nn.Linear(2, 2)
    before = weights_digest(layer)
    assert before == weights_digest(layer)
    assert before != weights_digest(nn.Sequential(layer))
    assert before != weights_digest(layer.half())
    assert weights_digest(nn.Identity()) != before
