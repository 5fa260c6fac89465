"""The oldest versions that work stand in four files alike, and an older library is named in a line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from levit_bench.errors import UsageError
from levit_bench.libraries import LIBRARIES, refusal, refuse_outdated, require, require_installed
from packaging.requirements import Requirement
from packaging.version import Version

from tests.house.plan import PACKAGE, ROOT
from tests.house.test_reading_needs_no_workshop import FIRST, PINNED, store

__all__ = ["store"]

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BOUNDS = {library.distribution: library.oldest for library in LIBRARIES.values()}


def lines(name: str) -> list[str]:
    """The lines of a file of requirements, without comments."""
    texts = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [text for text in texts if text and not text.startswith("#")]


def pins(name: str) -> dict[str, list[Version]]:
    """The versions that a file of constraints pins, by distribution; several where platforms differ."""
    versions: dict[str, list[Version]] = {}
    for requirement in map(Requirement, lines(name)):
        (specifier,) = requirement.specifier
        assert specifier.operator == "=="
        versions.setdefault(requirement.name, []).append(Version(specifier.version))
    return versions


def test_pyproject_states_the_oldest_version_of_every_library() -> None:
    assert PROJECT["dependencies"] == [f"{name}>={oldest}" for name, oldest in sorted(BOUNDS.items())]


def test_the_oldest_set_pins_the_bounds_themselves() -> None:
    pinned = pins("constraints-oldest.txt")
    assert {name: pinned[name] for name in BOUNDS} == {name: [Version(oldest)] for name, oldest in BOUNDS.items()}


def test_what_reading_needs_is_listed_with_the_same_bounds() -> None:
    reading = [library for library in LIBRARIES.values() if library.is_for_reading]
    assert lines("requirements-reading.txt") == [f"{name}>={oldest}" for name, oldest, _ in sorted(reading)]


def test_the_page_about_installing_has_the_same_bounds_and_every_extra() -> None:
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"<!-- oldest -->\n.+\n.+\n((?:\|.+\n)+)<!-- end -->", page)
    cells = re.findall(r"[^|\s]+", table)
    assert dict(zip(cells[::2], cells[1::2], strict=True)) == BOUNDS
    extras = dict(re.findall(r"^\| `([a-z]+)` \| (.+?) \|", page, re.M))
    assert set(extras) == set(PROJECT["optional-dependencies"]) - {"dev"}
    for name in set(extras) - {"test"}:
        assert extras[name].split(", ") == PROJECT["optional-dependencies"][name]


def test_what_is_tested_is_no_older_than_the_bounds() -> None:
    tested = pins("constraints.txt")
    assert [name for name, oldest in BOUNDS.items() if min(tested[name]) < Version(oldest)] == []


def test_the_oldest_python_is_the_one_that_the_oldest_set_is_installed_on() -> None:
    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")
    oldest = Version(PROJECT["requires-python"].removeprefix(">="))
    assert set(re.findall(r"^base_python = python(.+)$", tox, re.M)) == {str(oldest)}
    named = [text.rpartition(" ")[2] for text in PROJECT["classifiers"] if re.search(r"Python :: 3\.", text)]
    assert min(map(Version, named)) == oldest
    (matrix,) = re.findall(r"python: \[(.+)\]", (ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))
    assert re.findall(r'"(.+?)"', matrix) == named


@pytest.mark.parametrize(
    ("version", "is_enough"),
    [
        ("8.0.4", False),
        ("8", False),
        ("8.1", True),
        ("8.1.0", True),
        ("8.1rc1", True),
        ("8.10", True),
        ("8.1.0a0+git3af9", True),
        ("10", True),
        ("unknown", True),
    ],
)
def test_versions_are_compared_by_the_numbers_of_their_release(
    version: str, is_enough: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: version)
    if is_enough:
        refuse_outdated(["click"], "look")
        require("click", "look")
    else:
        with pytest.raises(UsageError, match=rf"cannot look: click {version} is installed, and 8\.1\.0 or later is"):
            refuse_outdated(["click"], "look")
        for check in (require, require_installed):
            with pytest.raises(UsageError, match=r"pip install --upgrade 'click>=8\.1\.0'"):
                check("click", "look")


def test_only_errors_that_an_outdated_library_raises_are_laid_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(TypeError("type 'ParamType' is not subscriptable")) is None
    monkeypatch.setattr(metadata, "version", lambda name: "1.0" if name == "numpy" else "99")
    monkeypatch.setitem(sys.modules, "numpy", sys)
    reason = refusal(TypeError("type 'ParamType' is not subscriptable"))
    assert reason is not None
    assert str(reason).startswith("this cannot be done here: numpy 1.0 is installed, and ")
    assert refusal(ValueError("a value")) is None
    monkeypatch.delitem(sys.modules, "numpy")
    assert refusal(AttributeError("of a library that is not loaded")) is None


def installed(folder: Path, library: str, version: str, code: str | None = None) -> Path:
    """A folder that claims a version of a library when it comes first on the path, and may replace it by a module."""
    info = folder / f"{LIBRARIES[library].distribution.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    head = f"Metadata-Version: 2.1\nName: {LIBRARIES[library].distribution}\nVersion: {version}\n"
    (info / "METADATA").write_text(head, encoding="utf-8")
    if code is not None:
        (folder / f"{library}.py").write_text(code, encoding="utf-8")
    return folder


def called(words: list[str], first: Path, folder: Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of Python with these words, another folder first on its path."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(first), str(PACKAGE.parent)])},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


_OLD_CLICK = "class ParamType: pass\nclass UsageError(Exception): pass\n"  # has no `Context`
OLD = {
    "click at import": ("click", "7.1.2", _OLD_CLICK, ["list"]),
    "matplotlib": ("matplotlib", "3.5.3", None, ["front", "--session", FIRST]),
    "matplotlib, no front": ("matplotlib", "3.5.3", None, ["scaling", "--session", FIRST, "--out", "scaling.png"]),
    "scipy": ("scipy", "1.9.2", None, ["show"]),
    "msgspec": ("msgspec", "0.17.0", None, ["pick", "--max-latency", "40ms", "--session", FIRST, *PINNED]),
    "torch": ("torch", "2.5.1+cu124", None, ["run", "--networks", "levit_128s"]),
    "timm": ("timm", "1.0.3", None, ["plan", "--networks", "levit_128s"]),
    "psutil": ("psutil", "5.9.3", None, ["machine"]),
}


@pytest.mark.parametrize("case", OLD)
def test_a_verb_that_meets_a_library_older_than_its_bound_names_it_in_a_line(
    case: str, tmp_path: Path, store: Path
) -> None:
    library, version, code, words = OLD[case]
    first = installed(tmp_path / "first", library, version, code)
    exit_code, out, err = called(["-m", "levit_bench", *words], first, store)
    assert (exit_code, out) == (2, ""), err
    distribution, oldest, _ = LIBRARIES[library]
    (line,) = err.splitlines()
    assert line.startswith("levit-bench: ")
    assert line.endswith(
        f": {library} {version} is installed, and {oldest} or later is needed. "
        f"Upgrade it: pip install --upgrade '{distribution}>={oldest}'"
    )


def test_what_needs_no_outdated_library_works_beside_it(tmp_path: Path, store: Path) -> None:
    first = installed(tmp_path / "first", "matplotlib", "3.5.3")
    exit_code, out, err = called(["-m", "levit_bench", "show", "--session", FIRST, "--json"], first, store)
    assert (exit_code, out[:1]) == (0, "["), err


def test_python_and_pytest_name_an_outdated_library_too(tmp_path: Path, store: Path) -> None:
    first = installed(tmp_path / "old msgspec", "msgspec", "0.17.0")
    code, out, err = called(["-c", "import levit_bench; levit_bench.load('results')"], first, store)
    assert (code, out) == (1, "")
    last = err.splitlines()[-1]
    assert last.startswith("levit_bench.errors.UsageError: cannot read stored results: msgspec 0.17.0 is installed, ")
    first = installed(tmp_path / "old click", "click", "7.1.2", _OLD_CLICK)
    (store / "test_mine.py").write_text("def test_one(): pass\n", encoding="utf-8")
    options = ["-p", "levit_bench_pytest", "-p", "no:cacheprovider", "--benchmark"]
    code, out, err = called(["-m", "pytest", *options, "test_mine.py"], first, store)
    assert code == 4, out
    assert "levit-bench cannot be loaded: this cannot be done here: click 7.1.2 is installed, and 8.1.0" in out + err
    assert "Traceback" not in out + err
