"""Fenced blocks of the README and of docs/, with their place."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))

SHELL = ("sh", "console")
PARSED_ONLY = {
    "make": "installs and measures for minutes; .ci/run calls these targets",
    "pip": "changes the environment that the test runs in",
    "git": "needs the network",
    "tox": "installs environments; the Makefile calls them",
    "pre-commit": "changes the checkout's hooks",
    "for": "repeats a measurement for tens of minutes; its verb is run elsewhere on these pages",
}
"""First words of commands that are parsed and not run, with the reason."""

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.M | re.S)


class Block(NamedTuple):
    """A fenced block."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """All blocks in those languages."""
    return [
        Block(str(page.relative_to(ROOT)), text.count("\n", 0, match.start()) + 1, match[1], match[2])
        for page in PAGES
        for text in [page.read_text(encoding="utf-8")]
        for match in _FENCE.finditer(text)
        if match[1] in languages
    ]


def commands(block: Block) -> list[list[str]]:
    """Words of each command, continuation lines joined, comments dropped."""
    joined = block.text.replace("\\\n", " ")
    words = (shlex.split(line.removeprefix("$ "), comments=True) for line in joined.splitlines())
    return [line for line in words if line]
