"""For all tests of the workshop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests import model_makers as makers
from tests.measuring.fake_packages import install
from tests.torch_forks import TorchForks, torch_forks

__all__ = ["install"]


@pytest.fixture(scope="session")
def forks() -> Iterator[TorchForks]:
    """Runs programs in processes of their own that hold torch already."""
    with torch_forks() as started:
        yield started


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of model files, one of each kind that users bring."""
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    makers.onnx_file(folder / "one.onnx")
    makers.onnx_file(folder / "pair.onnx", None, makers.images(2))
    makers.open_onnx(folder / "open.onnx", sized=False)
    makers.open_onnx(folder / "outside.onnx", external_data=True)
    makers.open_onnx(folder / "mixed.onnx", makers.Mixed())
    makers.onnx_file(folder / "last.onnx", makers.ChannelsLast(), makers.images().permute(0, 2, 3, 1).contiguous())
    makers.onnx_file(folder / "bytes.onnx", makers.Bytes(), (makers.images() * 58 + 116).to(torch.uint8))
    makers.onnx_file(folder / "half.onnx", makers.network().half(), makers.images().half())
    makers.onnx_file(folder / "several.onnx", makers.Several())
    makers.onnx_file(folder / "masked.onnx", makers.Masked(), makers.images(), torch.ones(1, 10))
    makers.scripted(folder / "traced.pt")
    makers.scripted(folder / "frozen.ts", frozen=True)
    makers.scripted(folder / "noisy.pt", makers.Noisy())
    makers.exported(folder / "program.pt2")
    makers.openvino_file(folder / "engine.xml", folder / "outside.onnx")
    return folder


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """One thread, as a seat of the usual case has.

    With more, small operators on a busy machine wait for each other's threads ten times longer than they compute.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
