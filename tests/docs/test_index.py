"""docs/README.md leads to every page and says what it gives; every page leads back; what pages name is there."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from tests.docs.blocks import PAGES, ROOT, blocks

DOCS = ROOT / "docs"
INDEX = DOCS / "README.md"
LISTED = [page for page in PAGES if page.is_relative_to(DOCS) and page != INDEX]
CAPTIONS = ["Start", "Guides", "Reference", "Evidence"]
FEWEST_WORDS, MOST_WORDS = 4, 25
"""Of the phrase that says what a page gives."""
OURS = {"bench", "docs", "judge", "measuring", "report", "tests", "tools"}
"""Folders that a path begins with where it is one of this repository."""
_ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)]+\.md)\): (.+)$", re.M)
_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
_FENCED = re.compile(r"^```.*?^```", re.M | re.S)


def _prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


@cache
def _anchors(page: Path) -> set[str]:
    """What links can end with: its headings as GitHub spells them."""
    headings = re.findall(r"^#+ (.+)$", _prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _tracked() -> set[str]:
    """All files and folders of the repository that are not ignored, from its root."""
    skipped = {".git", ".tox", ".venv", "build", "reports"}
    found = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in skipped and not name.endswith((".egg-info", "_cache"))]
        below = PurePosixPath(Path(folder).relative_to(ROOT).as_posix())
        found |= {str(below / name) for name in (*folders, *files)}
    return found


def test_the_index_has_four_captions_in_order() -> None:
    assert re.findall(r"^## (.+)$", INDEX.read_text(encoding="utf-8"), re.M) == CAPTIONS


def test_the_index_lists_every_page_once_with_a_phrase() -> None:
    entries = _ENTRY.findall(INDEX.read_text(encoding="utf-8"))
    assert sorted(target for _, target, _ in entries) == sorted(page.relative_to(DOCS).as_posix() for page in LISTED)
    phrases = [phrase for _, _, phrase in entries]
    assert [p for p in phrases if not FEWEST_WORDS <= len(p.split()) <= MOST_WORDS or p.endswith(".")] == []
    assert len(set(phrases)) == len(phrases)


def test_the_index_calls_pages_of_the_four_captions_by_their_titles() -> None:
    """Decisions have long titles, and are named by their numbers."""
    for name, target, _ in _ENTRY.findall(INDEX.read_text(encoding="utf-8")):
        (title,) = re.findall(r"\A# (.+)$", (DOCS / target).read_text(encoding="utf-8"), re.M)
        number = title.partition(" ")[0]
        assert name == title or ("/" in target and name.startswith(f"{number} ")), target


@pytest.mark.parametrize("page", LISTED, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_page_ends_with_the_one_way_back(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    back = f"[All pages]({Path(os.path.relpath(INDEX, page.parent)).as_posix()})"
    assert text.endswith(f"\n\n{back}\n")
    assert len(re.findall(r"\((?:\.\./)*README\.md\)", text)) == 1


def test_the_readme_closes_with_six_links_and_one_is_the_index() -> None:
    closing = (ROOT / "README.md").read_text(encoding="utf-8").rpartition("```")[2].strip().split("\n\n")[0]
    targets = [target for target, _ in _LINK.findall(closing)]
    assert len(targets) == 6
    assert "docs/README.md" in targets
    assert re.fullmatch(r"\[[^\]]+\]\([^)]+\)( ·\s\[[^\]]+\]\([^)]+\))*", closing), "a list of links, and nothing else"


def test_how_it_works_is_read_in_minutes() -> None:
    assert len((DOCS / "how-it-works.md").read_text(encoding="utf-8").split()) < 1200


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_into_a_page_leads_to_one_of_its_headings(page: Path) -> None:
    for target, anchor in _LINK.findall(_prose(page)):
        if anchor and "://" not in target:
            into = (page.parent / target).resolve() if target else page
            assert anchor in _anchors(into), f"{target}#{anchor}"


def test_every_source_file_that_a_page_names_exists() -> None:
    """Paths may lack their beginning, as in `judge/estimates.py`; files that a page itself shows are a reader's."""
    tracked = _tracked()
    shown = {block.file for block in blocks() if block.file}
    missing = [
        f"{page.relative_to(ROOT)}: {name}"
        for page in PAGES
        for name in re.findall(r"`([\w.-]+/[\w./-]*\w)/?`", _prose(page))
        if name.endswith(".py") or name.split("/")[0] in OURS
        if name not in shown and not any(path == name or path.endswith(f"/{name}") for path in tracked)
    ]
    assert missing == []
