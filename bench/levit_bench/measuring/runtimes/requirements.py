"""Requirements of runtimes, looked up without importing anything large.

Each function returns None where the requirement is met, else what is missing and how to install it.
"""

from __future__ import annotations

import os
import shutil
import sys

from levit_bench.catalog.installed import is_installed
from levit_bench.errors import UsageError


def nothing() -> None:
    """No requirement but torch, which is a dependency."""


def compiler() -> str | None:
    """A C++ compiler: inductor writes C++ for a processor, and the code that starts kernels on a GPU."""
    compiler_path = os.environ.get("CXX")
    default = "clang++" if sys.platform == "darwin" else "g++"
    if shutil.which(compiler_path or default):
        return None
    if compiler_path:
        return f"CXX names the C++ compiler {compiler_path[:80]!r}, which is not there: name another, or unset CXX"
    install = "xcode-select --install" if sys.platform == "darwin" else "on Debian and Ubuntu: apt install g++"
    return f"there is no C++ compiler ({default}) on the path: {install}, or name one in CXX"


def gpu() -> str | None:
    """An NVIDIA GPU that torch can use."""
    from levit_bench.measuring import devices

    try:
        devices.resolve("cuda")
    except UsageError as error:
        return str(error).rstrip(".")
    return None


def packages(extra: str, *names: str) -> str | None:
    """Packages by the names that they are imported by, all of which an extra of this package installs."""
    absent = [name for name in names if not is_installed(name)]
    if not absent:
        return None
    problem = f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed"
    return f"{problem}: pip install 'levit-bench[{extra}]'"
