"""All files of a gate are written whole, or a message says why not."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from levit_bench.errors import StoreError, UsageError
from levit_bench.report.gate.comment import comment, marker
from levit_bench.report.gate.pages import NAMES, clear, write

from tests.report.gate import made


def test_every_file_is_written_and_older_ones_are_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "gate"
    write(made.report(), folder)
    paths = write(made.EVERY, folder, "arm64")
    assert [path.name for path in paths] == list(NAMES)
    assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)
    assert (folder / "comment.md").read_text(encoding="utf-8") == comment(made.EVERY, "arm64")
    assert (folder / "comment.md").read_text(encoding="utf-8").startswith(marker("arm64"))
    assert json.loads((folder / "gate.json").read_text(encoding="ascii"))["exit_code"] == 1
    assert ET.parse(folder / "junit.xml").getroot().attrib["tests"] == "10"
    assert (folder / "gate.png").read_bytes().startswith(b"\x89PNG")
    assert ET.parse(folder / "gate.svg").getroot().tag.endswith("svg")


def test_a_folder_that_cannot_be_made_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match=r"cannot write .*file.*Name another folder"):
        write(made.QUIET, tmp_path / "file" / "gate")


def test_a_full_disk_leaves_the_older_file_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(made.QUIET, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StoreError, match=r"comment\.md: No space left on device"):
        write(made.EVERY, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_files_of_an_earlier_gate_are_removed_and_no_others(tmp_path: Path) -> None:
    write(made.QUIET, tmp_path)
    (tmp_path / "notes.md").write_bytes(b"mine")
    clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.md"]
    clear(tmp_path / "not" / "yet")
    assert list((tmp_path / "not" / "yet").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_refused_beforehand(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "out" / "gate.json").mkdir(parents=True)
    for folder in (tmp_path / "file", tmp_path / "file" / "gate", tmp_path / "out", Path("/dev/null/gate")):
        with pytest.raises(UsageError, match="cannot write"):
            clear(folder)
