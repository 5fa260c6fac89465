"""The front as a figure: speed against top-1, intervals as bars, the front as a staircase.

Draws on a `Figure` of its own and leaves matplotlib's global state unchanged.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from levit_bench.command_lines import measuring_line
from levit_bench.errors import NothingToShowError, StoreError
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.places import Standing
from levit_bench.judge.front.points import Point
from levit_bench.judge.metrics import Metric
from levit_bench.judge.published.panels import PublishedPanel
from levit_bench.report.front.layout import lay_out
from levit_bench.report.front.legend import entries
from levit_bench.report.front.point_names import name_points
from levit_bench.report.front.staircase import flights, staircase, tails
from levit_bench.report.front.styles import (
    DASHES,
    DOTS,
    DPI,
    GREY,
    INKS,
    LARGER,
    LINES,
    SETTINGS,
    TIE_EDGE,
    TIE_GROUND,
    TIE_WIDTH,
    Ink,
    Style,
    interval_of,
    line,
    look_of,
    marker_pt,
    styles,
    tied,
    xy,
)
from levit_bench.report.words.panel_names import PanelNames
from levit_bench.report.words.setting import shared_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GAP = (math.nan, math.nan)
"""Coordinates that break a line in two strokes."""


class Drawn(NamedTuple):
    """A finished figure."""

    figure: Figure
    unlabelled: int
    """Number of points whose label has no free place."""


def draw(
    panels: Sequence[Panel],
    published: Sequence[PublishedPanel] = (),
    *,
    among: Sequence[Panel] = (),
    heading: str = "",
    called: PanelNames | None = None,
) -> Drawn:
    """The figure, one subplot a panel, all with the same scales; published panels come last, with scales of their own.

    Args:
        panels: the measured panels.
        published: the published panels.
        among: the panels of all pages, when this is one of several: families look the same on all of them.
        heading: a line above the page.
        called: names of the panels; by default those that tell these panels apart.

    Raises:
        NothingToShowError: no panel holds a point.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = [panel for panel in panels if panel.points]
    if not shown:
        raise NothingToShowError(f"no stored case has both a speed and an accuracy. Measure some: {measuring_line()}")
    with our_settings():
        figure = Figure(facecolor="white")
        FigureCanvasAgg(figure)
        looks = styles([*(among or shown), *published])
        axes = lay_out(
            figure, shown, entries(looks, shown, published), called or PanelNames(shown), published,
            words=shared_words(shown), among=among, heading=heading,
        )  # fmt: skip
        every: list[Panel | PublishedPanel] = [*shown, *published]
        for ax, panel in zip(axes, every, strict=True):
            if isinstance(panel, PublishedPanel):
                _draw_published(ax, panel, looks)
            else:
                _draw_panel(ax, panel, looks)
        missing = sum(name_points(ax, panel) for ax, panel in zip(axes, every, strict=True))
    return Drawn(figure, missing)


def save(figure: Figure, path: Path, source: str = "") -> None:
    """Write the figure as `.png`, `.svg` or `.pdf`, the same bytes for the same figure.

    Args:
        figure: the figure, as `draw` returns it.
        path: its ending decides the format.
        source: where the numbers come from, kept in the file's metadata.

    Raises:
        StoreError: the file cannot be written.
    """
    try:
        path.write_bytes(encoded(figure, path.suffix.lstrip(".").lower(), source))
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}. Name another folder.") from error


def encoded(figure: Figure, kind: str, source: str = "") -> bytes:
    """The figure as the content of a file, the same bytes for the same figure.

    Args:
        figure: the figure, as `draw` returns it.
        kind: `png`, `svg` or `pdf`.
        source: where the numbers come from, kept in the file's metadata.
    """
    out = io.BytesIO()
    sources: dict[str, dict[str, Any]] = {
        "png": {"Source": source},
        "svg": {"Date": None, "Source": source},
        "pdf": {"CreationDate": None, "Subject": source},
    }
    # A light compression costs a tenth more bytes and saves a quarter of the time.
    options: dict[str, Any] = {"pil_kwargs": {"compress_level": 3}} if kind == "png" else {}
    with our_settings():
        figure.savefig(out, format=kind, dpi=DPI, metadata=sources.get(kind, {}), **options)
    return out.getvalue()


def our_settings() -> AbstractContextManager[None]:
    """A context with the matplotlib settings of all figures."""
    import matplotlib

    return matplotlib.rc_context(cast("Any", SETTINGS))  # its keys are typed as literals


def _draw_panel(ax: Axes, panel: Panel, looks: dict[str, Style]) -> None:
    _draw_ties(ax, panel)
    _draw_front(ax, panel)
    groups: dict[tuple[Standing, Style], list[Point]] = {}
    for point in panel.points:
        groups.setdefault((point.standing, look_of(point, looks)), []).append(point)
    for standing in Standing:
        for look in looks.values():
            if group := groups.get((standing, look)):
                _draw_group(ax, group, look, panel.metric, marker_pt(panel), INKS[standing])


def _draw_front(ax: Axes, panel: Panel) -> None:
    """The staircase, dashed at members that are undecided."""
    ordered = sorted(panel.front, key=lambda point: point.latency.value)
    places = [xy(point, panel.metric) for point in ordered]
    members = zip(ordered, flights(places, panel.metric), strict=True)
    for standing, group in groupby(members, key=lambda member: member[0].standing):
        corners = [corner for _, flight in group for corner in flight]
        line(
            ax,
            corners,
            color=GREY,
            linewidth=1.1,
            linestyle=LINES[standing],
            solid_capstyle="projecting",
            zorder=2,
            gid="front",
        )
    for reach in tails(places, panel.metric, ax.get_xlim(), ax.get_ylim()[0]):
        line(ax, reach, color=GREY, linewidth=0.7, linestyle=DOTS, zorder=2, gid="tail")


def _draw_ties(ax: Axes, panel: Panel) -> None:
    """A pale band around each pair of tied points; the bands of a group of ties merge."""
    pairs = tied(panel)
    if not pairs:
        return
    corners = [corner for start, end in pairs for corner in (start, end, GAP)]
    width = TIE_WIDTH * marker_pt(panel)
    for colour, wider in ((TIE_EDGE, 1.2), (TIE_GROUND, 0.0)):
        line(
            ax, corners, color=colour, linewidth=width + wider, solid_capstyle="round", marker="o",
            markersize=width + wider, markeredgewidth=0, zorder=1, gid="ties",
        )  # fmt: skip


def _draw_published(ax: Axes, panel: PublishedPanel, looks: dict[str, Style]) -> None:
    """Hollow markers without bars; a dashed staircase only with `--published-front`."""
    metric = panel.metric
    if panel.front:
        corners = staircase([xy(point, metric) for point in panel.front], metric)
        line(ax, corners, color=GREY, linewidth=1.1, linestyle=DASHES, zorder=2, gid="front")
    for look in looks.values():
        group = [point for point in panel.points if look_of(point, looks) is look]
        if group:
            line(
                ax, [xy(point, metric) for point in group], linestyle="", marker=look.marker,
                markersize=marker_pt(panel) * LARGER.get(look.marker, 1.0), markeredgewidth=1.0, zorder=4,
                markeredgecolor=look.colour, markerfacecolor="none", gid="published",
            )  # fmt: skip


def _draw_group(ax: Axes, group: Sequence[Point], look: Style, metric: Metric, size: float, ink: Ink) -> None:
    """Bars and markers of one family, each as one line: a line is drawn many times faster than a collection."""
    bars = [(bar, point.accuracy.top1) for point in group if (bar := interval_of(point, metric))]
    corners = [corner for (low, high), y in bars for corner in ((low, y), (high, y), GAP)]
    if corners:
        line(
            ax, corners, color=look.colour, alpha=ink.bar_alpha, linewidth=1.2, solid_capstyle="butt",
            zorder=ink.zorder - 1, gid="bars",
        )  # fmt: skip
    places = [xy(point, metric) for point in group]
    marker_pt = size * ink.larger * LARGER.get(look.marker, 1.0)
    line(
        ax, places, linestyle="", marker=look.marker, markersize=marker_pt, **ink.marker(look.colour, size),
        zorder=ink.zorder, gid="points",
    )  # fmt: skip
