"""Number formats by name: how weights and activations are stored, and how far outputs may be from those of fp32.

Data alone, so that the parent can check a name without torch. Packages add further ones under the entry-point group
`levit_bench.precisions`.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from levit_bench.errors import one_line
from levit_bench.measuring.extensions import ExtensionError, ExtensionPoint, listed

if TYPE_CHECKING:
    import torch

ENTRY_POINTS = "levit_bench.precisions"

_LARGEST_TOLERANCE = 0.1
"""Twice that of bf16: outputs that may be farther off than this are hardly checked."""
_LONGEST_VALUE = 60


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


def _problem(entry: Any) -> str | None:  # noqa: ANN401 (a package's object may be anything)
    """What is wrong with the fields of a package's number format; None where all can be used."""
    absent = [field for field in Precision._fields if not hasattr(entry, field)]
    if absent:
        return f"it lacks {', '.join(absent)}"
    if not (_is_between(entry.tolerance, _LARGEST_TOLERANCE) and _is_between(entry.coarseness, math.inf)):
        return (
            f"it has a tolerance of {_shown(entry.tolerance)} and a coarseness of {_shown(entry.coarseness)}: the "
            f"former is a number above 0 and at most {_LARGEST_TOLERANCE}, the latter one above 0"
        )
    for field in ("dtype", "about"):
        if not isinstance(getattr(entry, field), str):
            return f"its {field} is {_shown(getattr(entry, field))}, and not text"
    devices = entry.devices
    if devices is not None and not (
        isinstance(devices, tuple | list) and all(isinstance(name, str) for name in devices)
    ):
        return f"its devices are {_shown(devices)}, and neither a list of names nor None"
    return None


def _shown(value: object) -> str:
    return one_line(repr(value))[:_LONGEST_VALUE]


POINT: ExtensionPoint[Precision] = ExtensionPoint(
    "precision", ENTRY_POINTS, own=tuple(_OWN), load=_OWN.__getitem__, functions=("runs_on",), problem=_problem
)


def names() -> tuple[str, ...]:
    """Number formats that can be asked for, the suite's own first."""
    return POINT.names()


def get(name: str) -> Precision:
    """The number format of that name.

    Raises:
        ExtensionError: there is none, or the package that offers it cannot be used.
    """
    return POINT.get(name)


def runs_on(name: str, device: str) -> bool:
    """Whether the device computes in that number format, as the format says.

    Raises:
        ExtensionError: there is none, or the package that offers it cannot be used.
    """
    entry = POINT.get(name)
    with POINT.using(name):
        answer: object = entry.runs_on(device)
        if isinstance(answer, bool):
            return answer
    raise POINT.failed(name, f"runs_on answers with {type(answer).__name__}, and not with True or False")


def on(device: str) -> tuple[str, ...]:
    """Number formats that list the device; without those that cannot be used."""
    out = []
    for name in names():
        with suppress(ExtensionError):
            if runs_on(name, device):
                out.append(name)
    return tuple(out)


def dtype(name: str, device: str) -> torch.dtype:
    """Torch's type of the format, for a device.

    Raises:
        ValueError: the device does not compute in it, or torch has no such type.
    """
    import torch

    precision = get(name)
    if not runs_on(name, device):
        raise ValueError(f"{name} is {precision.about}; a {device} device does not. Choose from {listed(on(device))}")
    torch_type = getattr(torch, precision.dtype, None)
    if not isinstance(torch_type, torch.dtype):
        raise ValueError(  # noqa: TRY004 (the name is at fault)
            f"precision {name!r} is stored as {precision.dtype!r}, and this torch has no such type"
        )
    return torch_type


def _is_between(number: object, high: float) -> bool:
    return (
        isinstance(number, int | float)
        and not isinstance(number, bool)
        and math.isfinite(number)
        and 0 < number <= high
    )
