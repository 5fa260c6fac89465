"""The table of docs/arm.md on what an emulated ARM process computed, from stored sessions.

python -m tools.pages.arm_tables        writes it into the page; the tests compare it
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from levit_bench.records import Record

from tools.pages import ROOT
from tools.pages import measured_page as measured
from tools.pages.runtime_tables import written

PAGE = ROOT / "docs" / "arm.md"


def emulated_lines() -> list[str]:
    """Outputs of each network under emulation, beside those from the same images on x86-64."""
    (session,) = measured.sessions("emulated")
    emulated, native_records = measured.subjects([session]), native()
    head, state = session.head, session.head.conditions
    torch = " and ".join(sorted({record.conditions.versions["torch"] for record in native_records.values()}))
    runs = sum(end.outcome == "done" for end in session.ends)
    return [
        f"Session `{head.session}`: {head.machine.isa}, Python {state.python}, torch {state.versions['torch']}, timm",
        f"{state.versions['timm']}; {runs} {'run' if runs == 1 else 'runs'}. The spread of outputs on the same images,",
        f"there and on x86-64 with torch {torch}:",
        "",
        "| network | outcome | turns, all checked | spread of outputs | on x86-64 | apart by |",
        "|:--|:--|--:|--:|--:|--:|",
        *(_line(record, native_records[record.case.network]) for record in emulated),
    ]


def native() -> dict[str, Record]:
    """The same networks on x86-64.

    From the session on a GPU, whose weights and images were made on the processor beside it: its torch is the nearest
    of those that are cited, and LeViT's random weights changed with torch's `trunc_normal_` between 2.11 and 2.13.
    """
    return {record.case.network: record for record in measured.subjects(measured.sessions("gpu"))}


def _line(record: Record, native_record: Record) -> str:
    turns = sum(len(run.turns) for run in record.runs)
    emulated_std, native_std = record.info.logits_std, native_record.info.logits_std
    cells = (
        "– | – | –"
        if emulated_std is None or native_std is None
        else f"{emulated_std:.7f} | {native_std:.7f} | {abs(emulated_std / native_std - 1):.0e}"
    )
    return f"| {record.case.network} | {record.outcome} | {turns} | {cells} |"


BLOCKS: tuple[tuple[Path, str, Callable[[], list[str]]], ...] = ((PAGE, "emulated", emulated_lines),)
"""Page, marker and content of every block."""

if __name__ == "__main__":
    for page, marker, lines_of in BLOCKS:
        page.write_text(written(page.read_text(encoding="utf-8"), marker, lines_of()), encoding="utf-8")
