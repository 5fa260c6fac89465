"""Small files kept in the user's cache: whole or absent, never foreign, and never more than the limit."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from levit_bench.paths.cache_folder import VARIABLE
from levit_bench.paths.kept_files import KeptFiles, kept_files, key_of

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
KEY, OTHER, THIRD = key_of("a"), key_of("b"), key_of("c")


def _path(folder: Path, key: str = KEY) -> Path:
    return folder / "readings" / key


def _used(folder: Path, key: str, seconds: float) -> None:
    os.utime(_path(folder, key), (seconds, seconds))


def test_what_is_kept_is_read_by_its_key_alone(tmp_path: Path) -> None:
    KeptFiles(tmp_path / "kept").keep(KEY, b"content")
    files = KeptFiles(tmp_path / "kept")
    assert files.read(KEY) == b"content"
    assert files.read(OTHER) is None
    assert KeptFiles(tmp_path / "none").read(KEY) is None


def test_parts_of_a_key_are_kept_apart() -> None:
    assert len({key_of("ab", "c"), key_of("a", "bc"), key_of("abc"), key_of("abc", ""), key_of()}) == 5


def test_a_file_of_which_any_byte_changed_is_not_read(tmp_path: Path) -> None:
    files = KeptFiles(tmp_path)
    files.keep(KEY, b"content")
    whole = _path(tmp_path).read_bytes()
    damaged = [whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :] for place in range(len(whole))]
    for content in (*damaged, whole[:-1], whole[:10], b"", whole + b"x"):
        _path(tmp_path).write_bytes(content)
        assert files.read(KEY) is None
    files.keep(KEY, b"anew")
    assert files.read(KEY) == b"anew"


@posix
@pytest.mark.parametrize("what", ["file", "root", "folder"])
def test_what_others_could_have_written_is_not_read_and_nothing_is_kept_there(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "kept"
    KeptFiles(folder).keep(KEY, b"content")
    {"file": _path(folder), "root": folder / "readings", "folder": folder}[what].chmod(0o777)
    files = KeptFiles(folder)
    assert files.read(KEY) is None
    files.keep(OTHER, b"content")
    assert _path(folder, OTHER).exists() == (what == "file")
    assert files.accepts_more == (what == "file")


@posix
def test_a_link_in_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    files = KeptFiles(tmp_path / "kept")
    files.keep(KEY, b"content")
    _path(tmp_path / "kept").rename(tmp_path / "elsewhere")
    _path(tmp_path / "kept").symlink_to(tmp_path / "elsewhere")
    assert files.read(KEY) is None


def test_a_folder_that_cannot_be_made_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file", encoding="utf-8")
    files = KeptFiles(tmp_path / "kept")
    files.keep(KEY, b"content")
    files.shrink()
    assert (files.read(KEY), files.accepts_more, files.entries(), files.clear()) == (None, False, [], 0)


def test_a_full_disk_leaves_no_part_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def __init__(self, descriptor: int, _mode: str) -> None:
            self.descriptor = descriptor

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            os.close(self.descriptor)

        def write(self, _content: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    files = KeptFiles(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdopen", Full)
        files.keep(KEY, b"content")
    assert not files.accepts_more
    assert list((tmp_path / "readings").iterdir()) == []


def test_what_was_not_used_for_the_longest_time_goes_first(tmp_path: Path) -> None:
    KeptFiles(tmp_path).keep(KEY, b"x" * 40)
    KeptFiles(tmp_path).keep(OTHER, b"y" * 40)
    _used(tmp_path, KEY, 2_000_000)
    _used(tmp_path, OTHER, 1_000_000)
    files = KeptFiles(tmp_path, limit_bytes=170)  # Each takes its digest, too: 72 bytes.
    files.keep(THIRD, b"z" * 40)
    files.shrink()
    assert (files.read(OTHER), files.read(KEY), files.read(THIRD)) == (None, b"x" * 40, b"z" * 40)
    assert sum(entry.bytes for entry in files.entries()) <= 170


def test_reading_a_file_is_a_use(tmp_path: Path) -> None:
    files = KeptFiles(tmp_path)
    files.keep(KEY, b"content")
    _used(tmp_path, KEY, 1_000_000)
    files.read(KEY)
    assert files.entries()[0].used_at > 1_000_000


def test_more_than_the_limit_is_not_kept_and_drives_nothing_out(tmp_path: Path) -> None:
    KeptFiles(tmp_path).keep(OTHER, b"y" * 40)
    files = KeptFiles(tmp_path, limit_bytes=100)
    files.keep(KEY, b"x" * 101)
    files.shrink()
    assert not files.accepts_more
    assert (files.read(KEY), files.read(OTHER)) == (None, b"y" * 40)


def test_drafts_that_a_killed_process_left_go_and_those_of_another_one_stay(tmp_path: Path) -> None:
    files = KeptFiles(tmp_path)
    files.keep(KEY, b"content")
    old, new = (_path(tmp_path, f".{OTHER}-{word}") for word in ("old", "new"))
    for draft in (old, new):
        draft.write_bytes(b"half")
    os.utime(old, (1_000_000, 1_000_000))
    files.shrink()
    assert (old.exists(), new.exists(), len(files.entries())) == (False, True, 1)


def test_clearing_removes_all_of_it_and_nothing_else(tmp_path: Path) -> None:
    files = KeptFiles(tmp_path)
    files.keep(KEY, b"content")
    files.keep(OTHER, b"content")
    _path(tmp_path, f".{THIRD}-draft").write_bytes(b"half")
    (tmp_path / "artifacts").mkdir()
    _path(tmp_path, "notes").write_text("of the user", encoding="utf-8")
    assert files.clear() == 2
    assert [path.name for path in (tmp_path / "readings").iterdir()] == ["notes"]
    assert (tmp_path / "artifacts").is_dir()


def test_writers_of_one_key_at_the_same_time_leave_a_whole_file(tmp_path: Path) -> None:
    contents = [bytes([number]) * 100_000 for number in range(8)]

    def keep_and_read(content: bytes) -> bytes | None:
        files = KeptFiles(tmp_path)
        for _ in range(20):
            files.keep(KEY, content)
        return files.read(KEY)

    with ThreadPoolExecutor(8) as pool:
        assert all(content in contents for content in pool.map(keep_and_read, contents))
    assert len(list((tmp_path / "readings").iterdir())) == 1


def test_the_environment_names_the_folder_or_asks_for_none(monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))
    files = kept_files()
    assert files is not None
    files.keep(KEY, b"content")
    assert _path(tmp_path / "kept").is_file()
    for nowhere in ("", "~no-such-user/kept"):
        monkeypatch.setenv(VARIABLE, nowhere)
        assert kept_files() is None
