"""Environments that are made for the requirements of a side, and kept."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from levit_bench.errors import UsageError
from levit_bench.measuring.sides import environments
from levit_bench.measuring.sides.environments import (
    MOST,
    InstallError,
    clear_environments,
    environment_with,
    kept_environments,
)
from levit_bench.measuring.sides.interpreters import packages_here, packages_of


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
    with monkeypatch.context() as patched:
        patched.setattr(environments, "_make", lambda *_: pytest.fail("made again"))
        assert environment_with([requirement], str(tmp_path / "cache")) == python
    Path(python).unlink()
    assert environment_with([requirement], str(tmp_path / "cache")) == python
    assert packages_of(python).versions["tinypkg"] == "1.5"


@pytest.mark.slow
def test_what_cannot_be_installed_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match=r"cannot install tinypkg @ file://.*: gone.whl is not a valid wheel"):
        environment_with([f"tinypkg @ file://{tmp_path}/gone.whl"], str(tmp_path / "cache"))
    assert list((tmp_path / "cache" / "environments").iterdir()) == []


def test_a_half_made_environment_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def make(place: Path, _requirements: object) -> None:
        made.append(place)
        (place / "bin").mkdir(parents=True)
        if len(made) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(environments, "_make", make)
    with pytest.raises(KeyboardInterrupt):
        environment_with(["a==1"], str(tmp_path))
    assert list((tmp_path / "environments").iterdir()) == []
    assert Path(environment_with(["a==1"], str(tmp_path))).parts[-2:] == ("bin", "python")
    assert len(made) == 2


def test_only_the_environments_that_were_used_last_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "_make", lambda place, _: place.mkdir(parents=True))
    places = [Path(environment_with([f"a=={at}"], str(tmp_path))).parents[1] for at in range(MOST)]
    for at, place in enumerate(places):
        os.utime(place / "ready.json", (at, at))
    newest = Path(environment_with(["a==99"], str(tmp_path))).parents[1]
    assert not places[0].exists()
    assert all(place.is_dir() for place in (*places[1:], newest))
    kept = kept_environments(tmp_path)
    assert [one.requirements for one in kept] == [("a==99",), *((f"a=={at}",) for at in range(MOST - 1, 0, -1))]


def test_what_is_kept_is_listed_with_its_size_and_cleared_with_what_an_interrupted_installation_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(place: Path, _requirements: object) -> None:
        place.mkdir(parents=True)
        (place / "package").write_bytes(b"\0" * 1000)

    monkeypatch.setattr(environments, "_make", make)
    place = Path(environment_with(["a==1", "b<2"], str(tmp_path))).parents[1]
    (tmp_path / "environments" / "draft").mkdir()
    (kept,) = kept_environments(tmp_path)
    assert (kept.place, kept.requirements) == (place, ("a==1", "b<2"))
    assert kept.bytes == 1000 + (place / "ready.json").stat().st_size
    assert clear_environments(tmp_path) == 1
    assert kept_environments(tmp_path) == []
    assert not (tmp_path / "environments").exists()


def test_a_file_that_is_installed_is_part_of_what_an_environment_is_kept_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "_make", lambda place, _: place.mkdir(parents=True))
    requirement = wheel(tmp_path, "1.5")
    first = environment_with([requirement], str(tmp_path / "cache"))
    assert environment_with([requirement], str(tmp_path / "cache")) == first
    with (tmp_path / "tinypkg-1.5-py3-none-any.whl").open("ab") as file:
        file.write(b"\0")
    assert environment_with([requirement], str(tmp_path / "cache")) != first


@pytest.mark.parametrize("address", ["file:///gone", "git+https://example.org/tinypkg.git@main"])
def test_what_an_address_leads_to_may_have_changed_and_is_installed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(environments, "_make", lambda place, _: place.mkdir(parents=True))
    both = {environment_with([f"tinypkg @ {address}"], str(tmp_path)) for _ in range(2)}
    assert len(both) == 2


def test_where_nothing_is_to_be_kept_no_environment_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEVIT_BENCH_CACHE", "")
    with pytest.raises(UsageError, match=r"no environment can be kept for a side. Name a folder with --cache"):
        environment_with(["a==1"])


def test_the_folder_of_the_cache_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("", encoding="utf-8")
    with pytest.raises(InstallError, match="no environment can be made in"):
        environment_with(["a==1"], str(tmp_path / "cache"))


def test_an_environment_whose_interpreter_is_gone_and_a_fresh_one_are_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def make(place: Path, _requirements: object) -> None:
        (place / "bin").mkdir(parents=True)
        (place / "bin" / "python").symlink_to(sys.executable)
        (place / f"version {len(made)}").touch()
        made.append(place)

    def held() -> list[str]:
        return [path.name for path in python.parents[1].glob("version *")]

    monkeypatch.setattr(environments, "_make", make)
    python = Path(environment_with(["a>1"], str(tmp_path)))
    assert environment_with(["a>1"], str(tmp_path)) == str(python)
    assert held() == ["version 0"]
    assert environment_with(["a>1"], str(tmp_path), fresh=True) == str(python)
    assert held() == ["version 1"]
    python.unlink()
    python.symlink_to("/gone/python")
    assert environment_with(["a>1"], str(tmp_path)) == str(python)
    assert held() == ["version 2"]
    assert [path.name for path in (tmp_path / "environments").iterdir()] == [python.parents[1].name]


UNKNOWN = "Could not find a version that satisfies the requirement"
VERSIONS = "0.1.2, 0.6.13, 0.9.16, 1.0.24, 1.0.25, 1.0.26"


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (
            (
                f"ERROR: {UNKNOWN} timm==1.0.99 (from versions: {VERSIONS})\n"
                "ERROR: No matching distribution found for timm==1.0.99"
            ),
            (f"{UNKNOWN} timm==1.0.99 (nearest of 6 versions: 1.0.25, 1.0.26)."),
        ),
        (
            f"ERROR: {UNKNOWN} t==0.9.9 (from versions: {VERSIONS})",
            (f"{UNKNOWN} t==0.9.9 (nearest of 6 versions: 0.1.2, 0.6.13, 0.9.16, 1.0.24)."),
        ),
        (
            (
                "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'\n"
                f"ERROR: {UNKNOWN} t==1 (from versions: none)"
            ),
            (
                f"{UNKNOWN} t==1 (the package index has none). The package "
                "index did not answer: look at the network and at pip's settings."
            ),
        ),
        ("", "exit code 3"),
    ],
)
def test_the_installers_reason_is_told_with_the_versions_that_are_near(output: str, words: str) -> None:
    assert environments._why_failed(output, 3) == words


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = environments._disk_full("OSError: [Errno 28] No space left on device", tmp_path / "gone")
    assert "the disk is full" in told
    assert "the verb cache with --clear" in told
    assert environments._disk_full("ERROR: something else", tmp_path) == ""
    monkeypatch.setattr(environments.shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    assert "the disk is full (1 MiB are free for" in environments._disk_full("exit status 1", tmp_path)
