"""docs/explain.md shows what the stored session and the committed profile say; its command still counts the same."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import pytest
from PIL import Image

from tests.docs.blocks import SHELL, blocks, commands
from tests.docs.test_pages import folder
from tools.pages import explain_page

__all__ = ["folder"]
COUNTS = ("kind", "calls", "macs", "moved_bytes")


def _command() -> list[str]:
    (found,) = (
        words
        for block in blocks(*SHELL)
        if block.page == "docs/explain.md"
        for words in commands(block)
        if "--profile" in words
    )
    return found


def test_the_page_and_its_picture_are_made_from_the_session_and_the_profile() -> None:
    text = explain_page.PAGE.read_text(encoding="utf-8")
    assert text == explain_page.page(text), "run: python -m tools.pages.explain_page"
    with Image.open(explain_page.PICTURE) as picture:
        assert picture.info["Source"] == explain_page.source(), "run: python -m tools.pages.explain_page"


def test_the_committed_profile_is_of_the_committed_session_and_of_what_the_command_asks_for() -> None:
    told, one = explain_page.document(), explain_page.found("pinned")
    assert told["session"] == one.first.record.session
    assert told["ratio"]["ratio"] == one.ratio.value
    for side, mine in (("first", one.first), ("second", one.second)):
        assert told[side]["case"] == mine.record.info.id
        assert told[side]["profile"]["pass_s"] == pytest.approx(mine.latency.value, rel=0.05)
        assert sum(kind["macs"] for kind in told[side]["profile"]["kinds"]) == mine.macs
    words = _command()
    assert tuple(words[2:4]) == explain_page.NETWORKS
    assert told["session"].startswith(words[words.index("--session") + 1])


@pytest.mark.slow
def test_the_documented_profile_can_be_taken_and_counts_what_the_page_shows(folder: Path) -> None:
    from tests.docs.test_pages import execute

    words = [*_command(), "--json"]
    done = execute(words, folder, "docs/explain.md")
    assert done.returncode == 0, done.stderr
    assert (folder / words[words.index("--out") + 1]).is_file()
    told, committed = json.loads(done.stdout), explain_page.document()
    timed = explain_page.found("pinned").first.record.conditions.versions["torch"]
    for side in ("first", "second"):
        fresh, kept = told[side]["profile"], committed[side]["profile"]
        assert fresh["profiled_s"] == pytest.approx(sum(kind["seconds"] for kind in fresh["kinds"]))
        if version("torch").partition("+")[0] == timed.partition("+")[0]:
            assert _counts(fresh) == _counts(kept)


def _counts(profile: dict[str, list[dict[str, object]]]) -> set[tuple[object, ...]]:
    return {tuple(kind[name] for name in COUNTS) for kind in profile["kinds"]}
