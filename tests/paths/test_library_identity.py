"""The identity of installed libraries: another one for another version or place, without loading them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from levit_bench.paths.library_identity import library_identity


def _identity(*names: str) -> str:
    library_identity.cache_clear()
    try:
        return library_identity(*names)
    finally:
        library_identity.cache_clear()


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library that fails where it is imported."""
    folder = tmp_path / "drawing_library"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('loaded')", encoding="utf-8")
    (folder / "version.py").write_text("version = '1.0'", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


@pytest.mark.parametrize("file", ["version.py", "_version.py", "__init__.py"])
def test_another_version_is_another_library(library: Path, file: str) -> None:
    before = _identity("drawing_library")
    (library / file).write_text("version = '1.1'", encoding="utf-8")
    assert _identity("drawing_library") != before


def test_a_library_that_is_not_there_has_an_identity_too(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = _identity("drawing_library")
    monkeypatch.setitem(sys.modules, "drawing_library", None)
    assert _identity("drawing_library") not in {there, _identity("no_such_library")}
