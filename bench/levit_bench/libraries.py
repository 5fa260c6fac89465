"""The libraries that the package depends on: which one is missing here, what for, and how to get it.

Reading and measuring need different ones, so that each is looked for where it is used.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from levit_bench.errors import UsageError, one_line

DISTRIBUTIONS = {
    name: name
    for name in (
        "click", "matplotlib", "msgspec", "numpy", "pandas", "platformdirs", "psutil", "pytest", "rich", "safetensors",
        "scipy", "timm", "torch",
    )
} | {"cpuinfo": "py-cpuinfo", "pytest_benchmark": "pytest-benchmark"}  # fmt: skip
"""What to install for each library that the package declares, by the name that it is imported by."""


def require(library: str, purpose: str) -> None:
    """Refuse what cannot be done without a library; call this before anything is computed or printed.

    Args:
        library: a name of `DISTRIBUTIONS`.
        purpose: what was asked for, as a verb that follows "cannot".

    Raises:
        UsageError: the library is missing or cannot be imported; the message says how to get it.
    """
    try:
        import_module(library)
    except ImportError as error:
        if _is_missing(library):
            raise UsageError(f"cannot {purpose}: {_how_to_get(library)}") from error
        raise UsageError(
            f"cannot {purpose}: {library} is installed and cannot be imported: {one_line(str(error))}. Install it "
            f"anew: pip install --force-reinstall {DISTRIBUTIONS[library]}"
        ) from error


def require_installed(library: str, purpose: str) -> None:
    """Refuse what cannot be done without a library that is loaded later, or not at all, and so is not loaded here.

    Args:
        library: a name of `DISTRIBUTIONS`.
        purpose: as for `require`.

    Raises:
        UsageError: the library is missing; the message says how to get it.
    """
    if _is_missing(library):
        raise UsageError(f"cannot {purpose}: {_how_to_get(library)}")


def refusal(error: ImportError) -> UsageError | None:
    """The error to raise in place of one about a missing library; None where no declared library is missing."""
    library = (error.name or "").partition(".")[0]
    if library not in DISTRIBUTIONS or not _is_missing(library):
        return None
    return UsageError(f"this cannot be done here: {_how_to_get(library)}")


def _how_to_get(library: str) -> str:
    return f"{library} is not installed. Install it: pip install {DISTRIBUTIONS[library]}"


def _is_missing(library: str) -> bool:
    """Whether a library cannot be found: one that is there and lacks a part is of an unsuitable version."""
    try:
        return find_spec(library) is None
    except (ImportError, ValueError):  # barred by an import hook or by `sys.modules[library] = None`
        return True
