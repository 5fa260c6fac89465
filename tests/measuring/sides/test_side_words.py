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
