"""An ARM processor: a check, and nothing else. Cases say `cpu`, as everywhere."""

from __future__ import annotations

import platform

from bench.errors import UsageError
from bench.measuring.devices.cpu import hold
from bench.measuring.machine import is_emulated

__all__ = ["hold", "resolve"]


def resolve() -> str:
    """The processor, if it is one.

    Raises:
        UsageError: it is another one, or this process is translated for another one.
    """
    isa = platform.machine()
    if isa.lower() not in ("aarch64", "arm64"):
        raise UsageError(
            f"--device arm asks for an ARM processor, but this process runs on {isa}. Use --device cpu here."
        )
    if is_emulated():
        raise UsageError("--device arm asks for an ARM processor, but this process is emulated. Use --device cpu here.")
    return "cpu"
