"""Environments made for the requirements of a side, and kept in the cache folder.

One lies on top of the parent's: the packages that are named, and what these need in other versions, are installed into
it, and everything else is found in the parent's. So the sides differ in nothing else.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from levit_bench.errors import EXIT_USAGE, BenchError, UsageError, one_line
from levit_bench.measuring.preparing.scratch_folder import Scratch
from levit_bench.measuring.sides.interpreters import packages_here
from levit_bench.paths.cache_folder import cache_folder, make_private

MOST = 6
"""Environments that are kept; those that were used longest ago go first. One with torch takes up to a gigabyte."""
_ENVIRONMENTS = "environments"
_READY = "ready.json"
_START_S = 60
"""Seconds for the start of an interpreter, which takes hundredths of one."""
_LEAST_FREE = 16 << 20
"""Bytes of a disk that is full: less than one package of any size needs."""
_VERSIONS = re.compile(r"\(from versions: (?P<versions>[^()]*)\)")
"""Where pip lists every version that an index has."""
_NEAR = 2
"""Versions that are told on either side of one that does not exist."""


class InstallError(BenchError):
    """An environment could not be made, which says nothing of the code that was to be measured in it."""

    exit_code = EXIT_USAGE


def environment_with(requirements: Sequence[str], named: str = "", *, fresh: bool = False) -> str:
    """Path of an interpreter whose environment meets requirements, and is otherwise this one.

    Made once and kept in the cache folder; an interrupted installation leaves nothing that would be taken for whole.

    Args:
        requirements: such as `torch==2.12.*`.
        named: the cache folder; empty for the default.
        fresh: make it anew: `torch>2` stays at the version that was newest when its environment was made.

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
    if not fresh and (place / _READY).is_file() and _runs(_python_in(place)):
        with suppress(OSError):
            os.utime(place / _READY)
        return str(_python_in(place))
    try:
        make_private(kept)
        make_private(home)
        scratch = Scratch(home)
    except OSError as error:
        raise _not_made(home, error) from error
    try:
        draft = Path(scratch.name) / "environment"
        _make(draft, requirements)
        (draft / _READY).write_text(json.dumps({"requirements": list(requirements)}), encoding="utf-8")
        with suppress(OSError):  # There was none before.
            place.rename(Path(scratch.name) / "before")
        with suppress(OSError):  # Another process has made it meanwhile.
            draft.rename(place)
    except OSError as error:
        raise _not_made(home, error) from error
    finally:
        scratch.cleanup()
    _forget_oldest(kept, place)
    return str(_python_in(place))


def _not_made(home: Path, error: OSError) -> InstallError:
    reason = _disk_full(str(error), home) or f"{error.strerror or error}. Name another folder with --cache."
    return InstallError(f"no environment can be made in {home}: {reason}")


def _runs(python: Path) -> bool:
    """Whether the interpreter of an environment still starts: the one that it links to may have been removed."""
    try:
        done = subprocess.run(
            [str(python), "-I", "-S", "-c", ""],
            stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_START_S,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


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
    _installing([sys.executable, "-m", "venv", str(place)], "an environment for the side", place)
    python = _python_in(place)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)}))
    below = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    # A line that begins with `import` is executed: folders that other .pth files name are found as well.
    lines = "".join(f"import site; site.addsitedir({folder!r})\n" for folder in below)
    (packages / "below.pth").write_text(lines, encoding="utf-8")
    _installing(
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", *requirements],
        f"{' '.join(requirements)}",
        place,
    )


def _installing(command: Sequence[str], what: str, place: Path) -> None:
    """Run an installer.

    Raises:
        InstallError: it fails, with its reason.
    """
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
        why = _disk_full(f"{done.stdout}\n{done.stderr}", place) or _why_failed(
            done.stderr or done.stdout, done.returncode
        )
        raise InstallError(f"cannot install {what[:200]}: {why}")


def _why_failed(output: str, code: int) -> str:
    """The installer's reason on one line.

    Args:
        output: what it printed.
        code: its exit code.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith("ERROR:")]
    telling = telling or [line for line in lines if "error" in line.lower()] or lines
    if not telling:
        return f"exit code {code}"
    why = one_line(_VERSIONS.sub(lambda found: _nearest_versions(telling[0], found["versions"]), telling[0]))
    why = why.removeprefix("ERROR: ").rstrip(".")
    if any("Retrying" in line or "NewConnectionError" in line for line in lines):
        why += ". The package index did not answer: look at the network and at pip's settings"
    return f"{why}."


def _nearest_versions(line: str, versions: str) -> str:
    """The versions of a list that are nearest to the one that a line asks for, in brackets.

    Args:
        line: holds the requirement.
        versions: all that there are, oldest first, separated by commas.
    """
    known = [version.strip() for version in versions.split(",") if version.strip()]
    if known in ([], ["none"]):
        return "(the package index has none)"
    asked = re.search(r"[=<>~]\s*([0-9][\w.!+*-]*)", line)
    at = len(known) if asked is None else bisect_left(known, _numbers(asked[1]), key=_numbers)
    shown = known[max(0, at - _NEAR) : at + _NEAR]
    return f"({'nearest of' if len(shown) < len(known) else 'all'} {len(known)} versions: {', '.join(shown)})"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:4]))


def _disk_full(output: str, place: Path) -> str:
    """That the disk is full, and what to do; empty where neither the output nor the disk says so.

    Args:
        output: of what failed.
        place: folder, perhaps not there yet, on the disk that was written to.
    """
    free = {}
    for folder in (place, Path(tempfile.gettempdir())):
        there = next((one for one in (folder, *folder.parents) if one.is_dir()), None)
        if there is not None:
            with suppress(OSError):
                free[shutil.disk_usage(there).free] = folder
    least = min(free, default=0)
    is_said = os.strerror(errno.ENOSPC) in output or f"Errno {errno.ENOSPC}]" in output
    if not free or (least >= _LEAST_FREE and not is_said):
        return ""
    return (
        f"the disk is full ({least >> 20} MiB are free for {free[least]}). Free some space: the verb cache "
        "with --clear removes what is kept between sessions. Or name a folder on another disk with --cache and TMPDIR."
    )


def _python_in(place: Path) -> Path:
    folder = "Scripts" if sys.platform == "win32" else "bin"
    return place / folder / ("python.exe" if sys.platform == "win32" else "python")
