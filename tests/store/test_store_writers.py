"""Writers of a session: one at a time, and none leaves a file that nobody can read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from levit_bench.errors import StoreError, UsageError
from levit_bench.records import Case, SessionLine
from levit_bench.store.files import SessionWriter, read_session

from tools.simulated.fake_world import CONDITIONS, MACHINE, PROTOCOL


def _head(title: str | None = None) -> SessionLine:
    return SessionLine(session="s", bench="0", machine=MACHINE, protocol=PROTOCOL, conditions=CONDITIONS, title=title)


@pytest.mark.skipif(sys.platform == "win32", reason="has no advisory locks")
def test_a_second_writer_is_refused_until_the_first_is_done(tmp_path: Path) -> None:
    with SessionWriter.create(tmp_path, _head()) as writer, pytest.raises(StoreError, match="being written by another"):
        SessionWriter.reopen(writer.path)
    with SessionWriter.reopen(writer.path):
        assert read_session(writer.path).head.session == "s"


def test_a_title_that_is_no_text_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not text"):
        SessionWriter.create(tmp_path, _head("bad\udcff"))
    assert list(tmp_path.rglob("*.jsonl")) == []


def test_a_first_line_that_cannot_be_written_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_writer: SessionWriter, _data: bytes) -> None:
        raise StoreError("cannot write: no space")

    monkeypatch.setattr(SessionWriter, "_write", full)
    with pytest.raises(StoreError):
        SessionWriter.create(tmp_path, _head())
    assert list(tmp_path.rglob("*.jsonl")) == []


@pytest.mark.parametrize("bad", ['"batch":0', '"top1":-1e308', '"top1":101'])
def test_a_case_that_cannot_be_is_a_bad_line(tmp_path: Path, bad: str) -> None:
    with SessionWriter.create(tmp_path, _head()) as writer:
        path = writer.path
    asked = '{"network":"n","resolution":224,"batch":1}'
    known = Case(network="n", resolution=224).id
    case = f'{{"kind":"case","id":"{known}","case":{asked},"accuracy":{{"top1":80,"source":"s"}}}}'
    field = bad.partition(":")[0]
    old = next(f"{field}:{value}" for value in ("1", "80") if f"{field}:{value}" in case)
    path.write_text(path.read_text() + case + "\n" + case.replace(old, bad) + "\n")
    session = read_session(path)
    assert (len(session.cases), [finding.kind for finding in session.findings]) == (1, ["bad-line"])


def test_nesting_that_is_too_deep_costs_its_line(tmp_path: Path) -> None:
    with SessionWriter.create(tmp_path, _head()) as writer:
        path = writer.path
    with path.open("a") as file:
        file.write('{"kind":"case","x":' + "[" * 100_000 + "\n")
    assert [finding.kind for finding in read_session(path).findings] == ["bad-line"]
