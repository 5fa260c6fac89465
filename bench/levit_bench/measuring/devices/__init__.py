"""Devices by name: whether the machine has the one requested, and how a network is put on it.

One file for each device; third parties add theirs under the entry-point group `levit_bench.devices`. The parent only
looks up whether a device is there, without torch; worker processes put networks on it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from levit_bench.errors import UsageError
from levit_bench.measuring.extensions import ExtensionError, ExtensionPoint, not_a_function

if TYPE_CHECKING:
    from torch import nn

    from levit_bench.measuring.loaded_network import Loaded

ENTRY_POINTS = "levit_bench.devices"
_CHECKS = ("arm",)
"""Names that can be requested and only check the machine: their cases have another device."""


class Device(Protocol):
    """What a device's module offers."""

    def resolve(self) -> str:
        """The device that cases will have. Queries the system, not torch: the parent never imports it.

        Raises:
            UsageError: the machine does not have it.
        """

    def hold(self, module: nn.Module, precision: str) -> Loaded:
        """The module on this device, its weights and activations in that number format, ready to run.

        Raises:
            ValueError: the device does not know the format, with the reason.
        """


def _module(name: str) -> Device:
    device: Device = importlib.import_module(f"{__name__}.{name}")
    return device


def _problem(device: Device) -> str | None:
    """What is wrong with what a package's device may have beside its functions."""
    if not isinstance(getattr(device, "HAS_OWN_MEMORY", False), bool):
        return "HAS_OWN_MEMORY is True or False"
    return not_a_function(device, "versions") if hasattr(device, "versions") else None


POINT: ExtensionPoint[Device] = ExtensionPoint(
    "device",
    ENTRY_POINTS,
    own=("cpu", "arm", "cuda", "mps"),
    load=_module,
    functions=("resolve", "hold"),
    problem=_problem,
)


def names() -> tuple[str, ...]:
    """Devices that can be asked for, the suite's own first."""
    return POINT.names()


def of_cases() -> tuple[str, ...]:
    """Devices that cases can have."""
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
        UsageError: the machine does not have it, or there is no such device.
    """
    device = get(name)
    with POINT.using(name, UsageError):
        resolved: object = device.resolve()
    if not isinstance(resolved, str):
        raise POINT.failed(name, f"resolve answers with {type(resolved).__name__}, and not with a name")
    try:
        POINT.check(resolved)
    except ExtensionError as error:
        raise POINT.failed(name, str(error)) from error
    return resolved


def has_own_memory(name: str) -> bool:
    """Whether the device has memory of its own, which limits the batch before time does.

    A device states this with a constant `HAS_OWN_MEMORY`; without it, a device computes in the machine's memory.
    """
    return bool(getattr(get(name), "HAS_OWN_MEMORY", False))


def versions_of(name: str) -> dict[str, str]:
    """Versions that can change the device's speed, such as the driver's; the model as `gpu`, part of the setting.

    From its function `versions`, if it has one, once a network is on it.

    Raises:
        ExtensionError: the function of a package's device raises, or returns something else.
    """
    versions: Callable[[], Mapping[str, str]] | None = getattr(get(name), "versions", None)
    with POINT.using(name):
        return {} if versions is None else {str(key): str(value) for key, value in versions().items()}
