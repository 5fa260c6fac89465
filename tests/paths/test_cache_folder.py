"""Where things are kept between sessions, and who else could have written there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from levit_bench.paths.cache_folder import VARIABLE, cache_folder, make_private, why_not_private

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


def test_the_environment_names_the_folder_or_asks_for_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))
    assert cache_folder() == tmp_path / "kept"
    monkeypatch.setenv(VARIABLE, "~/kept")
    assert cache_folder() == Path.home() / "kept"
    monkeypatch.setenv(VARIABLE, "")
    assert cache_folder() is None


def test_by_default_it_is_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cache_folder()
    assert folder is not None
    assert "levit-bench" in folder.parts


@posix
def test_a_new_folder_is_the_users_alone(tmp_path: Path) -> None:
    folder = tmp_path / "above" / "kept"
    make_private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    make_private(folder)  # A second time nothing happens.
    assert why_not_private(folder) is None


@posix
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_what_others_may_write_is_not_private(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "file"
    file.write_text("code", encoding="utf-8")
    assert why_not_private(file) is None
    file.chmod(mode)
    assert why_not_private(file) == "others may write to it"


@posix
def test_what_belongs_to_another_user_is_not_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    assert why_not_private(tmp_path) == "it belongs to another user"


@posix
def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("code", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    os.mkfifo(tmp_path / "pipe")
    assert why_not_private(tmp_path / "link") == "it is neither a file nor a folder"
    assert why_not_private(tmp_path / "pipe") == "it is neither a file nor a folder"
    assert (why_not_private(tmp_path / "gone") or "").startswith("it cannot be read")
