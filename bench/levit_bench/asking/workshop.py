"""Whether this installation can measure; stored results can be read without the modules that measure."""

from __future__ import annotations

from levit_bench.catalog.installed import is_installed
from levit_bench.errors import UsageError

NEEDED = ("levit_bench.measuring", "levit_bench.levit", "torch")
"""Modules that a session needs; they are looked up without being imported."""


def require_workshop(purpose: str = "to measure") -> None:
    """Refuse a command that needs an installation that can measure.

    Args:
        purpose: what was asked for, as a phrase that follows the name of what is missing.

    Raises:
        UsageError: naming the first module that is missing.
    """
    if (missing := missing_module()) is not None:
        raise UsageError(
            f"{missing} is not installed, which is needed {purpose}. What is stored can be read without it; install "
            "levit-bench with all it needs: pip install levit-bench"
        )


def missing_module() -> str | None:
    """The first module that measuring needs and that is not installed; None where all are."""
    return next((name for name in NEEDED if not is_installed(name)), None)
