"""trend.toml: what is read, and what is refused with what to write."""

from __future__ import annotations

from pathlib import Path

import pytest
from levit_bench.errors import UsageError
from levit_bench.judge.trend.trend_report import Acknowledgement
from levit_bench.reading.acknowledged import read

GOOD = '[[alert]]\nid = "3f2a91c0"\nverdict = "expected"\nwho = "mk"\nwhy = "folds"\n'


def test_acknowledgements_are_read_by_their_id(tmp_path: Path) -> None:
    path = tmp_path / "trend.toml"
    path.write_text(GOOD + GOOD.replace("3f2a91c0", "00000001").replace("expected", "noise"))
    assert read(path) == {
        "3f2a91c0": Acknowledgement("3f2a91c0", "expected", "mk", "folds"),
        "00000001": Acknowledgement("00000001", "noise", "mk", "folds"),
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
        (GOOD.replace('"mk"', '" "'), "entry 1 lacks who"),
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
    with pytest.raises(UsageError, match="cannot read"):
        read(tmp_path)
