"""Environments made for the requirements of a side, and kept in the cache folder.

One lies on top of the parent's: the packages that are named, and what these need in other versions, are installed into
it, and everything else is found in the parent's. So the sides differ in nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from levit_bench.errors import BenchError, UsageError, one_line
from levit_bench.measuring.preparing.scratch_folder import Scratch
from levit_bench.measuring.sides.interpreters import packages_here
from levit_bench.paths.cache_folder import cache_folder, make_private

MOST = 6
"""Environments that are kept; those that were used longest ago go first. One with torch takes up to a gigabyte."""
_ENVIRONMENTS = "environments"
_READY = "ready.json"


class InstallError(BenchError):
    """An environment could not be made."""

    exit_code = 1


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
    _forget_oldest(kept, place)
    return str(_python_in(place))


class KeptEnvironment(NamedTuple):
    """An environment that is kept."""

    place: Path
    requirements: tuple[str, ...]
    used_at: float
    """When a gate used it last, in seconds since the epoch."""

    @property
    def bytes(self) -> int:
        """What its files take; the packages below it are not its own."""
        return sum(entry.lstat().st_size for entry in self.place.rglob("*") if entry.is_symlink() or entry.is_file())


def kept_environments(folder: Path) -> list[KeptEnvironment]:
    """The environments in a cache folder, the one used last first."""
    kept = []
    for ready in (folder / _ENVIRONMENTS).glob(f"*/{_READY}"):
        with suppress(OSError, ValueError, TypeError, KeyError):  # Another process may have removed it.
            requirements = json.loads(ready.read_text(encoding="utf-8"))["requirements"]
            kept.append(KeptEnvironment(ready.parent, tuple(map(str, requirements)), ready.stat().st_mtime))
    return sorted(kept, key=lambda one: -one.used_at)


def clear_environments(folder: Path) -> int:
    """Remove all environments in a cache folder, and what interrupted installations left; returns how many."""
    count = len(kept_environments(folder))
    shutil.rmtree(folder / _ENVIRONMENTS, ignore_errors=True)
    return count


def _forget_oldest(folder: Path, used: Path) -> None:
    for kept in kept_environments(folder)[MOST:]:
        if kept.place != used:
            shutil.rmtree(kept.place, ignore_errors=True)


def _key(requirements: Sequence[str]) -> str:
    """Changes with the requirements, with the files that they name and with everything that lies below them."""
    below = packages_here()
    parts = [
        *(f"{one} {_content(one)}" for one in sorted(requirements)),
        below.python, sys.prefix, *(f"{n}=={v}" for n, v in sorted(below.versions.items())),
    ]  # fmt: skip
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _content(requirement: str) -> str:
    """Digest of the file that a requirement names; of another address, which may lead to other content every day,
    something that is never equal.
    """
    _, is_address, address = requirement.partition("@")
    if not is_address:
        return ""
    try:
        return hashlib.sha256(Path(unquote(urlsplit(address.strip()).path)).read_bytes()).hexdigest()
    except (OSError, ValueError):
        return secrets.token_hex()


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
