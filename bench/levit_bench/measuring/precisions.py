"""Number formats by name: how weights and activations are stored, and how far outputs may be from those of fp32.

Data alone, so that the parent can check a name without torch. Packages add further ones under the entry-point group
`levit_bench.precisions`.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.measuring.extensions import ExtensionError, ExtensionPoint

if TYPE_CHECKING:
    import torch

ENTRY_POINTS = "levit_bench.precisions"

_LARGEST_TOLERANCE = 0.1
"""Twice that of bf16: outputs that may be farther off than this are hardly checked."""


class Precision(NamedTuple):
    """A number format."""

    dtype: str
    """Torch's name of the type in which weights and activations are stored."""
    tolerance: float
    """Largest relative L2 distance of logits from those of fp32 eager, above 0 and at most 0.1."""
    coarseness: float
    """Spacing of neighbouring numbers, in multiples of fp32's, which has 23 bits of mantissa."""
    about: str
    """Description for messages, to follow "which is"."""
    devices: tuple[str, ...] | None = None
    """Devices that compute in it; None: every device that can store its type."""

    def runs_on(self, device: str) -> bool:
        """Whether the device computes in it, by the format's own list."""
        return self.devices is None or device in self.devices


# fp32 differs from itself by the order of summation alone (1e-6 seen); the others by their mantissa: 10 bits for fp16
# and TF32, 7 bits for bf16, over some tens of layers.
_OWN = {
    "fp32": Precision("float32", tolerance=1e-4, coarseness=1.0, about="single precision"),
    # Stores fp32, and multiplies with 10 bits of mantissa.
    "tf32": Precision(
        "float32", tolerance=1e-2, coarseness=2.0**13, about="how NVIDIA GPUs multiply fp32 numbers", devices=("cuda",)
    ),
    "fp16": Precision("float16", tolerance=1e-2, coarseness=2.0**13, about="half precision"),
    "bf16": Precision("bfloat16", tolerance=5e-2, coarseness=2.0**16, about="fp32 with a mantissa of 7 bits"),
}

POINT: ExtensionPoint[Precision] = ExtensionPoint(
    "precision", ENTRY_POINTS, own=tuple(_OWN), load=_OWN.__getitem__, attributes=(*Precision._fields, "runs_on")
)


def names() -> tuple[str, ...]:
    """Number formats that can be asked for, the suite's own first."""
    return POINT.names()


def get(name: str) -> Precision:
    """The number format of that name.

    Raises:
        ExtensionError: there is none, or the package that offers it cannot be used.
    """
    entry = POINT.get(name)
    if not (_is_between(entry.tolerance, _LARGEST_TOLERANCE) and _is_between(entry.coarseness, math.inf)):
        raise ExtensionError(
            f"precision {name!r} has a tolerance of {entry.tolerance!r} and a coarseness of {entry.coarseness!r}: the "
            f"former is above 0 and at most {_LARGEST_TOLERANCE}, the latter above 0"
        )
    return entry


def on(device: str) -> tuple[str, ...]:
    """Number formats that list the device; without those that cannot be used."""
    out = []
    for name in names():
        with suppress(ExtensionError):
            if get(name).runs_on(device):
                out.append(name)
    return tuple(out)


def dtype(name: str, device: str) -> torch.dtype:
    """Torch's type of the format, for a device.

    Raises:
        ValueError: the device does not compute in it, or torch has no such type.
    """
    import torch

    precision = get(name)
    if not precision.runs_on(device):
        raise ValueError(
            f"{name} is {precision.about}; a {device} device does not. Choose from {', '.join(on(device))}"
        )
    torch_type = getattr(torch, precision.dtype, None)
    if not isinstance(torch_type, torch.dtype):
        raise ValueError(  # noqa: TRY004 (the name is at fault)
            f"precision {name!r} is stored as {precision.dtype!r}, and this torch has no such type"
        )
    return torch_type


def _is_between(number: object, high: float) -> bool:
    return isinstance(number, int | float) and math.isfinite(number) and 0 < number <= high
