"""What --a and --b may name, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from levit_bench.errors import UsageError
from levit_bench.measuring.sides.side_words import side_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("main", {"revision": "main"}),
        ("HEAD~3", {"revision": "HEAD~3"}),
        ("feature/x=1", {"revision": "feature/x=1"}),
        ("torch==2.12.*", {"requirements": ("torch==2.12.*",)}),
        ("timm>=1.0,<1.1 torch~=2.12", {"requirements": ("timm>=1.0,<1.1", "torch~=2.12")}),
        ("runtime=onnxruntime", {"axes": (("runtime", "onnxruntime"),)}),
        ("main precision=bf16", {"revision": "main", "axes": (("precision", "bf16"),)}),
        (sys.executable, {"python": sys.executable}),
        ("HEAD@{1}", {"revision": "HEAD@{1}"}),
        ("main@{2 days ago}", {"revision": "main@{2 days ago}"}),
        ("me@feature torch>2", {"revision": "me@feature", "requirements": ("torch>2",)}),
        ("torch >= 2, < 3 main", {"revision": "main", "requirements": ("torch>=2,<3",)}),
        ("mine[x] @ file:///a/mine.whl", {"requirements": ("mine[x]@file:///a/mine.whl",)}),
        ("mine@git+https://example.org/mine.git@v1", {"requirements": ("mine@git+https://example.org/mine.git@v1",)}),
        ("origin/main torch==2.12.0", {"revision": "origin/main", "requirements": ("torch==2.12.0",)}),
    ],
)
def test_words_are_told_apart(text: str, expected: dict[str, object]) -> None:
    made = side_words("--a", text)
    assert made.text == text
    assert {name: value for name, value in made._asdict().items() if value and name != "text"} == expected


def test_an_environment_may_be_named_by_its_folder_also_with_spaces(tmp_path: Path) -> None:
    binary = tmp_path / "my env" / "bin" / "python"
    binary.parent.mkdir(parents=True)
    binary.write_text("#!/bin/sh\n", encoding="utf-8")
    binary.chmod(0o755)
    assert side_words("--a", str(tmp_path / "my env")).python == str(binary)
    assert side_words("--a", str(binary)).python == str(binary)


def test_an_environment_in_the_current_folder_is_named_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = tmp_path / ".venv-old" / "bin" / "python"
    binary.parent.mkdir(parents=True)
    binary.write_text("#!/bin/sh\n", encoding="utf-8")
    binary.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert side_words("--a", ".venv-old").python == str(binary)
    assert side_words("--a", ".venv-gone").revision == ".venv-gone"


def test_a_path_that_is_no_interpreter_is_refused_with_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "python3").mkdir()
    (tmp_path / "python").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="is a folder without bin/python"):
        side_words("--a", str(tmp_path / "python3"))
    with pytest.raises(UsageError, match="cannot be executed"):
        side_words("--a", str(tmp_path / "python"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "--a is empty.*the variable that it comes from is not set"),
        ("   ", "--a is empty"),
        ("main dev", "two revisions, 'main' and 'dev'"),
        ("runtime=eager runtime=compile", "runtime is given twice"),
        ("colour=red", "no axis 'colour'. The axes are"),
        (".venv-gone/bin/python", "there is no interpreter"),
        (f"{sys.executable} torch==2.12.0", "requirements are installed into an environment of their own"),
    ],
)
def test_what_makes_no_side_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        side_words("--a", text)
