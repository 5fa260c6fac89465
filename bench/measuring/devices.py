"""Devices by name: whether the machine has what the user asked for.

Asks the system, not torch: the parent never loads it. Refuses to know what runs there. A device is one function in
`_CHECKS`; `arm` is a check on the processor, its cases say `cpu`.
"""

from __future__ import annotations

import ctypes.util
import platform
from collections.abc import Callable

from bench.errors import UsageError
from bench.measuring.machine import is_emulated


def resolve(name: str) -> str:
    """The device that cases of this request run on.

    Raises:
        UsageError: the machine does not have it, or nobody knows it.
    """
    if name not in _CHECKS:
        raise UsageError(f"unknown device {name!r}. Choose from {', '.join(_CHECKS)}.")
    return _CHECKS[name]()


def _cpu() -> str:
    return "cpu"


def _arm() -> str:
    isa = platform.machine()
    if isa.lower() not in ("aarch64", "arm64"):
        raise UsageError(
            f"--device arm asks for an ARM processor, but this process runs on {isa}. Use --device cpu here."
        )
    if is_emulated():
        raise UsageError("--device arm asks for an ARM processor, but this process is emulated. Use --device cpu here.")
    return "cpu"


def _cuda() -> str:
    if ctypes.util.find_library("cuda") is None:
        raise UsageError("--device cuda needs an NVIDIA GPU, and no NVIDIA driver is installed here. Use --device cpu.")
    raise UsageError("--device cuda: no registered runtime measures on a GPU yet. Use --device cpu.")


_CHECKS: dict[str, Callable[[], str]] = {"cpu": _cpu, "arm": _arm, "cuda": _cuda}
