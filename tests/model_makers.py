"""Small model files as users export them, for tests; each maker writes one file into a folder and returns its path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from levit_bench.measuring.runtimes.quiet_export import without_warnings
from torch import nn

PIXELS = 32
MACS = 8 * 8 * 8 * 27 + 80
"""Multiply-accumulates of an image of that size: a convolution of 8 by 8 places, and ten classes."""
PARAMS = 8 * 27 + 8 + 16 + 80 + 10
"""Parameters of the network; two fewer groups of eight once its BatchNorm is folded."""


def network() -> nn.Module:
    """A tiny classifier with weights of its own."""
    torch.manual_seed(7)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 4, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10)
    ).eval()


class ChannelsLast(nn.Module):
    """Takes (batch, height, width, channels), as exports of TensorFlow do."""

    def __init__(self) -> None:
        super().__init__()
        self.network = network()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x.permute(0, 3, 1, 2))


class Bytes(ChannelsLast):
    """Normalises bytes itself."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network((x.float() - 116) / 58)


class Several(ChannelsLast):
    """Returns features before its logits."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x[:, :, ::8, ::8], self.network(x)


class Masked(ChannelsLast):
    """Takes a second input."""

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.network(x) * mask


class Mixed(ChannelsLast):
    """Answers for an image by its batch."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = self.network(x)
        return logits - 0.3 * logits.mean(0, keepdim=True)


class Flattened(ChannelsLast):
    """Takes the batch alone that it was traced with."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x).reshape(x.shape[0] + 0, 10) * torch.ones(int(x.shape[0]), 1)


class Noisy(ChannelsLast):
    """Draws numbers in every pass."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = self.network(x)
        return logits + torch.rand_like(logits)


class NotFinite(ChannelsLast):
    """Its logits are no numbers."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x) * float("nan")


def images(batch: int = 1, pixels: int = PIXELS) -> torch.Tensor:
    """An example to export with."""
    return torch.randn(batch, 3, pixels, pixels)


def onnx_file(path: Path, module: nn.Module | None = None, *inputs: torch.Tensor, **options: Any) -> Path:
    """Export a module, by default with a fixed batch of one."""
    with without_warnings():
        torch.onnx.export(
            (module or network()).eval(), inputs or (images(),), path, dynamo=True, verbose=False,
            **{"external_data": False, **options},
        )  # fmt: skip
    return path


def open_onnx(path: Path, module: nn.Module | None = None, *, sized: bool = True, **options: Any) -> Path:
    """Export with an open batch, and where it is not `sized`, with open height and width."""
    axes: dict[int, Any] = {0: torch.export.Dim("batch")}
    if not sized:
        axes |= {2: torch.export.Dim("height"), 3: torch.export.Dim("width")}
    example = images(2) if sized else torch.randn(2, 3, PIXELS, 2 * PIXELS)
    return onnx_file(path, module, example, dynamic_shapes=(axes,), **options)


def scripted(path: Path, module: nn.Module | None = None, *, frozen: bool = False, batch: int = 1) -> Path:
    """Trace and save a module, with its weights as parameters or as constants."""
    with without_warnings():
        traced = torch.jit.trace((module or network()).eval(), images(batch), check_trace=False)
        torch.jit.save(torch.jit.freeze(traced) if frozen else traced, path)
    return path


def exported(path: Path, module: nn.Module | None = None) -> Path:
    """Save a program of torch.export with an open batch."""
    with without_warnings():
        program = torch.export.export(
            (module or network()).eval(), (images(2),), dynamic_shapes=({0: torch.export.Dim("batch")},)
        )
        torch.export.save(program, path)
    return path


def openvino_file(path: Path, onnx_path: Path) -> Path:
    """Convert an ONNX file to an .xml and a .bin."""
    from levit_bench.measuring.runtimes.openvino import engine

    openvino = engine()
    openvino.save_model(openvino.Core().read_model(str(onnx_path)), str(path))
    return path
