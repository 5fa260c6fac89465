"""What is built from the repository: the files, entry points and description of the wheel and of the sources."""

from __future__ import annotations

import email
import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from email.message import Message
from pathlib import Path

import pytest

from tests.house.plan import ROOT, SOURCE

SETUP = runpy.run_path(str(ROOT / "setup.py"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "https://example.org/owner/levit-bench"
_TARGETS = re.compile(r"\]\(([^)]+)\)")
_BUILD = "from setuptools import build_meta as b; b.build_sdist('built'); b.build_wheel('built')"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution, built by what pip calls, in a copy of the files."""
    folder = tmp_path_factory.mktemp("sources")
    for name in ("LICENSE", "CHANGELOG.md", "MANIFEST.in", "README.md", "pyproject.toml", "setup.py"):
        shutil.copy(ROOT / name, folder)
    shutil.copy(ROOT / "requirements-reading.txt", folder)
    shutil.copytree(SOURCE, folder / "bench", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copytree(ROOT / "tests" / "house", folder / "tests" / "house")
    shutil.copy(ROOT / "tests" / "test_api.py", folder / "tests")
    done = subprocess.run([sys.executable, "-c", _BUILD], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "built"


def wheel(built: Path) -> zipfile.ZipFile:
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


def metadata(built: Path) -> Message:
    """The wheel's metadata, its description as the body."""
    with wheel(built) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_string(archive.read(name).decode())


def test_the_wheel_holds_every_module_and_data_file_and_nothing_else(built: Path) -> None:
    files = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*") if path.is_file()}
    expected = {name for name in files if "__pycache__" not in name and ".egg-info/" not in name}
    with wheel(built) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == expected
    assert {"levit_bench/catalog/catalog.csv", "levit_bench/py.typed", "levit_bench_pytest.py"} <= names


def test_the_sources_hold_what_a_wheel_is_built_from_and_no_part_of_the_tests(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"setup.py", "pyproject.toml", "README.md", "LICENSE", "requirements-reading.txt"} <= names
    assert "bench/levit_bench/catalog/catalog.csv" in names
    assert [name for name in names if name.startswith("tests")] == []


def test_the_entry_points_are_the_command_and_the_plugin(built: Path) -> None:
    with wheel(built) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        text = archive.read(name).decode()
    assert text.split("\n\n") == [
        "[console_scripts]\nlevit-bench = levit_bench.__main__:main",
        "[pytest11]\nlevit_bench_pytest = levit_bench_pytest\n",
    ]


def test_no_link_of_the_description_is_relative(built: Path) -> None:
    built_metadata = metadata(built)
    assert built_metadata["Description-Content-Type"] == "text/markdown"
    description = str(built_metadata.get_payload())
    assert "# levit-bench" in description
    assert "levit-bench pick --max-latency" in description  # blocks of code stay as they are
    targets = _TARGETS.findall(description)
    assert targets
    assert [target for target in targets if not target.startswith("https://")] == []
    assert built_metadata["Project-URL"] == (f"Repository, {SETUP['REPOSITORY']}" if SETUP["REPOSITORY"] else None)


def test_with_an_address_every_link_and_picture_leads_to_a_file_of_the_repository() -> None:
    described = SETUP["description"](README, f"{ADDRESS}/")
    ours = [target for target in _TARGETS.findall(described) if target.startswith(ADDRESS)]
    assert len(ours) == len([target for target in _TARGETS.findall(README) if ":" not in target])
    for target in ours:
        path = target.removeprefix(ADDRESS).partition("#")[0]
        view, name = re.fullmatch(r"/(blob|raw)/HEAD/(.+)", path).groups()  # type: ignore[union-attr]
        assert (ROOT / name).is_file(), target
        assert (view == "raw") == name.endswith(".png"), target
    assert re.sub(rf"{ADDRESS}/(blob|raw)/HEAD/", "", described) == README


def test_without_an_address_words_stay_and_pictures_go() -> None:
    text = "See [the page](docs/a.md#b), [site](https://example.org) and ![picture](a.png).\n\n```md\n[x](y)\n```\n"
    assert SETUP["description"](text, "") == ("See the page, [site](https://example.org) and .\n\n```md\n[x](y)\n```\n")


@pytest.mark.slow
def test_the_wheel_installs_into_a_fresh_environment_and_its_command_and_plugin_answer(
    built: Path, tmp_path: Path
) -> None:
    """The libraries are those of this environment, and the package is what was installed."""
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    (path,) = built.glob("*.whl")
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", str(path)]
    subprocess.run([python, *install], check=True)
    libraries = os.pathsep.join(name for name in sys.path if name.endswith("site-packages"))
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"NO_COLOR": "1"}

    def answer(*words: str | Path, libraries: str = "") -> str:
        done = subprocess.run(
            words, cwd=tmp_path, env=env | {"PYTHONPATH": libraries}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert str(environment) in answer(python, "-c", "import levit_bench; print(levit_bench.__file__)")
    command = environment / "bin" / "levit-bench"
    assert "levit_192" in answer(command, "list", libraries=libraries)
    assert "--benchmark" in answer(python, "-m", "pytest", "--help", libraries=libraries)
