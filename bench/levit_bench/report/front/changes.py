"""Networks that join or leave the front, panel by panel, as a table, as Markdown and as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from levit_bench.judge.front.changes import Change, Move, Moved
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.places import Standing
from levit_bench.report.words.panel_names import PanelNames
from levit_bench.report.words.safe_text import LABEL_LIMIT, distinct, markdown_cell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

_JOIN, _LEAVE = (Move.JOINS, Move.MAY_JOIN), (Move.LEAVES, Move.MAY_LEAVE)
NOTE = "in brackets: not sure, with the chance of the move"


def table(changes: Sequence[Change], panels: Sequence[Panel], called: PanelNames) -> Table:
    """One row a panel, a line a network: first those whose move is sure."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    out = FittedTable()
    for name in ("panel", "joins", "leaves"):
        out.add_column(name, overflow="fold")
    names = distinct(point.label for panel in panels for point in panel.points)
    for change in changes:
        out.add_row(Text(called.title(change.panel)), *(Text(cell) for cell in _cells(change, names, "\n")))
    return out


def markdown(changes: Sequence[Change], base: Panel, panels: Sequence[Panel], called: PanelNames) -> str:
    """The table in Markdown, under a line that names the base."""
    names = {point.label: markdown_cell(point.label, LABEL_LIMIT) for panel in panels for point in panel.points}
    lines = [
        f"{markdown_cell(heading(base, called), 4000)}; {NOTE}.",
        "",
        "| panel | joins | leaves |",
        "|:--|:--|:--|",
    ]
    lines += [
        f"| {markdown_cell(called.title(change.panel), 200)} | {' | '.join(_cells(change, names))} |"
        for change in changes
    ]
    return "\n".join(lines)


def documents(changes: Iterable[Change]) -> dict[object, dict[str, tuple[str, float | None]]]:
    """Move and its chance by label, by the panel's key."""
    return {
        change.panel.key: {
            moved_point.point.label: (moved_point.move.value, moved_point.chance) for moved_point in change.moved
        }
        for change in changes
    }


def heading(base: Panel, called: PanelNames) -> str:
    """The base panel and the networks on its front, on one line."""
    names = distinct(point.label for point in base.points)
    places = [(names[point.label], point.standing) for point in base.points if point.standing is not Standing.BEATEN]
    members = [name if standing is Standing.MEMBER else f"({name})" for name, standing in places]
    return f"Against {called.title(base) or 'the only panel'}, whose front is {', '.join(members)}"


def _cells(change: Change, names: Mapping[str, str], between: str = ", ") -> tuple[str, str]:
    """The networks that join and those that leave, with `between` between two."""
    joins, leaves = (
        between.join(
            names[moved_point.point.label]
            if moved_point.move in (Move.JOINS, Move.LEAVES)
            else _name_with_chance(names[moved_point.point.label], moved_point.chance)
            for moved_point in (_sure_first(change.moved) if between.isspace() else change.moved)
            if moved_point.move in kind
        )
        for kind in (_JOIN, _LEAVE)
    )
    apart = [f"{len(change.only_here)} only here"] if change.only_here else []
    apart += [f"{len(change.only_base)} not measured here"] if change.only_base else []
    remark = f"{between if between.isspace() else '; '}{', '.join(apart)}" if apart else ""
    return joins or "–", f"{leaves or '–'}{remark}"


def _sure_first(moved: Sequence[Moved]) -> list[Moved]:
    return sorted(moved, key=lambda moved_point: moved_point.move not in (Move.JOINS, Move.LEAVES))


def _name_with_chance(name: str, chance: float | None) -> str:
    return f"({name})" if chance is None else f"({name} {chance:.0%})"
