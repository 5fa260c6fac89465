"""Devices by name: whether the machine has what the user asked for, and how a network is held there.

Refuses to know any device in particular: one file each, third parties under the entry-point group
`levit_bench.devices`. The parent asks whether a device is there, and stays light; seats put networks on it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from levit_bench.errors import UsageError
from levit_bench.measuring.extensions import ExtensionPoint

if TYPE_CHECKING:
    from torch import nn

    from levit_bench.measuring.loaded_network import Loaded

ENTRY_POINTS = "levit_bench.devices"
_CHECKS = ("arm",)
"""What can be asked for, and is no device of its own: cases say another one."""


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


def _module(name: str) -> Device:
    found: Device = importlib.import_module(f"{__name__}.{name}")
    return found


POINT: ExtensionPoint[Device] = ExtensionPoint(
    "device", ENTRY_POINTS, own=("cpu", "arm", "cuda", "mps"), load=_module, attributes=("resolve", "hold")
)


def names() -> tuple[str, ...]:
    """Devices that can be asked for, the suite's own first."""
    return POINT.names()


def of_cases() -> tuple[str, ...]:
    """Devices that cases can say."""
    return tuple(name for name in names() if name not in _CHECKS)


def get(name: str) -> Device:
    """The device of that name.

    Raises:
        UsageError: there is none, or the package that offers it cannot be used.
    """
    return POINT.get(name)


def resolve(name: str) -> str:
    """The device that cases of this request run on.

    Raises:
        UsageError: the machine does not have it, or nobody knows it.
    """
    device = get(name)
    try:
        found = device.resolve()
    except UsageError:
        raise
    except Exception as error:  # A package's code may raise anything at all.
        raise POINT.failed(name, error) from error
    POINT.check(found)
    return found


def has_own_memory(name: str) -> bool:
    """Whether the device's memory ends before the machine's patience does: a batch may be the largest that fits.

    A device says so with a constant `HAS_OWN_MEMORY`; one that says nothing computes in the machine's memory.
    """
    return bool(getattr(get(name), "HAS_OWN_MEMORY", False))


def versions_of(name: str) -> dict[str, str]:
    """What can change the device's speed, such as its driver; its model as `gpu`, which is part of the setting.

    Asked of its function `versions`, if it has one, once it holds a network.
    """
    told: Callable[[], Mapping[str, str]] | None = getattr(get(name), "versions", None)
    return {} if told is None else {str(key): str(value) for key, value in told().items()}
