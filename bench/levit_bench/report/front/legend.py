"""The legend: the meaning of colours, shapes, fillings and lines of a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.places import SURE, Standing
from levit_bench.judge.published.panels import PublishedPanel
from levit_bench.report.front.styles import DASHES, GREY, INKS, LINES, MARKER_PT, SMALL_PT, TIE_EDGE, TIE_GROUND, Style
from levit_bench.report.words.safe_text import drawable

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

WORDS = {
    Standing.MEMBER: f"on the front by speed ({100 * SURE:.0f} %)",
    Standing.OPEN: "undecided",
    Standing.BEATEN: f"dominated ({100 * SURE:.0f} %)",
}


class LegendEntries(NamedTuple):
    """The entries of a legend."""

    names: Sequence[Artist]
    """Of what has a colour and a shape: families, or in an overlay values."""
    marks: Sequence[Artist]
    """Of fillings, lines and bands."""


def entries(
    looks: dict[str, Style], panels: Sequence[Panel], published: Sequence[PublishedPanel] = ()
) -> LegendEntries:
    """The entries of panels whose points have the colours and shapes of their families."""
    families = [
        entry(linestyle="", marker=look.marker, color=look.colour, markersize=MARKER_PT, label=drawable(name))
        for name, look in looks.items()
    ]
    return LegendEntries(families, [*standing_entries(panels), *_tie_entries(panels), *_published_entries(published)])


def legend(figure: Figure, entries: LegendEntries, width_in: float) -> float:
    """One legend for all panels, as wide as fits; returns its height in inches."""
    names, marks = entries
    for rows in range(1, len(names) + len(marks) + 1):
        last = rows == len(names) + len(marks)
        # Names and marks have columns of their own, unless there is room for one column alone.
        handles = [*names, *marks] if last else [*_full_columns(names, rows), *_full_columns(marks, rows)]
        figure.legends.clear()
        box = figure.legend(
            handles=handles, loc="upper center", ncols=len(handles) // rows, fontsize=SMALL_PT, frameon=False,
            handletextpad=0.4, columnspacing=1.4, labelspacing=0.3, borderaxespad=0.0, borderpad=0.0,
        )  # fmt: skip
        extent = box.get_window_extent()
        if extent.width / figure.dpi <= width_in - 0.3:
            break
    return float(extent.height / figure.dpi)


def _full_columns(handles: Sequence[Artist], rows: int) -> list[Artist]:
    """The legend's entries, padded with empty ones until their last column is full."""
    return [*handles, *(entry(linestyle="", label=" ") for _ in range(-len(handles) % rows))]


def standing_entries(panels: Sequence[Panel], words: Mapping[Standing, str] = WORDS) -> list[Artist]:
    """Entries for the standings that occur, in these words."""
    standings = {point.standing for panel in panels for point in panel.points}
    return [
        entry(
            color=GREY, linewidth=1.1, linestyle=LINES.get(standing, ""), marker="o",
            markersize=MARKER_PT * INKS[standing].larger, **INKS[standing].marker(GREY), label=words[standing],
        )
        for standing in Standing
        if standing in standings
    ]  # fmt: skip


def _tie_entries(panels: Sequence[Panel]) -> list[Artist]:
    """The entry for ties, where there are any."""
    from matplotlib.patches import Patch

    if not any(point.tied_with for panel in panels for point in panel.points):
        return []
    return [Patch(facecolor=TIE_GROUND, edgecolor=TIE_EDGE, linewidth=0.6, label="tied in top-1 and speed")]


def _published_entries(panels: Sequence[PublishedPanel]) -> list[Line2D]:
    out = []
    if panels:
        label = "published, not measured here (all hollow)"
        out.append(
            entry(linestyle="", marker="o", color=GREY, markerfacecolor="none", markersize=MARKER_PT, label=label)
        )
    if any(panel.front for panel in panels):
        out.append(entry(color=GREY, linewidth=1.1, linestyle=DASHES, label="front of published figures"))
    return out


def entry(**options: Any) -> Line2D:  # noqa: ANN401 (matplotlib's)
    """An entry that shows a line or a marker with these options of matplotlib."""
    from matplotlib.lines import Line2D

    return Line2D([], [], **options)
