"""The front as a picture: speed against top-1, intervals as bars, the front as a staircase.

Knows ink and paper; refuses to know how points were judged. Draws on a `Figure` of its own and leaves no state behind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from bench.errors import NothingToShowError, StoreError
from bench.judge.front import Metric, Panel, Point
from bench.judge.published import PublishedPanel, PublishedPoint
from bench.report.labels import Label, place
from bench.report.layout import lay_out
from bench.report.style import (
    DASHES,
    DPI,
    GREY,
    LABEL_PT,
    LARGER,
    MARKER_PT,
    SETTINGS,
    Style,
    interval_of,
    look_of,
    styles,
    xy,
)
from bench.report.text import drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABELS_ALL_UP_TO = 40
"""Points a panel up to which every point is named; beyond, front members only."""
LABEL_GAP_PT = 1.2
"""Room around a label."""
CROWD, CROWD_MARKER_PT = 100, 3.5
"""Points a panel beyond which markers shrink, and to what."""


class Drawn(NamedTuple):
    """A finished figure and what it does not show."""

    figure: Figure
    unlabelled: int
    """Points that should have a label and found no free place for it."""


def staircase(front: Sequence[tuple[float, float]], metric: Metric) -> list[tuple[float, float]]:
    """Corners of the best top-1 that can be had at each speed, given the front's (speed, top-1) pairs.

    For latencies the line runs level to the right of each member until the next one lifts it; for throughput it runs
    level to the left. So it never passes above what was measured.
    """
    ordered = sorted(front)
    out = ordered[:1]
    for (x0, y0), (x1, y1) in pairwise(ordered):
        out += [(x1, y0) if metric == "latency" else (x0, y1), (x1, y1)]
    return out


def draw(panels: Sequence[Panel], published: Sequence[PublishedPanel] = ()) -> Drawn:
    """The figure, one subplot a panel, all with the same scales; published panels come last, with scales of their own.

    Raises:
        NothingToShowError: no panel holds a point.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = [panel for panel in panels if panel.points]
    if not shown:
        raise NothingToShowError("no stored case has both a speed and an accuracy. Measure some: levit-bench run")
    with _our_settings():
        figure = Figure(facecolor="white")
        FigureCanvasAgg(figure)
        looks = styles([*shown, *published])
        axes = lay_out(figure, shown, looks, published)
        every: list[Panel | PublishedPanel] = [*shown, *published]
        for ax, panel in zip(axes, every, strict=True):
            if isinstance(panel, PublishedPanel):
                _draw_published(ax, panel, looks)
            else:
                _draw_panel(ax, panel, looks)
        missing = sum(_name_points(ax, panel) for ax, panel in zip(axes, every, strict=True))
    return Drawn(figure, missing)


def save(figure: Figure, path: Path, source: str = "") -> None:
    """Write the figure as `.png`, `.svg` or `.pdf`, the same bytes for the same figure.

    Args:
        figure: what `draw` returned.
        path: its ending decides the format.
        source: where the numbers come from, kept in the file's metadata.

    Raises:
        StoreError: the file cannot be written.
    """
    kind = path.suffix.lstrip(".").lower()
    sources: dict[str, dict[str, Any]] = {
        "png": {"Source": source},
        "svg": {"Date": None, "Source": source},
        "pdf": {"CreationDate": None, "Subject": source},
    }
    # A light compression costs a tenth more bytes and saves a quarter of the time.
    options: dict[str, Any] = {"pil_kwargs": {"compress_level": 3}} if kind == "png" else {}
    try:
        with _our_settings():
            figure.savefig(path, format=kind, dpi=DPI, metadata=sources.get(kind, {}), **options)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}. Name another folder.") from error


def _our_settings() -> AbstractContextManager[None]:
    import matplotlib

    return matplotlib.rc_context(cast("Any", SETTINGS))  # its keys are typed as literals


def _draw_panel(ax: Axes, panel: Panel, looks: dict[str, Style]) -> None:
    metric = panel.metric
    corners = staircase([xy(point, metric) for point in panel.front], metric)
    ax.plot(*zip(*corners, strict=True), color=GREY, linewidth=1.1, zorder=2, gid="front")
    for reach in _tails(ax, corners, metric):
        ax.plot(*zip(*reach, strict=True), color=GREY, linewidth=0.7, linestyle=(0, (1, 2)), zorder=2, gid="tail")
    size = _marker_pt(panel)
    for on_front in (False, True):
        for look in looks.values():
            group = [p for p in panel.points if p.on_front is on_front and look_of(p, looks) is look]
            if group:
                _draw_group(ax, group, look, metric, size * (1.15 if on_front else 1), on_front)


def _draw_published(ax: Axes, panel: PublishedPanel, looks: dict[str, Style]) -> None:
    """Hollow markers without bars; a dashed staircase only where a front was asked for."""
    metric = panel.metric
    if panel.front:
        corners = staircase([xy(point, metric) for point in panel.front], metric)
        ax.plot(*zip(*corners, strict=True), color=GREY, linewidth=1.1, linestyle=DASHES, zorder=2, gid="front")
    for look in looks.values():
        group = [point for point in panel.points if look_of(point, looks) is look]
        if group:
            ax.plot(
                *zip(*(xy(point, metric) for point in group), strict=True), linestyle="", marker=look.marker,
                markersize=_marker_pt(panel) * LARGER.get(look.marker, 1.0), markeredgewidth=1.0, zorder=4,
                markeredgecolor=look.colour, markerfacecolor="none", gid="published",
            )  # fmt: skip


def _tails(ax: Axes, corners: Sequence[tuple[float, float]], metric: Metric) -> list[list[tuple[float, float]]]:
    """How the staircase goes on to the axes: nothing is faster than its start, nothing more accurate than its end."""
    (x0, x1), (y0, _) = ax.get_xlim(), ax.get_ylim()
    (left, low), (right, high) = corners[0], corners[-1]
    if metric == "latency":
        return [[(left, y0), (left, low)], [(right, high), (x1, high)]]
    return [[(x0, low), (left, low)], [(right, high), (right, y0)]]


def _marker_pt(panel: Panel | PublishedPanel) -> float:
    return MARKER_PT if len(panel.points) <= CROWD else CROWD_MARKER_PT


def _draw_group(ax: Axes, group: Sequence[Point], look: Style, metric: Metric, size: float, on_front: bool) -> None:
    """Bars and markers of one family, each as one line: a line is drawn many times faster than a collection."""
    gap = (math.nan, math.nan)
    bars = [(bar, point.accuracy.top1) for point in group if (bar := interval_of(point, metric))]
    corners = [corner for (low, high), y in bars for corner in ((low, y), (high, y), gap)]
    if corners:
        ax.plot(
            *zip(*corners, strict=True), color=look.colour, alpha=0.9 if on_front else 0.5, linewidth=1.2, gid="bars",
            solid_capstyle="butt", zorder=5 if on_front else 3,
        )  # fmt: skip
    ax.plot(
        *zip(*(xy(point, metric) for point in group), strict=True), linestyle="", marker=look.marker, gid="points",
        markersize=size * LARGER.get(look.marker, 1.0), markeredgewidth=0.7 if on_front else 1.0,
        markeredgecolor="white" if on_front else look.colour, markerfacecolor=look.colour if on_front else "white",
        alpha=1.0 if on_front else 0.75, zorder=6 if on_front else 4,
    )  # fmt: skip


def _name_points(ax: Axes, panel: Panel | PublishedPanel) -> int:
    """Write names beside points; returns how many found no place."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    renderer = cast("Any", figure.canvas).get_renderer()
    wanted = _wanted(panel)
    if not wanted:
        return 0
    to_pt = 72 / figure.dpi
    texts = [
        ax.annotate(
            drawable(point.label), xy(point, panel.metric), (0, 0), textcoords="offset points", fontsize=LABEL_PT,
            color="black" if _is_marked(point) else "#666666", va="bottom", ha="left", zorder=7, gid="label",
            annotation_clip=False,  # every point lies within the axes, and to find that out takes long
        )
        for point in wanted
    ]  # fmt: skip
    extents = [text.get_window_extent(renderer) for text in texts]
    centres = ax.transData.transform([xy(point, panel.metric) for point in panel.points])
    radius = 0.55 * _marker_pt(panel) / to_pt + 1
    markers = np.hstack([centres - radius, centres + radius])
    anchors = ax.transData.transform([xy(point, panel.metric) for point in wanted])
    wishes = [Label(x, y, e.width, e.height) for (x, y), e in zip(anchors, extents, strict=True)]
    frame = ax.get_window_extent(renderer)
    places = place(
        wishes,
        markers,
        _ink(ax, panel),
        (frame.x0, frame.y0, frame.x1, frame.y1),
        radius=radius,
        gap=LABEL_GAP_PT / to_pt,
    )
    for text, found, extent, anchor in zip(texts, places, extents, anchors, strict=True):
        if found is None:
            text.remove()
            continue
        # The extent need not start at the anchor (side bearings, descenders): move by the difference.
        text.set_position(((found.x - extent.x0) * to_pt, (found.y - extent.y0) * to_pt))
        if found.leader:
            ends = ax.transData.inverted().transform([anchor, found.leader])
            ax.plot(*ends.T, color="#999999", linewidth=0.5, zorder=1.5, gid="leader")
    return sum(found is None for found in places)


def _wanted(panel: Panel | PublishedPanel) -> list[Point | PublishedPoint]:
    """Points to name, the important first: those of the front; of published figures, those that lead where measured."""
    marked = [point for point in panel.points if _is_marked(point)]
    if len(panel.points) > LABELS_ALL_UP_TO:
        return marked
    return [*marked, *(point for point in panel.points if not _is_marked(point))]


def _is_marked(point: Point | PublishedPoint) -> bool:
    if isinstance(point, PublishedPoint):
        return point.leads if point.on_front is None else point.on_front
    return point.on_front


def _ink(ax: Axes, panel: Panel | PublishedPanel) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Segments that text should keep off, in display units: the staircase and the bars."""
    corners = staircase([xy(point, panel.metric) for point in panel.front], panel.metric)
    segments = [(*a, *b) for a, b in pairwise(corners)]
    if isinstance(panel, Panel):
        segments += [(*a, *b) for a, b in _tails(ax, corners, panel.metric)]
        segments += [
            (b[0], p.accuracy.top1, b[1], p.accuracy.top1) for p in panel.points if (b := interval_of(p, panel.metric))
        ]
    if not segments:
        return np.empty((0, 4))
    flat = np.array(segments)
    return np.hstack([ax.transData.transform(flat[:, :2]), ax.transData.transform(flat[:, 2:])])
