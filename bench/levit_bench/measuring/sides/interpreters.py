"""Other interpreters: what an environment holds, and environments made for requirements.

An environment for requirements lies on top of the parent's: the packages that are named, and what these need in other
versions, are installed into it, and everything else is found in the parent's. So the sides differ in nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from levit_bench.errors import BenchError, UsageError, one_line
from levit_bench.measuring.preparing.scratch_folder import Scratch
from levit_bench.paths.cache_folder import cache_folder, make_private

_ENVIRONMENTS = "environments"
_READY = "ready.json"
_MOST = 6
"""Environments that are kept; those that were used longest ago go first. One with torch takes up to a gigabyte."""
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


class InstallError(BenchError):
    """An environment could not be made."""

    exit_code = 1


def packages_here() -> Packages:
    """Those of this interpreter, as its workers find them: libraries may have added folders to this process's path."""
    return _packages_here(os.environ.get("PYTHONPATH", ""))


@cache
def _packages_here(path: str) -> Packages:
    return packages_of(sys.executable, [path])


def packages_of(python: str, path: Sequence[str] = ()) -> Packages:
    """Those of another interpreter.

    Args:
        python: its path.
        path: folders that its workers import from before its own packages.

    Raises:
        UsageError: it does not run, is too old, or lacks what a worker needs; names that.
    """
    try:
        done = subprocess.run(
            [python, "-P", "-c", _PROBE, *_NEEDED],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
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


def environment_with(requirements: Sequence[str], named: str = "") -> str:
    """Path of an interpreter whose environment meets requirements, and is otherwise this one.

    Made once and kept in the cache folder; an interrupted installation leaves nothing that would be taken for whole.

    Args:
        requirements: such as `torch==2.12.*`.
        named: the cache folder; empty for the default.

    Raises:
        InstallError: it could not be made, with what the installer says.
    """
    kept = Path(named).expanduser().absolute() if named else cache_folder()
    key = _key(requirements)
    if kept is None:
        raise UsageError(
            "LEVIT_BENCH_CACHE is empty, so that no environment can be kept for a side. Name a folder with --cache."
        )
    home = kept / _ENVIRONMENTS
    place = home / key
    if (place / _READY).is_file():
        with suppress(OSError):
            os.utime(place / _READY)
        return str(_python_in(place))
    try:
        make_private(kept)
        make_private(home)
        scratch = Scratch(home)
    except OSError as error:
        raise InstallError(f"no environment can be made in {home}: {error.strerror or error}.") from error
    try:
        draft = Path(scratch.name) / "environment"
        _make(draft, requirements)
        (draft / _READY).write_text(json.dumps({"requirements": list(requirements)}), encoding="utf-8")
        with suppress(OSError):  # Another process has made it meanwhile.
            draft.rename(place)
    except OSError as error:
        raise InstallError(f"no environment can be made in {home}: {error.strerror or error}.") from error
    finally:
        scratch.cleanup()
    _forget_oldest(home, place)
    return str(_python_in(place))


def kept_environments(folder: Path) -> list[Path]:
    """The environments in a cache folder, the one used last first."""
    home = folder / _ENVIRONMENTS
    try:
        places = [place for place in home.iterdir() if (place / _READY).is_file()]
    except OSError:
        return []
    return sorted(places, key=lambda place: -(place / _READY).stat().st_mtime)


def _forget_oldest(home: Path, used: Path) -> None:
    for place in kept_environments(home.parent)[_MOST:]:
        if place != used:
            shutil.rmtree(place, ignore_errors=True)


def _key(requirements: Sequence[str]) -> str:
    """Changes with the requirements and with everything that lies below them."""
    below = packages_here()
    parts = [*sorted(requirements), below.python, sys.prefix, *(f"{n}=={v}" for n, v in sorted(below.versions.items()))]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _make(place: Path, requirements: Sequence[str]) -> None:
    """An environment on top of this one, with the requirements installed."""
    _installing([sys.executable, "-m", "venv", str(place)], "an environment for the side")
    python = _python_in(place)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)}))
    below = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    # A line that begins with `import` is executed: folders that other .pth files name are found as well.
    lines = "".join(f"import site; site.addsitedir({folder!r})\n" for folder in below)
    (packages / "below.pth").write_text(lines, encoding="utf-8")
    _installing(
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", *requirements],
        f"{' '.join(requirements)}",
    )


def _installing(command: Sequence[str], what: str) -> None:
    # Neither the import path of this process nor its options for Python are for the installer.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        telling = [line for line in lines if "error" in line.lower()] or lines
        why = one_line(telling[0]) if telling else f"exit code {done.returncode}"
        raise InstallError(f"cannot install {what[:200]}: {why}")


def _python_in(place: Path) -> Path:
    folder = "Scripts" if sys.platform == "win32" else "bin"
    return place / folder / ("python.exe" if sys.platform == "win32" else "python")
