"""The libraries that the package depends on: which is missing or too old here, what for, and how to get it.

Reading and measuring need different ones, so that each is looked for where it is used.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from levit_bench.errors import UsageError, one_line


class Library(NamedTuple):
    """A library that the package declares."""

    distribution: str
    """What to install."""
    oldest: str
    """The oldest version that the package works with, as in `pyproject.toml` and `constraints-oldest.txt`."""
    is_for_reading: bool = False
    """Whether what reads stored sessions needs it. These alone stand in `requirements-reading.txt`."""


LIBRARIES = {
    "click": Library("click", "8.1.0", is_for_reading=True),
    "cpuinfo": Library("py-cpuinfo", "9.0.0"),
    "matplotlib": Library("matplotlib", "3.6.0", is_for_reading=True),
    "msgspec": Library("msgspec", "0.18.6", is_for_reading=True),
    "numpy": Library("numpy", "1.23.5", is_for_reading=True),
    "pandas": Library("pandas", "1.5.3", is_for_reading=True),
    "platformdirs": Library("platformdirs", "3.0.0", is_for_reading=True),
    "psutil": Library("psutil", "5.9.4"),
    "pytest": Library("pytest", "8.0.0"),
    "pytest_benchmark": Library("pytest-benchmark", "4.0.0"),
    "rich": Library("rich", "13.0.0", is_for_reading=True),
    "safetensors": Library("safetensors", "0.4.1"),
    "scipy": Library("scipy", "1.9.3", is_for_reading=True),
    "timm": Library("timm", "1.0.7"),
    "torch": Library("torch", "2.6.0"),
}
"""Every library that the package declares, by the name that it is imported by."""
_OF_UNSUITABLE_LIBRARY = (ImportError, AttributeError, TypeError)
"""What is raised where a library lacks a module, a name or an argument."""
_RELEASE = re.compile(r"\d+(?:\.\d+)*")


def require(library: str, purpose: str) -> None:
    """Refuse what cannot be done without a library; call this before anything is computed or printed.

    Args:
        library: a name of `LIBRARIES`.
        purpose: what was asked for, as a verb that follows "cannot".

    Raises:
        UsageError: the library is missing, too old or cannot be imported; the message says how to get it.
    """
    refuse_outdated((library,), purpose)
    try:
        import_module(library)
    except ImportError as error:
        if _is_missing(library):
            raise UsageError(f"cannot {purpose}: {_how_to_get(library)}") from error
        raise UsageError(
            f"cannot {purpose}: {library} is installed and cannot be imported: {one_line(str(error))}. Install it "
            f"anew: pip install --force-reinstall {LIBRARIES[library].distribution}"
        ) from error


def require_installed(library: str, purpose: str) -> None:
    """Refuse what cannot be done without a library that is loaded later, or not at all, and so is not loaded here.

    Args:
        library: a name of `LIBRARIES`.
        purpose: as for `require`.

    Raises:
        UsageError: the library is missing or too old; the message says how to get it.
    """
    if _is_missing(library):
        raise UsageError(f"cannot {purpose}: {_how_to_get(library)}")
    refuse_outdated((library,), purpose)


def refuse_outdated(libraries: Iterable[str], purpose: str) -> None:
    """Refuse what libraries that are older than the oldest suitable version might do wrong; a missing one passes.

    Args:
        libraries: names of `LIBRARIES`.
        purpose: as for `require`.

    Raises:
        UsageError: naming the first one that is too old, both versions, and how to get another.
    """
    for library in libraries:
        if (advice := _how_to_upgrade(library)) is not None:
            raise UsageError(f"cannot {purpose}: {advice}")


def refusal(error: Exception) -> UsageError | None:
    """The error to raise in place of one that a missing or outdated library has caused; None where neither did."""
    library = ((error.name or "") if isinstance(error, ImportError) else "").partition(".")[0]
    if library in LIBRARIES and _is_missing(library):
        return UsageError(f"this cannot be done here: {_how_to_get(library)}")
    if not isinstance(error, _OF_UNSUITABLE_LIBRARY):
        return None
    loaded = [name for name in LIBRARIES if name in sys.modules or name == library]
    advice = next((advice for name in loaded if (advice := _how_to_upgrade(name)) is not None), None)
    return None if advice is None else UsageError(f"this cannot be done here: {advice}")


def _how_to_get(library: str) -> str:
    return f"{library} is not installed. Install it: pip install {LIBRARIES[library].distribution}"


def _how_to_upgrade(library: str) -> str | None:
    """What is installed, what is needed, and the remedy; None where the version suffices or cannot be told."""
    from importlib import metadata  # late: help and lists need none

    distribution, oldest, _ = LIBRARIES[library]
    try:
        version = metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
    if (release := _release(version)) is None or release >= (_release(oldest) or ()):
        return None
    return (
        f"{library} {version} is installed, and {oldest} or later is needed. "
        f"Upgrade it: pip install --upgrade '{distribution}>={oldest}'"
    )


def _release(version: str) -> tuple[int, ...] | None:
    """The numbers of a version such as `2.13.0+cpu`, without zeros at their end, which mean nothing.

    What follows them is left out: vendors call their builds of a release alphas of it.
    """
    match = _RELEASE.match(version)
    numbers = [int(number) for number in match[0].split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers) if match else None


def _is_missing(library: str) -> bool:
    """Whether a library cannot be found: one that is there and lacks a part is of an unsuitable version."""
    try:
        return find_spec(library) is None
    except (ImportError, ValueError):  # barred by an import hook or by `sys.modules[library] = None`
        return True
