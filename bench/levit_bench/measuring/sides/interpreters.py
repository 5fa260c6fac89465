"""Other interpreters: which packages they find, and whether a worker can run on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from levit_bench.errors import UsageError, one_line
from levit_bench.numbers.units import format_duration

_OLDEST_PYTHON = (3, 11)
_NEEDED = ("msgspec", "numpy", "psutil", "safetensors", "torch", "timm")
"""What a worker imports, by the names of modules."""
_PROBE = """
import importlib.metadata, importlib.util, json, sys
found = {}
for distribution in importlib.metadata.distributions():
    name = distribution.metadata["Name"]
    if name and name.lower().replace("_", "-") not in found:
        found[name.lower().replace("_", "-")] = distribution.version
missing = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]
print(json.dumps({"python": list(sys.version_info[:3]), "found": found, "missing": missing}))
"""
"""Run by another interpreter: the first distribution of a name is the one that is imported."""


class Packages(NamedTuple):
    """What an environment holds."""

    python: str
    """Version of its interpreter."""
    versions: dict[str, str]
    """Version of each distribution by its name in lower case, hyphens for underscores."""


def packages_here() -> Packages:
    """Those of this interpreter, as its workers find them: libraries may have added folders to this process's path."""
    return _packages_here(os.environ.get("PYTHONPATH", ""))


@cache
def _packages_here(path: str) -> Packages:
    return packages_of(sys.executable, [path])


def packages_of(python: str, path: Sequence[str] = (), timeout_s: float | None = None) -> Packages:
    """Those of another interpreter.

    Args:
        python: its path.
        path: folders that its workers import from before its own packages.
        timeout_s: seconds after which no answer is waited for; None: never.

    Raises:
        UsageError: it does not run or answer, is too old, or lacks what a worker needs; names that.
    """
    try:
        done = subprocess.run(
            [python, "-P", "-c", _PROBE, *_NEEDED],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
            timeout=timeout_s,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise UsageError(
            f"interpreter {python[:80]!r} was asked for its packages and has not answered within "
            f"{format_duration(error.timeout)}. Run it by hand to see why, or wait longer with --timeout."
        ) from error
    except OSError as error:
        raise UsageError(f"interpreter {python[:80]!r} cannot be started: {error.strerror or error}.") from error
    try:
        answer = json.loads(done.stdout.strip().splitlines()[-1]) if done.returncode == 0 else None
    except (ValueError, IndexError):
        answer = None
    if answer is None:
        why = one_line(done.stderr.strip().splitlines()[-1]) if done.stderr.strip() else "it does not answer"
        raise UsageError(f"interpreter {python[:80]!r} is none of Python 3.11 or later: {why}.")
    version = ".".join(map(str, answer["python"]))
    if tuple(answer["python"][:2]) < _OLDEST_PYTHON:
        raise UsageError(f"interpreter {python[:80]!r} is Python {version}, and 3.11 or later is needed.")
    if answer["missing"]:
        names = " ".join(answer["missing"])
        raise UsageError(
            f"interpreter {python[:80]!r} lacks what a worker needs: {', '.join(answer['missing'])}. Install them "
            f"there: {python[:80]} -m pip install {names}"
        )
    return Packages(version, answer["found"])
