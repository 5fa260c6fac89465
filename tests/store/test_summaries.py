"""Summaries of sessions: a file is parsed once, and whatever happens to file or summary, no number is another one."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from levit_bench.paths.cache_folder import VARIABLE
from levit_bench.paths.kept_files import KeptFiles
from levit_bench.records import Record
from levit_bench.store import files, summaries
from levit_bench.store.files import load, load_readable, read_session, records, session_files

from tools.simulated.generate_store import PAPER, case_of, write_session, write_store

ROOT = Path(__file__).parents[2]
STORED = session_files(ROOT / "results")
posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are parsed from now on."""
    out: list[Path] = []
    parse = files._sessions_in

    def sessions_in(path: Path, data: bytes) -> list[Any]:
        out.append(path)
        return parse(path, data)

    monkeypatch.setattr(files, "_sessions_in", sessions_in)
    return out


def _session(folder: Path, name: str = "s1", seed: int = 0) -> Path:
    return write_session(folder / "store", name, [(case_of(t), t) for t in PAPER[:2]], runs=2, rounds=3, seed=seed)


def _kept(cache: Path) -> list[Path]:
    return [entry.path for entry in KeptFiles(cache).entries()]


def _without_cache(path: Path) -> list[Record]:
    """The records of a file, parsed."""
    return records(read_session(path))


def _changed(session: Path) -> bytes:
    """Other content of the same length: one digit of one pass."""
    data = session.read_bytes()
    place = data.index(b'"duration_s":[') + len(b'"duration_s":[') + 6
    digit = b"7" if data[place : place + 1] != b"7" else b"3"
    return data[:place] + digit + data[place + 1 :]


@pytest.mark.parametrize("path", STORED[:: max(1, len(STORED) // 12)], ids=lambda path: path.stem)
def test_every_kind_of_session_reads_from_its_summary_as_from_its_file(
    path: Path, cache: Path, parsed: list[Path]
) -> None:
    expected = _without_cache(path)
    first, second = load(path), load(path)
    assert first[0] == second[0] == expected
    assert first[1] == second[1]
    assert len(_kept(cache)) <= 1


def test_a_file_is_parsed_once(tmp_path: Path, cache: Path, parsed: list[Path]) -> None:
    write_store(tmp_path / "store", 24, sessions=3, networks=4)
    expected = [record for path in session_files(tmp_path / "store") for record in _without_cache(path)]
    parsed.clear()
    for _ in range(3):
        assert load(tmp_path / "store") == (expected, [])
        assert load_readable(session_files(tmp_path / "store")) == (expected, [])
    assert sorted(parsed) == sorted(session_files(tmp_path / "store"))


def test_nothing_is_kept_where_the_environment_asks_for_that(
    tmp_path: Path, parsed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = _session(tmp_path)
    monkeypatch.setenv(VARIABLE, "")
    assert load(session) == load(session) == (_without_cache(session), [])
    assert parsed.count(session) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store"]


def test_a_file_that_was_moved_or_copied_is_known_by_its_content(
    tmp_path: Path, cache: Path, parsed: list[Path]
) -> None:
    session = _session(tmp_path)
    before = load(session)
    session.rename(session.with_name("s2.jsonl"))
    assert load(session.with_name("s2.jsonl")) == before
    assert parsed == [session]


def test_a_file_replaced_by_one_of_the_same_size_and_time_is_another_one(tmp_path: Path, cache: Path) -> None:
    session = _session(tmp_path)
    before, state = load(session), session.stat()
    session.write_bytes(_changed(session))
    os.utime(session, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert (session.stat().st_size, session.stat().st_mtime_ns) == (state.st_size, state.st_mtime_ns)
    after = load(session)
    assert after[0] == _without_cache(session)
    assert after != before


def test_a_session_that_goes_on_while_it_is_read_counts_as_far_as_it_was_read(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = _session(tmp_path)
    whole = session.read_bytes()
    ends = [place + 1 for place in range(len(whole)) if whole[place : place + 1] == b"\n"]
    expected = {}
    for end in ends[-8:]:
        session.write_bytes(whole[:end])
        expected[end] = _without_cache(session)
    content = files.content
    upcoming = iter(ends[-7:])

    def content_of_a_growing_file(path: Path) -> bytes:
        data = content(path)
        if (end := next(upcoming, None)) is not None:
            path.write_bytes(whole[:end])  # The writer adds a line as soon as the reader has the content.
        return data

    monkeypatch.setattr(files, "content", content_of_a_growing_file)
    session.write_bytes(whole[: ends[-8]])
    for end in ends[-8:]:
        assert load(session)[0] == expected[end]
    assert load(session)[0] == expected[ends[-1]]


def test_a_damaged_summary_is_not_used_and_is_replaced(tmp_path: Path, cache: Path, parsed: list[Path]) -> None:
    session = _session(tmp_path)
    before = load(session)
    (summary,) = _kept(cache)
    whole = summary.read_bytes()
    for content in (b"", whole[:-1], whole[:40] + b"\xff" + whole[41:], whole[:32], b"\0" * len(whole)):
        summary.write_bytes(content)
        parsed.clear()
        assert load(session) == before
        assert parsed == [session]
        assert summary.read_bytes() == whole


def test_a_summary_that_holds_something_else_is_not_used(tmp_path: Path, cache: Path, parsed: list[Path]) -> None:
    session = _session(tmp_path)
    before = load(session)
    (summary,) = _kept(cache)
    for content in (b"", b"\xc1", b"\x90", b"\x95\x80\x90\x90\x90\x90"):
        KeptFiles(cache).keep(summary.name, content)
        parsed.clear()
        assert load(session) == before
        assert parsed == [session]


def test_other_code_makes_another_summary(
    tmp_path: Path, cache: Path, parsed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = _session(tmp_path)
    load(session)
    monkeypatch.setattr(summaries, "code_identity", lambda *_names: "another")
    load(session)
    assert parsed == [session, session]
    assert len(_kept(cache)) == 2


def test_a_file_that_is_not_sound_is_parsed_each_time_and_named_each_time(
    tmp_path: Path, cache: Path, parsed: list[Path]
) -> None:
    session = _session(tmp_path)
    session.write_bytes(session.read_bytes()[:-10])
    other = session.with_name("s2.jsonl")
    _, findings = load(session)
    session.rename(other)
    _, findings_of_other = load(other)
    assert [finding.message.partition(":")[0] for finding in (*findings, *findings_of_other)] == [
        str(session), str(other),
    ]  # fmt: skip
    assert (parsed, _kept(cache)) == ([session, other], [])


def test_joined_sessions_are_parsed_each_time(tmp_path: Path, cache: Path, parsed: list[Path]) -> None:
    one, two = _session(tmp_path, "s1"), _session(tmp_path, "s2", seed=1)
    one.write_bytes(one.read_bytes() + two.read_bytes())
    two.unlink()
    assert load(one) == load(one)
    assert parsed == [one, one]


def _unusable(cache: Path, kind: str) -> None:
    if kind == "a file":
        cache.write_text("in its place", encoding="utf-8")
    elif kind == "foreign":
        cache.mkdir()
        cache.chmod(0o777)
    else:
        (cache / "readings").mkdir(parents=True)
        (cache / "readings").chmod(0o500)


@posix
@pytest.mark.parametrize("kind", ["a file", "foreign", "read-only"])
def test_a_cache_that_cannot_be_used_costs_time_alone(tmp_path: Path, cache: Path, kind: str) -> None:
    session = _session(tmp_path)
    _unusable(cache, kind)
    assert load(session) == load(session) == (_without_cache(session), [])


def test_many_readers_at_the_same_time_read_the_same(tmp_path: Path, cache: Path) -> None:
    write_store(tmp_path / "store", 24, sessions=3, networks=4)
    expected = [record for path in session_files(tmp_path / "store") for record in _without_cache(path)]

    def read(_number: int) -> list[list[Record]]:
        return [load(tmp_path / "store")[0] for _ in range(3)]

    with ThreadPoolExecutor(6) as pool:
        assert all(found == expected for reader in pool.map(read, range(6)) for found in reader)
    assert len(_kept(cache)) == 3


def test_summaries_keep_to_the_limit(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_store(tmp_path / "store", 24, sessions=3, networks=4)
    expected = load(tmp_path / "store")
    sizes = [path.stat().st_size for path in _kept(cache)]
    KeptFiles(cache).clear()
    limit = max(sizes) + 100
    monkeypatch.setattr(files, "kept_files", lambda: KeptFiles(cache, limit))
    for _ in range(2):
        assert load(tmp_path / "store") == expected
        assert 0 < sum(path.stat().st_size for path in _kept(cache)) <= limit
