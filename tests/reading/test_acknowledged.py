"""trend.toml: what is read, and what is refused with what to write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from levit_bench.errors import UsageError
from levit_bench.judge.trend.trend_report import Acknowledgement
from levit_bench.nightly.plan import read_plan
from levit_bench.reading.acknowledged import read

GOOD = '[[alert]]\nid = "3f2a91c0"\nverdict = "expected"\nwho = "mk"\nwhy = "folds"\n'


def test_acknowledgements_are_read_by_their_id(tmp_path: Path) -> None:
    path = tmp_path / "trend.toml"
    path.write_text(GOOD + GOOD.replace("3f2a91c0", "00000001").replace("expected", "noise"))
    assert read(path) == {
        "3f2a91c0": Acknowledgement("3f2a91c0", "expected", "mk", "folds"),
        "00000001": Acknowledgement("00000001", "noise", "mk", "folds"),
    }


def test_one_entry_may_hold_several_alerts(tmp_path: Path) -> None:
    path = tmp_path / "trend.toml"
    path.write_text(GOOD.replace('"3f2a91c0"', '["3f2a91c0", "00000001"]'))
    assert read(path) == {
        "3f2a91c0": Acknowledgement("3f2a91c0", "expected", "mk", "folds"),
        "00000001": Acknowledgement("00000001", "expected", "mk", "folds"),
    }


def test_no_file_and_an_empty_one_hold_none(tmp_path: Path) -> None:
    path = tmp_path / "trend.toml"
    assert read(path) == {}
    path.write_text("")
    assert read(path) == {}


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "trend.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert len(read(path)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[alert]\n", "no TOML"),
        ("[alert]\nid = '1'\n", "alert is no list"),
        ("[[alarm]]\n", "'alarm' is no table of it"),
        (GOOD + GOOD, "alert 3f2a91c0 is there twice"),
        (GOOD.replace("3f2a91c0", "3F2A91C0"), "is no id of an alert"),
        (GOOD.replace("expected", "fine"), "write expected, fixed, noise"),
        (GOOD.replace('who = "mk"\n', ""), "entry 1 lacks who"),
        (GOOD.replace('who = "mk"\nwhy = "folds"\n', ""), "entry 1 lacks who, why"),
        (GOOD.replace('"mk"', '" "'), "entry 1: who is empty"),
        (GOOD.replace('"3f2a91c0"', "12345678"), "entry 1: id is 12345678, and no text: write it in quotes"),
        (GOOD.replace('"3f2a91c0"', "[]"), "entry 1: id is an empty list"),
        (GOOD.replace('"3f2a91c0"', '["3f2a91c0", 7]'), "entry 1: id is 7, and no text"),
        (GOOD.replace('"3f2a91c0"', '["3f2a91c0", "3f2a91c0"]'), "alert 3f2a91c0 is there twice"),
        (GOOD + "when = 3\n", "has 'when'"),
        ("alert = [1]\n", "entry 1 is no table"),
        ("\x00", "no TOML"),
    ],
)
def test_a_malformed_file_is_refused_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "trend.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match="does not hold acknowledged alerts") as refused:
        read(path)
    assert said in str(refused.value)
    assert "[[alert]] with id, verdict, who and why" in str(refused.value)


def test_bytes_that_are_no_text_and_a_folder_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "trend.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="no TOML"):
        read(path)
    with pytest.raises(UsageError, match="it is a folder, and no file"):
        read(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes a pipe")
def test_pipes_devices_and_links_to_them_are_refused_and_never_read(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match="it is a pipe, and no file"):
        read(pipe)
    link.symlink_to("/dev/zero")
    with pytest.raises(UsageError, match="it is a device, and no file"):
        read(link)
    with pytest.raises(UsageError, match="it is a pipe, and no file"):
        read_plan(pipe)
