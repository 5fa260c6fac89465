"""Fenced blocks of the README and of docs/, with their place."""

from __future__ import annotations

import configparser
import re
import shlex
import tomllib
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
    ".ci/emulated-arm": "fetches an ARM system and computes under an emulator for an hour",
    "for": "repeats a measurement for tens of minutes; its verb is run elsewhere on these pages",
}
"""First words of commands that are parsed and not run, with the reason."""

_FENCE = re.compile(r"^```(\w*)(?: title=(\S+))?[^\n]*\n(.*?)^```", re.M | re.S)


class Block(NamedTuple):
    """A fenced block."""

    page: str
    line: int
    language: str
    text: str
    file: str | None
    """Name of the file that the page says it is: written into the folder before the page's commands run."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """All blocks in those languages; without a language, all blocks."""
    return [
        Block(str(page.relative_to(ROOT)), text.count("\n", 0, match.start()) + 1, match[1], match[3], match[2])
        for page in PAGES
        for text in [page.read_text(encoding="utf-8")]
        for match in _FENCE.finditer(text)
        if match[1] in languages or not languages
    ]


def lay_out(page: str, folder: Path) -> list[Path]:
    """Write the files that a page shows; returns the folders of its packages, for the import path.

    What `pip install ./package` leaves of a package that is one module: the module, and its entry points.
    """
    found = []
    for block in blocks():
        if block.page != page or block.file is None:
            continue
        path = folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        if path.name == "pyproject.toml":
            project = tomllib.loads(block.text)["project"]
            info = path.parent / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
            info.mkdir(exist_ok=True)
            head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
            (info / "METADATA").write_text(head, encoding="utf-8")
            points = configparser.ConfigParser()
            points.read_dict(project["entry-points"])
            with (info / "entry_points.txt").open("w", encoding="utf-8") as file:
                points.write(file)
            found.append(path.parent)
    return found


def commands(block: Block) -> list[list[str]]:
    """Words of each command, continuation lines joined, comments dropped."""
    joined = block.text.replace("\\\n", " ")
    words = (shlex.split(line.removeprefix("$ "), comments=True) for line in joined.splitlines())
    return [line for line in words if line]
