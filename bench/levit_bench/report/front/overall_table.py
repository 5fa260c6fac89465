"""The front over all values of an overlay as a table: which network in which value is not beaten by any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.judge.front.overlay import Overlay
from levit_bench.judge.front.places import Standing
from levit_bench.numbers.units import format_latency, significant
from levit_bench.report.front.table import plus_minus
from levit_bench.report.words.overlay_values import front_over_all, values_of
from levit_bench.report.words.panel_names import PanelNames
from levit_bench.report.words.safe_text import LABEL_LIMIT, distinct, markdown_cell

if TYPE_CHECKING:
    from rich.console import RenderableType

NO_FRONT = "the values are of several sessions, which differ in more than the value: no front over all of them"
_PLACES = {Standing.MEMBER: "front", Standing.OPEN: "undecided", Standing.BEATEN: "dominated"}


def overall_tables(overlays: Sequence[Overlay]) -> list[RenderableType]:
    """For each overlay of several values its front over all values, fastest first, or why there is none."""
    return [_table(overlay, overlays) for overlay in overlays if len(overlay.panels) > 1]


def _table(overlay: Overlay, overlays: Sequence[Overlay]) -> RenderableType:
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    heading = _heading(overlay, overlays)
    if not overlay.overall:
        return Text(f"{heading}: {NO_FRONT}")
    out = FittedTable(title=Text(heading))
    out.add_column("network", overflow="fold")
    out.add_column(" · ".join(overlay.axes), overflow="fold")
    for name in ("top-1", *_speed_names(overlay)):
        out.add_column(name, justify="right", no_wrap=True)
    out.add_column("place", overflow="fold")
    names = distinct(point.label for _, point in overlay.front)
    for (_, point), cells in zip(overlay.front, _cells(overlay), strict=True):
        out.add_row(Text(names[point.label], style="bold"), *map(Text, cells))
    return out


def overall_markdown(overlays: Sequence[Overlay]) -> str:
    """The same tables in Markdown, each under a line with what its panels share."""
    parts = []
    for overlay in (each for each in overlays if len(each.panels) > 1):
        parts.append(f"**{markdown_cell(_heading(overlay, overlays), 300)}**")
        if not overlay.overall:
            parts.append(f"{NO_FRONT[0].upper()}{NO_FRONT[1:]}.")
            continue
        heads = ["network", " · ".join(overlay.axes), "top-1", *_speed_names(overlay), "place"]
        rows = [
            [markdown_cell(point.label, LABEL_LIMIT), *(markdown_cell(cell, 120) for cell in cells)]
            for (_, point), cells in zip(overlay.front, _cells(overlay), strict=True)
        ]
        lines = [heads, [":--", ":--", "--:", "--:", "--:", ":--"], *rows]
        parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
    return "\n\n".join(parts)


def _heading(overlay: Overlay, overlays: Sequence[Overlay]) -> str:
    """`Front over all runtimes: batch 1, allocator pinned`, with what tells the overlays of a page apart."""
    words = front_over_all(overlays)
    title = PanelNames([each.together for each in overlays]).title(overlay.together)
    return f"{words[0].upper()}{words[1:]}{f': {title}' if title else ''}"


def _speed_names(overlay: Overlay) -> tuple[str, str]:
    return ("latency" if overlay.together.metric == "latency" else "img/s"), "95 %"


def _cells(overlay: Overlay) -> list[list[str]]:
    """For each member its value, top-1, speed with its interval, and place."""
    words, metric = values_of(overlay), overlay.together.metric
    rows = []
    for panel, point in overlay.front:
        estimate = point.latency if metric == "latency" else point.throughput
        speed = format_latency(estimate.value) if metric == "latency" else significant(estimate.value)
        place = _PLACES[overlay.overall[point.case.id].standing]
        rows.append([words[panel.key], f"{point.accuracy.top1:.1f}", speed, plus_minus(estimate), place])
    return rows
