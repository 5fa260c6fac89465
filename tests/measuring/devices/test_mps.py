"""Apple's GPU: refused with what is missing, and held through a stand-in for torch's Metal backend."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from levit_bench.asking.request import Request, check
from levit_bench.errors import UsageError
from levit_bench.measuring import devices
from levit_bench.measuring.devices import mps
from torch import nn


def test_another_machine_has_no_such_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    with pytest.raises(UsageError, match="--device mps needs an Apple processor"):
        devices.resolve("mps")
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    (tmp_path / "torch").mkdir()
    spec = SimpleNamespace(origin=str(tmp_path / "torch" / "__init__.py"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: spec)
    with pytest.raises(UsageError, match="needs a torch with the Metal backend"):
        devices.resolve("mps")
    (tmp_path / "torch" / "mps").mkdir()
    assert devices.resolve("mps") == "mps"


class Module(nn.Module):
    """Stays where it is, whatever device it is sent to."""

    def __init__(self, fails: str = "") -> None:
        super().__init__()
        self.fails = fails

    def to(self, device: str, dtype: torch.dtype) -> Module:
        assert (device, dtype) == ("mps", torch.float16)
        return self

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.fails:
            raise RuntimeError(self.fails)
        return images.flatten(1)


@pytest.fixture
def metal(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Torch with a Metal backend that keeps what it was asked."""
    asked: list[str] = []

    def said(word: str) -> Callable[[], None]:
        return lambda: asked.append(word)

    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch, "mps", SimpleNamespace(synchronize=said("synchronise"), empty_cache=said("empty")))
    return asked


def test_passes_are_synchronised_and_logits_come_back_in_fp32(metal: list[str]) -> None:
    held = mps.hold(Module(), "fp16")
    output = held.run(torch.ones(2, 3, 4, 4, dtype=torch.float16))
    held.synchronise()
    assert metal == ["synchronise"]
    assert held.fetch(output).dtype == torch.float32
    assert held.device_seconds() == ()


def test_a_batch_that_does_not_fit_is_a_memory_error_and_others_stay_what_they_are(metal: list[str]) -> None:
    images = torch.ones(2, 3, 4, 4)
    with pytest.raises(MemoryError, match=r"at batch 2\. Choose a smaller --batch"):
        mps.hold(Module("MPS backend out of memory (allocated: 9 GB)"), "fp16").run(images)
    assert metal == ["empty"]
    with pytest.raises(RuntimeError, match="no kernel"):
        mps.hold(Module("no kernel"), "fp16").run(images)


def test_what_it_cannot_do_is_refused(metal: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="tf32 is how NVIDIA GPUs multiply"):
        mps.hold(Module(), "tf32")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="sees no Metal device"):
        mps.hold(Module(), "fp16")
    monkeypatch.setattr(devices, "resolve", lambda name: name)
    check(Request(networks=("levit_128s",), device="mps", runtimes=("eager", "channels-last")))
    with pytest.raises(UsageError, match="'openvino' does not run on mps"):
        check(Request(networks=("levit_128s",), device="mps", runtimes=("openvino",)))
    with pytest.raises(UsageError, match="--precision tf32"):
        check(Request(networks=("levit_128s",), device="mps", precisions=("tf32",)))
