"""Who joins and who leaves the front, panel by panel, as a table, as Markdown and for programs.

Knows columns and words; refuses to know how moves are decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from levit_bench.judge.front.changes import Change, Move
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.places import Standing
from levit_bench.report.words.panel_names import PanelNames
from levit_bench.report.words.safe_text import LABEL_LIMIT, distinct, markdown_cell, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

_JOIN, _LEAVE = (Move.JOINS, Move.MAY_JOIN), (Move.LEAVES, Move.MAY_LEAVE)
NOTE = "in brackets: not sure, with the chance of the move"


def table(found: Sequence[Change], panels: Sequence[Panel], called: PanelNames) -> Table:
    """One row a panel."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for name in ("panel", "joins", "leaves"):
        out.add_column(name, overflow="fold")
    names = distinct(point.label for panel in panels for point in panel.points)
    for change in found:
        out.add_row(Text(called.title(change.panel)), *(Text(cell) for cell in _cells(change, names)))
    return out


def markdown(found: Sequence[Change], base: Panel, panels: Sequence[Panel], called: PanelNames) -> str:
    """The same for a page."""
    names = {point.label: markdown_cell(point.label, LABEL_LIMIT) for panel in panels for point in panel.points}
    lines = [
        f"{markdown_cell(heading(base, called), 4000)}; {NOTE}.",
        "",
        "| panel | joins | leaves |",
        "|:--|:--|:--|",
    ]
    lines += [
        f"| {markdown_cell(called.title(change.panel), 200)} | {' | '.join(_cells(change, names))} |"
        for change in found
    ]
    return "\n".join(lines)


def documents(found: Iterable[Change]) -> dict[object, dict[str, tuple[str, float | None]]]:
    """Move and its chance by label, by the panel's key."""
    return {
        change.panel.key: {one.point.label: (one.move.value, one.chance) for one in change.moved} for change in found
    }


def heading(base: Panel, called: PanelNames) -> str:
    """What the others are held against, and who is on its front."""
    names = distinct(point.label for point in base.points)
    places = [(names[point.label], point.standing) for point in base.points if point.standing is not Standing.BEATEN]
    members = [name if standing is Standing.MEMBER else f"({name})" for name, standing in places]
    return f"Against {called.title(base) or 'the only panel'}, whose front is {', '.join(members)}"


def _cells(change: Change, names: Mapping[str, str]) -> tuple[str, str]:
    joins, leaves = (
        ", ".join(
            names[one.point.label]
            if one.move in (Move.JOINS, Move.LEAVES)
            else _unsure(names[one.point.label], one.chance)
            for one in change.moved
            if one.move in kind
        )
        for kind in (_JOIN, _LEAVE)
    )
    apart = [f"{len(change.only_here)} only here"] if change.only_here else []
    apart += [f"{len(change.only_base)} not measured here"] if change.only_base else []
    told = visible(f"; {', '.join(apart)}") if apart else ""
    return joins or "–", f"{leaves or '–'}{told}"


def _unsure(name: str, chance: float | None) -> str:
    return f"({name})" if chance is None else f"({name} {chance:.0%})"
