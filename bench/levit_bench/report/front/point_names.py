"""Names beside the points of a panel: their order of importance, and the marks that they must not cover.

`levit_bench.report.front.label_placement` finds the free places.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.places import Standing
from levit_bench.judge.front.points import Point
from levit_bench.judge.published.panels import PublishedPanel, PublishedPoint
from levit_bench.report.front.label_placement import DIRECTIONS, Boxes, Label, place
from levit_bench.report.front.staircase import staircase, tails
from levit_bench.report.front.styles import LABEL_PT, TIE_WIDTH, interval_of, line, marker_pt, tied, xy
from levit_bench.report.words.safe_text import LABEL_LIMIT, NAME_LIMIT, drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABELS_ALL_UP_TO = 40
"""Points a panel up to which every point is named; beyond, front members only."""
LABEL_GAP_PT = 1.2
"""Room around a label."""


def name_points(ax: Axes, panel: Panel | PublishedPanel) -> int:
    """Write names beside points; returns the number of those that have no free place."""
    named_points = _points_to_name(panel)
    if not named_points:
        return 0
    metric, to_pt = panel.metric, points_per_pixel(ax)
    names = [
        PointName(
            drawable(point.label, _name_limit(point)), xy(point, metric), "#666666" if _is_pale(point) else "black",
            _beyond(point, panel) / to_pt,
        )
        for point in named_points
    ]  # fmt: skip
    centres = ax.transData.transform([xy(point, metric) for point in panel.points])
    radius = 0.55 * marker_pt(panel) / to_pt + 1
    sizes = radius + np.array([[_beyond(point, panel) / to_pt] for point in panel.points])
    return write_names(ax, names, np.hstack([centres - sizes, centres + sizes]), _ink(ax, panel), radius)


def _beyond(point: Point | PublishedPoint, panel: Panel | PublishedPanel) -> float:
    """Points that the band around a tied point is wider than its marker; 0 for others."""
    return (TIE_WIDTH - 1) / 2 * marker_pt(panel) if _is_tied(point) else 0.0


class PointName(NamedTuple):
    """A name to write beside a point."""

    text: str
    at: tuple[float, float]
    """The point, in the units of the axes."""
    colour: str
    beyond: float = 0.0
    """Extra distance from the marker's edge, in display units."""


def points_per_pixel(ax: Axes) -> float:
    """Size of a display unit, in points."""
    return 72 / ax.figure.dpi


def write_names(
    ax: Axes,
    names: Sequence[PointName],
    markers: Boxes,
    lines: Boxes,
    radius: float,
    directions: Sequence[tuple[float, float]] = DIRECTIONS,
) -> int:
    """Write names where they cover no marker and no other name; returns the number of those without a free place.

    Args:
        ax: axes with final limits.
        names: the most important first.
        markers: rectangles that nothing may cover, in display units.
        lines: segments that text should keep off, in display units.
        radius: half the size of a marker, in display units.
        directions: from a point to its name, the best first.
    """
    figure = ax.figure
    renderer, to_pt = cast("Any", figure.canvas).get_renderer(), points_per_pixel(ax)
    texts = [
        ax.annotate(
            name.text, name.at, (0, 0), textcoords="offset points", fontsize=LABEL_PT, color=name.colour, va="bottom",
            ha="left", zorder=9, gid="label",
            annotation_clip=False,  # every point lies within the axes, and the check is slow
        )
        for name in names
    ]  # fmt: skip
    extents = [text.get_window_extent(renderer) for text in texts]
    anchors = ax.transData.transform([name.at for name in names])
    labels = [
        Label(x, y, extent.width, extent.height, name.beyond)
        for (x, y), extent, name in zip(anchors, extents, names, strict=True)
    ]
    frame = ax.get_window_extent(renderer)
    bounds = (frame.x0, frame.y0, frame.x1, frame.y1)
    places = place(labels, markers, lines, bounds, radius=radius, gap=LABEL_GAP_PT / to_pt, directions=directions)
    for text, position, extent, anchor in zip(texts, places, extents, anchors, strict=True):
        if position is None:
            text.remove()
            continue
        # The extent need not start at the anchor (side bearings, descenders): move by the difference.
        text.set_position(((position.x - extent.x0) * to_pt, (position.y - extent.y0) * to_pt))
        if position.leader:
            ends = ax.transData.inverted().transform([anchor, position.leader])
            line(ax, [(x, y) for x, y in ends], color="#999999", linewidth=0.5, zorder=1.5, gid="leader")
    return sum(position is None for position in places)


def _points_to_name(panel: Panel | PublishedPanel) -> list[Point | PublishedPoint]:
    """Points to name, the most important first: the front, then points that may be on it; of published figures, those
    whose networks lead where they are measured.
    """
    marked = [point for point in panel.points if _is_marked(point)]
    if len(panel.points) > LABELS_ALL_UP_TO:
        return marked
    rest = sorted((point for point in panel.points if not _is_marked(point)), key=_is_pale)
    return [*marked, *rest]


def _name_limit(point: Point | PublishedPoint) -> int:
    """Number of characters to show: a label of the user's is shown whole."""
    network = point.model if isinstance(point, PublishedPoint) else point.case.network
    return NAME_LIMIT if point.label.startswith(network) else LABEL_LIMIT


def _is_tied(point: Point | PublishedPoint) -> bool:
    return isinstance(point, Point) and bool(point.tied_with)


def _is_marked(point: Point | PublishedPoint) -> bool:
    if isinstance(point, PublishedPoint):
        return point.leads if point.on_front is None else point.on_front
    return point.on_front


def _is_pale(point: Point | PublishedPoint) -> bool:
    return point.standing is Standing.BEATEN if isinstance(point, Point) else not _is_marked(point)


def _ink(ax: Axes, panel: Panel | PublishedPanel) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Segments that text should keep off, in display units: the staircase, the bars and the lines between ties."""
    front = [xy(point, panel.metric) for point in panel.front]
    segments = [(*a, *b) for a, b in pairwise(staircase(front, panel.metric))]
    if isinstance(panel, Panel):
        segments += [(*a, *b) for a, b in tails(front, panel.metric, ax.get_xlim(), ax.get_ylim()[0])]
        segments += [(*a, *b) for a, b in tied(panel)]
        segments += [
            (b[0], p.accuracy.top1, b[1], p.accuracy.top1) for p in panel.points if (b := interval_of(p, panel.metric))
        ]
    if not segments:
        return np.empty((0, 4))
    flat = np.array(segments)
    return np.hstack([ax.transData.transform(flat[:, :2]), ax.transData.transform(flat[:, 2:])])
