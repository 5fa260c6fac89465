"""The ability to measure: stored results can be read without the modules that measure."""

from __future__ import annotations

from levit_bench.catalog.installed import is_installed
from levit_bench.errors import UsageError
from levit_bench.libraries import refuse_outdated, require

NEEDED = ("levit_bench.measuring", "levit_bench.levit", "torch")
"""Modules that a session needs; they are looked up without being imported."""
_TIMED_WITH = ("cpuinfo", "msgspec", "platformdirs", "psutil", "safetensors", "timm", "torch")
"""Libraries that a session uses beside the two of its estimates; of too old a version, they may change numbers."""


def require_measuring(purpose: str = "measure") -> None:
    """Refuse a command that needs an installation that can measure.

    Args:
        purpose: what was asked for, as a verb that follows "cannot".

    Raises:
        UsageError: naming the first module or library that is missing, or too old.
    """
    if (missing := missing_module()) is not None:
        raise UsageError(
            f"cannot {purpose}: {missing} is not installed here. Stored results can be read without it; to measure, "
            "install levit-bench with all it needs: pip install levit-bench"
        )
    refuse_outdated(_TIMED_WITH, purpose)
    for library in ("numpy", "scipy"):  # the estimates of a session, computed while it runs and after
        require(library, purpose)


def missing_module() -> str | None:
    """The first module that measuring needs and that is not installed; None where all are."""
    return next((name for name in NEEDED if not is_installed(name)), None)
