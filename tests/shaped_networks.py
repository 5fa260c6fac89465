"""Networks of a user's own that take images of other shapes and number types. Built as `tests.shaped_networks:NAME`."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

GREY, SPREAD = 116.0, 58.0


class Shaped(nn.Module):
    """A small classifier; of bytes, it normalises them itself. `trouble` makes something else of images or logits."""

    def __init__(self, channels: int, *, raw: bool, before: Callable, after: Callable) -> None:  # type: ignore[type-arg]
        super().__init__()
        self.raw, self.before, self.after = raw, before, after
        self.features = nn.Sequential(
            nn.Conv2d(channels, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 16, 3, 2), nn.ReLU()
        )
        self.head = nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.before(x)
        if self.raw:
            if x.dtype != torch.uint8:
                raise TypeError("bytes are wanted")
            x = (x.to(self.head.weight.dtype) - GREY) / SPREAD
        return self.after(self.head(self.features(x).mean((2, 3))))


def _same(x: torch.Tensor) -> torch.Tensor:
    return x


def _maker(
    channels: int = 3,
    resolution: object = (48, 80),
    dtype: object = None,
    *,
    before: Callable = _same,  # type: ignore[type-arg]
    after: Callable = _same,  # type: ignore[type-arg]
) -> Callable[[], nn.Module]:
    """A builder that says what it takes, as users write it."""

    def build() -> nn.Module:
        return Shaped(channels, raw=dtype in ("uint8", torch.uint8), before=before, after=after)

    build.resolution = resolution  # type: ignore[attr-defined]
    if channels != 3:
        build.channels = channels  # type: ignore[attr-defined]
    if dtype is not None:
        build.dtype = dtype  # type: ignore[attr-defined]
    return build


def _refuse_oblong(x: torch.Tensor) -> torch.Tensor:
    if x.shape[-1] != x.shape[-2]:
        raise ValueError("height and width differ")
    return x


def _in_place(x: torch.Tensor) -> torch.Tensor:
    return x.add_(1)


def _chaos(logits: torch.Tensor) -> torch.Tensor:
    """The logistic map, which doubles every difference on average."""
    out = logits.sigmoid()
    for _ in range(40):
        out = 4 * out * (1 - out)
    return out


wide = _maker()
worded = _maker(resolution="48x80")
grey = _maker(1)
four = _maker(4)
seven = _maker(7, resolution=48)
raw = _maker(dtype="uint8")
raw_of_torch = _maker(4, dtype=torch.uint8)
square = _maker(before=_refuse_oblong)
no_channels = _maker(0)
many_channels = _maker(65)
half = _maker(dtype=torch.float16)
flat = _maker(resolution=(48, 0))
misspelt = _maker(resolution="48X80")
raw_in_place = _maker(dtype="uint8", before=_in_place)
raw_deaf = _maker(dtype="uint8", before=torch.zeros_like)
raw_hardly = _maker(dtype="uint8", after=lambda logits: torch.linspace(-1, 1, 10) + 1e-4 * logits)
raw_chaotic = _maker(dtype="uint8", after=_chaos)
