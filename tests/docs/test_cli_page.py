"""docs/cli.md says of every verb what the verb says of itself."""

from __future__ import annotations

import re
import sys

import pytest
from levit_bench.cli import _VERBS

from tests.programs import output
from tools.pages import cli_page

TEXT = cli_page.PAGE.read_text(encoding="utf-8")


def test_the_page_is_written_from_the_help_of_the_verbs() -> None:
    assert cli_page.page() == TEXT, "run: python -m tools.pages.cli_page"


def test_it_has_every_verb_in_the_order_of_the_group() -> None:
    assert re.findall(r"^## (\S+)$", TEXT, re.M) == list(_VERBS)


@pytest.mark.parametrize("words", [[], *([verb] for verb in _VERBS)], ids=" ".join)
def test_the_help_stands_on_the_page_as_a_wide_terminal_shows_it(words: list[str]) -> None:
    told = output(
        [sys.executable, "-m", "levit_bench", *words, "--help"], env={"COLUMNS": "140", "PYTHONIOENCODING": "utf-8"}
    )
    assert f"```text\n{told}```\n" in TEXT
