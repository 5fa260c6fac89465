"""Placement of labels beside points, so that nothing is covered. All rectangles are in display units.

Greedy and deterministic: labels are placed in the given order. For each, positions on rings around its point are tried,
nearest first. A position is out when the rectangle leaves the bounds, touches a marker or a label already placed, or
when its leader would cross one. Among the rest the cheapest is chosen: its cost is the distance plus a price for each
line that runs under the text. A label without a position is left out and counted by the caller. Better layouts exist
(simulated annealing, Christensen, Marks & Shieber, ACM TOG 1995); greedy placement needs no seed, and its worst
failure, a label left out, is visible.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.float64]
"""Rows of x0, y0, x1, y1."""

BETWEEN = ((1, 0.5), (-1, 0.5), (1, -0.5), (-1, -0.5), (0.5, 1), (-0.5, 1), (0.5, -1), (-0.5, -1))
"""Directions between the eight main ones: where lines are dense, more labels find a free place."""
DIRECTIONS = ((1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1), (0, -1), *BETWEEN)
"""Right first: a label is read after its point. Diagonals before above and below, which hide bars less often."""
RINGS = (0.0, 0.6, 1.4, 2.4, 3.6, 5.0)
"""Distances from the marker's edge, in label heights."""
LEADER_FROM = 0.6
"""Ring from which a leader joins label and point."""
LINE_PRICE = 6.0
"""Label heights of distance that are accepted to keep one line out of the text: more than there are, so that a line or
an interval's bar runs under a label only where no position is free of them."""


class Label(NamedTuple):
    """A label to place: the size of its text, and its point."""

    x: float
    y: float
    width: float
    height: float
    beyond: float = 0.0
    """Extra distance from the marker's edge, for the band around tied points."""


class LabelPosition(NamedTuple):
    """Lower left corner of a label, and the end of its leader where it has one."""

    x: float
    y: float
    leader: tuple[float, float] | None


def place(
    labels: Sequence[Label],
    markers: Boxes,
    lines: Boxes,
    bounds: tuple[float, float, float, float],
    *,
    radius: float,
    gap: float = 2.0,
    directions: Sequence[tuple[float, float]] = DIRECTIONS,
) -> list[LabelPosition | None]:
    """A place for every label, or None where none is free.

    Args:
        labels: labels in order of importance; their points are markers too.
        markers: rectangles that nothing may cover, shape (m, 4).
        lines: segments x0, y0, x1, y1 that text should keep off, shape (k, 4).
        bounds: rectangle that labels must not leave.
        radius: half the size of a marker.
        gap: room kept free around each label.
        directions: from a point to its label, the best first.
    """
    label_boxes = np.empty((0, 4))
    leaders = np.empty((0, 4))
    out: list[LabelPosition | None] = []
    for label in labels:
        boxes, prices, far = _candidates(label, radius, gap, directions)
        padded = boxes + np.array([-gap, -gap, gap, gap])
        around = np.hstack([padded[:, :2].min(axis=0), padded[:, 2:].max(axis=0)])
        near, ink = markers[_overlap(markers, around)], lines[_overlap(_hulls(lines), around)]
        choices = np.flatnonzero(_inside(padded, bounds) & ~_touch(padded, near) & ~_touch(padded, label_boxes))
        choices = choices[~_crossed(leaders, padded[choices]).any(axis=1)]
        centre = np.array([label.x, label.y])
        ends = np.clip(centre, boxes[:, :2], boxes[:, 2:])
        strokes = np.hstack([np.broadcast_to(centre, ends.shape), ends])
        obstacles = near[~_overlap(near, np.hstack([centre, centre]))]
        choices = choices[~(far[choices] & _is_barred(strokes[choices], np.vstack([obstacles, label_boxes]), leaders))]
        if not len(choices):
            out.append(None)
            continue
        best = choices[np.argmin(prices[choices] + LINE_PRICE * _crossed(ink, padded[choices]).sum(axis=1))]
        label_boxes = np.vstack([label_boxes, padded[best]])
        if far[best]:
            leaders = np.vstack([leaders, strokes[best]])
        end = float(ends[best, 0]), float(ends[best, 1])
        out.append(LabelPosition(float(boxes[best, 0]), float(boxes[best, 1]), end if far[best] else None))
    return out


def _candidates(
    label: Label, radius: float, gap: float, directions: Sequence[tuple[float, float]]
) -> tuple[Boxes, Boxes, npt.NDArray[np.bool_]]:
    """Rectangles around the point, ring by ring; their prices in label heights; which of them need a leader."""
    rings = np.repeat(np.array(RINGS), len(directions))
    d = np.tile(np.array(directions, dtype=float), (len(RINGS), 1))
    away = (radius + label.beyond + gap + rings * label.height) / np.hypot(d[:, 0], d[:, 1])
    size = np.array([label.width, label.height])
    corner = np.array([label.x, label.y]) + d * away[:, None] + size * (d - 1) / 2
    ranks = np.tile(np.arange(len(directions)), len(RINGS))
    return np.hstack([corner, corner + size]), rings + 0.01 * ranks, rings >= LEADER_FROM


def _inside(boxes: Boxes, bounds: tuple[float, float, float, float]) -> npt.NDArray[np.bool_]:
    low, high = np.array(bounds[:2]), np.array(bounds[2:])
    return np.asarray(np.hstack([boxes[:, :2] >= low, boxes[:, 2:] <= high]).all(axis=1), dtype=np.bool_)


def _overlap(boxes: Boxes, box: Boxes) -> npt.NDArray[np.bool_]:
    """Which rectangles touch one rectangle, edges included."""
    return np.asarray(np.hstack([boxes[:, :2] <= box[2:], box[:2] <= boxes[:, 2:]]).all(axis=1), dtype=np.bool_)


def _hulls(segments: Boxes) -> Boxes:
    """The rectangles around segments."""
    ends = segments.reshape(-1, 2, 2)
    return np.hstack([ends.min(axis=1), ends.max(axis=1)])


def _touch(boxes: Boxes, obstacles: Boxes) -> npt.NDArray[np.bool_]:
    """Which rectangles overlap any of the obstacles."""
    a, b = boxes[:, None, :], obstacles[None, :, :]
    apart = (a[..., 2] <= b[..., 0]) | (b[..., 2] <= a[..., 0]) | (a[..., 3] <= b[..., 1]) | (b[..., 3] <= a[..., 1])
    return np.asarray((~apart).any(axis=1), dtype=np.bool_)


def _is_barred(strokes: Boxes, boxes: Boxes, leaders: Boxes) -> npt.NDArray[np.bool_]:
    """Which segments touch a rectangle or cross a leader."""
    return np.asarray(_crossed(strokes, boxes).any(axis=0) | _meet(strokes, leaders).any(axis=1), dtype=np.bool_)


def _meet(segments: Boxes, lines: Boxes) -> npt.NDArray[np.bool_]:
    """Which segments (rows) cross which lines (columns): each has the other's ends on different sides."""
    a, b = segments[:, None, :2], segments[:, None, 2:]
    c, d = lines[None, :, :2], lines[None, :, 2:]
    apart = _side(a, b, c) * _side(a, b, d) < 0
    return np.asarray(apart & (_side(c, d, a) * _side(c, d, b) < 0), dtype=np.bool_)


def _side(start: Boxes, end: Boxes, point: Boxes) -> Boxes:
    along, to = end - start, point - start
    return np.asarray(along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0], dtype=np.float64)


def _crossed(segments: Boxes, boxes: Boxes) -> npt.NDArray[np.bool_]:
    """Which segments (columns) touch which rectangles (rows), by Liang and Barsky's clipping, vectorised."""
    start, delta = segments[None, :, :2], segments[None, :, 2:] - segments[None, :, :2]
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (low - start) / delta, (high - start) / delta
    parallel, within = delta == 0, (start >= low) & (start <= high)
    enter = np.where(parallel, np.where(within, -np.inf, np.inf), np.minimum(a, b)).max(axis=2, initial=0.0)
    leave = np.where(parallel, np.where(within, np.inf, -np.inf), np.maximum(a, b)).min(axis=2, initial=1.0)
    return np.asarray(enter <= leave, dtype=np.bool_)
