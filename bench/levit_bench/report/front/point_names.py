"""Names beside the points of a panel: their order of importance, and the marks that they must not cover.

`levit_bench.report.front.label_placement` finds the free places.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.places import Standing
from levit_bench.judge.front.points import Point
from levit_bench.judge.published.panels import PublishedPanel, PublishedPoint
from levit_bench.report.front.label_placement import Label, place
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
    figure = ax.figure
    renderer = cast("Any", figure.canvas).get_renderer()
    named_points = _points_to_name(panel)
    if not named_points:
        return 0
    to_pt = 72 / figure.dpi
    texts = [
        ax.annotate(
            drawable(point.label, _name_limit(point)), xy(point, panel.metric), (0, 0), textcoords="offset points",
            fontsize=LABEL_PT, color="#666666" if _is_pale(point) else "black", va="bottom", ha="left", zorder=9,
            gid="label",
            annotation_clip=False,  # every point lies within the axes, and the check is slow
        )
        for point in named_points
    ]  # fmt: skip
    extents = [text.get_window_extent(renderer) for text in texts]
    centres = ax.transData.transform([xy(point, panel.metric) for point in panel.points])
    radius = 0.55 * marker_pt(panel) / to_pt + 1
    beyond = {p.label: (TIE_WIDTH - 1) / 2 * marker_pt(panel) / to_pt for p in panel.points if _is_tied(p)}
    sizes = radius + np.array([[beyond.get(point.label, 0.0)] for point in panel.points])
    markers = np.hstack([centres - sizes, centres + sizes])
    anchors = ax.transData.transform([xy(point, panel.metric) for point in named_points])
    labels = [
        Label(x, y, extent.width, extent.height, beyond.get(point.label, 0.0))
        for (x, y), extent, point in zip(anchors, extents, named_points, strict=True)
    ]
    frame = ax.get_window_extent(renderer)
    places = place(
        labels,
        markers,
        _ink(ax, panel),
        (frame.x0, frame.y0, frame.x1, frame.y1),
        radius=radius,
        gap=LABEL_GAP_PT / to_pt,
    )
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
