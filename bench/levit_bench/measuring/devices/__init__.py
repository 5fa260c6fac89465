"""Devices by name: whether the machine has what the user asked for, and how a network is held there.

Refuses to know any device in particular: one file each. The parent asks whether a device is there, and stays light;
seats put networks on it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol

from levit_bench.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from levit_bench.measuring.loaded_network import Loaded

_KNOWN = ("cpu", "arm", "cuda", "mps")
OWN_MEMORY = ("cuda", "mps")
"""Those whose memory ends before the machine's patience does: a batch may be the largest that fits."""


class Device(Protocol):
    """What a device's module offers."""

    def resolve(self) -> str:
        """The device that cases will say. Asks the system, not torch: the parent never loads it.

        Raises:
            UsageError: the machine does not have it.
        """

    def hold(self, module: nn.Module, precision: str) -> Loaded:
        """The module on this device, its weights and activations in that number format, ready to run.

        Raises:
            ValueError: the device does not know the format, with the reason.
        """


def names() -> tuple[str, ...]:
    """Devices that can be asked for."""
    return _KNOWN


def get(name: str) -> Device:
    """The device of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in _KNOWN:
        raise UsageError(f"unknown device {name[:80]!r}. Choose from {', '.join(_KNOWN)}.")
    found: Device = importlib.import_module(f"{__name__}.{name}")
    return found


def resolve(name: str) -> str:
    """The device that cases of this request run on.

    Raises:
        UsageError: the machine does not have it, or nobody knows it.
    """
    return get(name).resolve()
