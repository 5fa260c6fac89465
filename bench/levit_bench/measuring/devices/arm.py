"""An ARM processor: a check of the machine alone. Its cases have the device `cpu`.

A process that is emulated passes: it shows that everything installs and computes there. Its session is marked, and
gives no speed.
"""

from __future__ import annotations

import platform

from levit_bench.errors import UsageError
from levit_bench.measuring.devices.cpu import hold
from levit_bench.measuring.machine.description import is_emulated

__all__ = ["hold", "resolve"]


def resolve() -> str:
    """The processor, if it is one.

    Raises:
        UsageError: this process runs on another one, or was built for another one and is translated.
    """
    isa = platform.machine()
    if isa.lower() not in ("aarch64", "arm64"):
        translated = is_emulated()
        advice = "Start it with a Python that was built for ARM" if translated else "Use --device cpu here"
        raise UsageError(
            f"--device arm asks for an ARM processor, but this process runs on {isa}"
            f"{', and is translated' if translated else ''}. {advice}."
        )
    return "cpu"
