"""Environments of sides: what another interpreter holds, and one that is made for requirements."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest
from levit_bench.errors import UsageError
from levit_bench.measuring.sides import interpreters
from levit_bench.measuring.sides.interpreters import InstallError, environment_with, packages_here, packages_of


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_this_interpreter_holds_what_this_process_does() -> None:
    found, here = packages_of(sys.executable), packages_here()
    assert found.python == here.python == ".".join(map(str, sys.version_info[:3]))
    assert found.versions["torch"] == here.versions["torch"]
    assert found.versions["pytest-benchmark"] == here.versions["pytest-benchmark"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("echo nonsense", "none of Python 3.11 or later: it does not answer"),
        ("echo Traceback >&2; echo boom >&2; exit 1", "none of Python 3.11 or later: boom"),
        ("""echo '{"python": [3, 9, 18], "found": {}, "missing": []}'""", "is Python 3.9.18, and 3.11 or later"),
        (
            """echo '{"python": [3, 12, 1], "found": {}, "missing": ["torch", "timm"]}'""",
            r"lacks what a worker needs: torch, timm\. Install them there: .*other -m pip install torch timm",
        ),
    ],
)
def test_an_interpreter_that_cannot_serve_is_refused_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        packages_of(script(tmp_path / "other", text))


def test_an_interpreter_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be started: No such file"):
        packages_of(str(tmp_path / "python"))


def wheel(folder: Path, version: str) -> str:
    """A wheel of one module, made by hand; returns a requirement for it."""
    name, info = f"tinypkg-{version}-py3-none-any.whl", f"tinypkg-{version}.dist-info"
    with zipfile.ZipFile(folder / name, "w") as file:
        file.writestr("tinypkg.py", f"VERSION = {version!r}\n")
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tinypkg\nVersion: {version}\n")
        told = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        file.writestr(f"{info}/WHEEL", told)
        file.writestr(f"{info}/RECORD", "")
    return f"tinypkg @ file://{folder / name}"


@pytest.mark.slow
def test_an_environment_for_requirements_lies_on_top_of_this_one_and_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "")
    requirement = wheel(tmp_path, "1.5")
    python = environment_with([requirement], str(tmp_path / "cache"))
    found, here = packages_of(python).versions, packages_here().versions
    assert found.pop("tinypkg") == "1.5"
    assert {name: version for name, version in found.items() if name not in ("pip", "setuptools")} == {
        name: version for name, version in here.items() if name not in ("pip", "setuptools")
    }
    assert not (tmp_path / "cache" / "environments").stat().st_mode & 0o077
    monkeypatch.setattr(interpreters, "_make", lambda *_: pytest.fail("made again"))
    assert environment_with([requirement], str(tmp_path / "cache")) == python


@pytest.mark.slow
def test_what_cannot_be_installed_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match=r"cannot install tinypkg @ file://.*: .*(?i:error)"):
        environment_with([f"tinypkg @ file://{tmp_path}/gone.whl"], str(tmp_path / "cache"))
    assert list((tmp_path / "cache" / "environments").iterdir()) == []


def test_a_half_made_environment_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def make(place: Path, _requirements: object) -> None:
        made.append(place)
        (place / "bin").mkdir(parents=True)
        if len(made) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(interpreters, "_make", make)
    with pytest.raises(KeyboardInterrupt):
        environment_with(["a==1"], str(tmp_path))
    assert list((tmp_path / "environments").iterdir()) == []
    assert Path(environment_with(["a==1"], str(tmp_path))).parts[-2:] == ("bin", "python")
    assert len(made) == 2


def test_only_the_environments_that_were_used_last_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "_make", lambda place, _: place.mkdir(parents=True))
    places = [Path(environment_with([f"a=={at}"], str(tmp_path))).parents[1] for at in range(interpreters._MOST)]
    for at, place in enumerate(places):
        os.utime(place / "ready.json", (at, at))
    newest = Path(environment_with(["a==99"], str(tmp_path))).parents[1]
    assert not places[0].exists()
    assert all(place.is_dir() for place in (*places[1:], newest))


def test_where_nothing_is_to_be_kept_no_environment_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEVIT_BENCH_CACHE", "")
    with pytest.raises(UsageError, match=r"no environment can be kept for a side. Name a folder with --cache"):
        environment_with(["a==1"])


def test_the_folder_of_the_cache_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("", encoding="utf-8")
    with pytest.raises(InstallError, match="no environment can be made in"):
        environment_with(["a==1"], str(tmp_path / "cache"))
