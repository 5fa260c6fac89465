"""The identity of the package's own code: another one after any change of what is named, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from levit_bench.paths import own_code
from levit_bench.paths.own_code import code_identity


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a module, a folder with a table, and a folder that is not named."""
    for name in ("one.py", "two/a.py", "two/deep/b.py", "two/table.csv", "three/c.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    monkeypatch.setattr(own_code, "_PACKAGE", tmp_path)
    return tmp_path


def _identity() -> str:
    code_identity.cache_clear()
    try:
        return code_identity("one.py", "two")
    finally:
        code_identity.cache_clear()


@pytest.mark.parametrize("name", ["one.py", "two/a.py", "two/deep/b.py", "two/table.csv", "two/new.py"])
def test_a_changed_or_new_file_makes_other_code(package: Path, name: str) -> None:
    before = _identity()
    (package / name).write_text("ONE.PY", encoding="utf-8")
    assert _identity() != before


def test_content_that_moved_to_another_file_makes_other_code(package: Path) -> None:
    before = _identity()
    (package / "two" / "a.py").rename(package / "two" / "z.py")
    assert _identity() != before


def test_other_folders_and_compiled_modules_do_not_count(package: Path) -> None:
    before = _identity()
    (package / "three" / "c.py").write_text("changed", encoding="utf-8")
    (package / "two" / "__pycache__").mkdir()
    (package / "two" / "__pycache__" / "a.py").write_text("compiled", encoding="utf-8")
    (package / "two" / "notes.txt").write_text("notes", encoding="utf-8")
    assert _identity() == before
