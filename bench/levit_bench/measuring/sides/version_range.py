"""The versions of a package between a good and a bad one, as the package index that pip asks has them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Collection, Sequence

from levit_bench.catalog.candidates import Candidate
from levit_bench.errors import UsageError, one_line

_REQUIREMENT = re.compile(r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*==\s*(?P<version>[0-9][\w.!*-]*)\s*")
_LISTED = re.compile(r"^Available versions: (?P<versions>.+)$", re.MULTILINE)
_SHOWN = 6
_PRE = re.compile(r"(a|b|rc|dev)\d")


class VersionRange:
    """The versions from a good one to a bad one.

    Args:
        name: of the package.
        good: the older end: a version, or its beginning with a star, such as `2.10.*`, of which the oldest is taken.
        bad: the newer end; with a star the newest of it.
        versions: all that there are, the oldest first; absent: as pip lists them for this interpreter.

    Raises:
        UsageError: an end does not exist, or nothing is between them.
    """

    def __init__(self, name: str, good: str, bad: str, versions: Sequence[str] | None = None) -> None:
        with_pre = any(_PRE.search(end) for end in (good, bad))
        every = list(versions_of(name, with_pre=with_pre) if versions is None else versions)
        first = next((at for at, version in enumerate(every) if _matches(version, good)), None)
        last = next((at for at in reversed(range(len(every))) if _matches(every[at], bad)), None)
        for end, at in ((good, first), (bad, last)):
            if at is None:
                raise UsageError(f"there is no {name}=={end} for this Python. {_nearest(every)}")
        assert first is not None
        assert last is not None
        if first >= last:
            raise UsageError(
                f"{name}=={good}..{bad} holds no two versions, the good one first. {_nearest(every[last : first + 1])}"
            )
        self._name, self._versions = name, every[first : last + 1]
        self.good, self.bad = self._candidate(self._versions[0]), self._candidate(self._versions[-1])

    def possible(self, good: Collection[str], bad: str) -> list[Candidate]:
        """As that of commits: the versions after the last good one, the middle first and `bad` last."""
        last_good = max(self._versions.index(one) for one in good)
        end = self._versions.index(bad)
        between = self._versions[last_good + 1 : end]
        middle = (len(between) - 1) / 2
        ordered = sorted(between, key=lambda one: abs(between.index(one) - middle))
        return [self._candidate(version) for version in (*ordered, bad)]

    def in_order(self, candidates: Collection[Candidate]) -> list[Candidate]:
        """Candidates from the oldest to the newest."""
        return sorted(candidates, key=lambda one: self._versions.index(one.id))

    def last_good(self, good: Collection[str], bad: str, skipped: Collection[str]) -> Candidate:
        """The newest good version before a bad one."""
        del skipped  # A version that was skipped is not known to be good.
        end = self._versions.index(bad)
        return self._candidate(self._versions[max(at for one in good if (at := self._versions.index(one)) < end)])

    def _candidate(self, version: str) -> Candidate:
        return Candidate(version, f"{self._name}=={version}", f"{self._name} {version}")


def version_ends(good: str, bad: str) -> tuple[str, str, str] | None:
    """Package, good and bad version where the ends name versions: `torch==2.10.*` and `torch==2.13.*`, or `2.13.*`.

    Raises:
        UsageError: they name two packages, or only the second names one.
    """
    first, second = _REQUIREMENT.fullmatch(good), _REQUIREMENT.fullmatch(bad)
    if first is None:
        if second is not None:
            raise UsageError(f"{bad[:80]!r} is a version, and {good[:80]!r} is none. Name two of one package.")
        return None
    version = second["version"] if second is not None else bad.strip()
    if second is not None and _plain(first["name"]) != _plain(second["name"]):
        raise UsageError(f"{good[:80]!r} and {bad[:80]!r} are two packages. Name two versions of one.")
    if not re.fullmatch(r"[0-9][\w.!*-]*", version):
        raise UsageError(f"{bad[:80]!r} is no version. Write {first['name']}=={first['version']}..2.13.*, for example.")
    return first["name"], first["version"], version


def versions_of(name: str, *, with_pre: bool = False) -> list[str]:
    """All versions of a package that pip finds for this interpreter, the oldest first; without local builds.

    Pre-releases are among them where they are asked for.

    Raises:
        UsageError: pip finds none, or cannot be asked, with what it says.
    """
    # Neither the import path of this process nor its options for Python are for the installer.
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    words = ["index", "versions", name, "--disable-pip-version-check", "--no-input", *(["--pre"] if with_pre else [])]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *words],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    listed = _LISTED.search(done.stdout)
    if listed is None:
        errors = [line for line in (*done.stderr.splitlines(), *done.stdout.splitlines()) if "ERROR" in line]
        why = one_line(errors[-1].removeprefix("ERROR: ")) if errors else f"exit code {done.returncode}"
        raise UsageError(
            f"pip lists no versions of {name[:80]!r}: {why.rstrip('.')}. Look at the name and the network."
        )
    versions = [version.strip() for version in listed["versions"].split(",")]
    return [version for version in reversed(versions) if "+" not in version]


def _matches(version: str, wanted: str) -> bool:
    """Whether a version is the one that is wanted, or begins as it; 2.10 is 2.10.0, as for pip."""
    if wanted.endswith("*"):
        beginning = wanted.removesuffix("*").removesuffix(".")
        return version == beginning or version.startswith(f"{beginning}.")
    return _without_zeros(version) == _without_zeros(wanted)


def _without_zeros(version: str) -> str:
    return re.sub(r"(\.0+)+$", "", version)


def _nearest(versions: Sequence[str]) -> str:
    shown = versions[-_SHOWN:]
    what = "The newest are" if len(versions) > len(shown) else "There are"
    return f"{what} {', '.join(shown)}." if shown else "There are none."


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
