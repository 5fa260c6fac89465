"""TOML files that a user wrote: one error for everything that is wrong with their text."""

from __future__ import annotations

from pathlib import Path

import pytest
from levit_bench.paths.toml_files import LARGEST, NoTomlError, read_toml


def test_tables_and_values_are_read_also_behind_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\n[b]\r\nc = 'd'\r\n")
    assert read_toml(path) == {"a": 1, "b": {"c": "d"}}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"a = [", "no TOML: "),
        (b"\xff\xfea\x00", "no TOML: it is no UTF-8 text, but UTF-16"),
        (b"a = " + b"9" * 5000, "no TOML: "),
        (b"a = " + b"[" * 5000, "no TOML: "),
        (b"#" * (LARGEST + 1), "more than 1 MiB"),
    ],
)
def test_what_is_no_toml_is_one_error(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(raw)
    with pytest.raises(NoTomlError) as refused:
        read_toml(path)
    assert str(refused.value).startswith(said)
