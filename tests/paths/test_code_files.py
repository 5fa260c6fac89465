"""Files are compared by what they hold, and folders by what could be imported from them."""

from __future__ import annotations

from pathlib import Path

import pytest
from levit_bench.paths.code_files import CodeFiles, digest, names_digest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nets.py").write_text("WIDTH = 1\n", encoding="utf-8")
    (tmp_path / "weights.bin").write_bytes(b"\0" * 1000)
    return tmp_path


@pytest.fixture
def seen(folder: Path) -> CodeFiles:
    files = {str(path): digest(path) for path in (folder / "nets.py", folder / "weights.bin", folder / "not there")}
    return CodeFiles(files=files, folders={str(folder): names_digest(folder)})


def test_what_was_only_touched_is_unchanged(folder: Path, seen: CodeFiles) -> None:
    (folder / "nets.py").write_text("WIDTH = 1\n", encoding="utf-8")
    (folder / "notes.txt").write_text("beside", encoding="utf-8")
    (folder / "results").mkdir()
    assert seen.files[str(folder / "not there")] is None
    assert seen.are_unchanged()


def _edit(folder: Path) -> None:
    (folder / "nets.py").write_text("WIDTH = 2\n", encoding="utf-8")


def _one_byte(folder: Path) -> None:
    with (folder / "weights.bin").open("r+b") as file:
        file.seek(999)
        file.write(b"\1")


def _remove(folder: Path) -> None:
    (folder / "nets.py").unlink()


def _appear(folder: Path) -> None:
    (folder / "not there").write_text("now", encoding="utf-8")


def _shadow(folder: Path) -> None:
    (folder / "torch.py").write_text("", encoding="utf-8")


def _shadow_by_package(folder: Path) -> None:
    (folder / "nets").mkdir()
    (folder / "nets" / "__init__.py").write_text("", encoding="utf-8")


def _folder_in_its_place(folder: Path) -> None:
    (folder / "nets.py").unlink()
    (folder / "nets.py").mkdir()


@pytest.mark.parametrize(
    "change", [_edit, _one_byte, _remove, _appear, _shadow, _shadow_by_package, _folder_in_its_place]
)
def test_every_change_is_seen(folder: Path, seen: CodeFiles, change) -> None:
    change(folder)
    assert not seen.are_unchanged()
