"""Text in comments on GitHub is what it says, and nothing else."""

from __future__ import annotations

import pytest
from levit_bench.report.words.github_text import code, prose


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("levit_128s b1", "levit_128s b1"),
        ("_a_ a_b", "&#95;a&#95; a_b"),
        ("@me, #12, GH-3", "@&#8203;me, #&#8203;12, GH-&#8203;3"),
        ("https://x www.y", "https:&#8203;//x www&#8203;.y"),
        ("a|b<c>&`d`\\", "a&#124;b&#60;c&#62;&#38;&#96;d&#96;&#92;"),
        ("- a", "&#45; a"),
        ("1. a", "1&#46; a"),
        ("1.12 times", "1.12 times"),
        ("a\nb", "a&#92;x0ab"),
        ("&#8203;", "&#38;#&#8203;8203;"),
    ],
)
def test_prose_escapes_markup_and_parts_what_would_be_linked(text: str, shown: str) -> None:
    assert prose(text, 100) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a_b", "`a_b`"), ("a`|b", "`a\\x60\\x7cb`"), ("", "`''`"), (" a", "`' a'`"), ("abcdef", "`abc…`")],
)
def test_code_spells_out_what_would_end_it(text: str, shown: str) -> None:
    assert code(text, 4 if text == "abcdef" else 40) == shown
