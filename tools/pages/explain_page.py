"""The examples of docs/explain.md: stored figures from the committed session, a profile from a committed document.

    python -m tools.pages.explain_page        writes them into the page and draws the picture; the tests compare them
    levit-bench explain levit_192 efficientnet_b2 --session 20261126T060430 --where allocator=pinned --profile --json

The latter made docs/pictures/explain.json: the first attempt whose undisturbed passes were within 5 % of the session's.
"""

from __future__ import annotations

import hashlib
import io
import json
import textwrap
from typing import Any

import msgspec
from levit_bench.judge.case_lookup import two
from levit_bench.judge.explain.factors import Explanation, explain
from levit_bench.profiles import Profile
from levit_bench.report.explain import tables as report
from levit_bench.report.explain.figure import draw
from levit_bench.report.explain.tables import SideProfile
from levit_bench.report.front.figure import save
from levit_bench.store.files import records
from rich.console import Console
from rich.table import Table

from tools.pages import ROOT
from tools.pages.measured_page import sessions

PAGE = ROOT / "docs" / "explain.md"
PROFILE = ROOT / "docs" / "pictures" / "explain.json"
PICTURE = ROOT / "docs" / "pictures" / "explain.png"
NETWORKS = ("levit_192", "efficientnet_b2")
STORED, WATCHED, END = "<!-- stored -->\n", "<!-- profile -->\n", "<!-- end -->"
_WIDTH = 110


def found(allocator: str) -> Explanation:
    """The example with both sides under one allocator."""
    (session,) = sessions("front")
    everything = records(session)
    return explain(everything, *two(everything, *(f"{name}:allocator={allocator}" for name in NETWORKS)))


def document() -> dict[str, Any]:
    """The committed document."""
    content: dict[str, Any] = json.loads(PROFILE.read_text(encoding="utf-8"))
    return content


def watched() -> tuple[SideProfile, SideProfile]:
    """The profiles in it."""
    first, second = (SideProfile(msgspec.convert(document()[side]["profile"], Profile)) for side in ("first", "second"))
    return first, second


def source() -> str:
    """The sources of the picture, for its metadata."""
    digest = hashlib.sha256(PROFILE.read_bytes()).hexdigest()[:12]
    return f"session {found('pinned').first.record.session}, profile {digest}"


def page(text: str) -> str:
    """The page with its examples as they should be."""
    shipped, pinned, profiles = found("shipped"), found("pinned"), watched()
    tables = (report.watched_table, report.kinds_table, report.layers_table)
    text = _filled(
        text, STORED, [_printed(report.table(shipped)), *report.notes(shipped), "", report.sentence(shipped)]
    )
    return _filled(text, WATCHED, [*(_printed(table(pinned, profiles)) for table in tables), report.sentence(pinned)])


def write() -> None:
    """Page and picture."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    save(draw(found("pinned"), watched()), PICTURE, source())


def _filled(text: str, start: str, parts: list[str]) -> str:
    before, _, rest = text.partition(start)
    lines: list[str] = []
    for part in parts:
        lines += [part] if "\n" in part else textwrap.wrap(part, _WIDTH) or [""]
    block = "\n".join(lines)
    return f"{before}{start}```text\n{block}\n```\n{END}{rest.partition(END)[2]}"


def _printed(table: Table) -> str:
    console = Console(width=_WIDTH, file=io.StringIO(), highlight=False, color_system=None)
    console.print(table)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]
    return "\n".join(lines).strip("\n") + "\n"


if __name__ == "__main__":
    write()
