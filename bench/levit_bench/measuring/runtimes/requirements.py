"""What must be installed for a runtime, looked up without loading it, with what would make it run.

Each returns None when all is there. Refuses to know who needs it.
"""

from __future__ import annotations

import os
import shutil
import sys

from levit_bench.catalog.installed import is_installed
from levit_bench.errors import UsageError


def nothing() -> None:
    """Torch alone, which is a dependency."""


def compiler() -> str | None:
    """A C++ compiler: inductor writes C++ for a processor, and the code that starts kernels on a GPU."""
    named = os.environ.get("CXX")
    usual = "clang++" if sys.platform == "darwin" else "g++"
    if shutil.which(named or usual):
        return None
    if named:
        return f"CXX names the C++ compiler {named[:80]!r}, which is not there: name another, or unset CXX"
    install = "xcode-select --install" if sys.platform == "darwin" else "on Debian and Ubuntu: apt install g++"
    return f"there is no C++ compiler ({usual}) on the path: {install}, or name one in CXX"


def gpu() -> str | None:
    """An NVIDIA GPU that torch can use."""
    from levit_bench.measuring import devices

    try:
        devices.resolve("cuda")
    except UsageError as error:
        return str(error).rstrip(".")
    return None


def packages(extra: str, *wanted: str) -> str | None:
    """Installed packages by the names that they are imported by, all of which an extra of this one brings."""
    absent = [name for name in wanted if not is_installed(name)]
    if not absent:
        return None
    what = f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed"
    return f"{what}: pip install 'levit-bench[{extra}]'"
