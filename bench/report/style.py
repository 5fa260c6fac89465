"""How figures look: colours, shapes, sizes, and what a point is on paper.

Knows ink; refuses to know where on the page it goes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from bench.judge.front import Metric, Panel, Point
from bench.judge.published import PublishedPanel, PublishedPoint

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#8C6D31")
"""Okabe and Ito's colours for all kinds of colour vision, without yellow and black, which vanish or shout on paper."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<")
"""Nine shapes to eight colours: colour and shape together stay unique for 72 families."""
LARGER = {"*": 1.5, "^": 1.1, "v": 1.1, "<": 1.1}
"""Factors that give slim shapes the weight of a disc."""
FAMILIES_SHOWN = 16
"""Families with a colour of their own; the smaller ones share grey."""
OTHER = "other families"
GREY, PALE = "#444444", "#DDDDDD"
DASHES = (0, (4, 2))
"""The line of a front of published figures."""
PUBLISHED_GROUND = "#F4F4F2"
"""Behind published figures, so that nobody takes them for measured ones."""
DPI = 200
MARKER_PT = 6.0
TEXT_PT, LABEL_PT, SMALL_PT = 9.0, 8.0, 8.0
SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans", "font.size": TEXT_PT, "axes.edgecolor": GREY, "axes.labelcolor": GREY,
    "xtick.color": GREY, "ytick.color": GREY, "axes.unicode_minus": False, "svg.hashsalt": "levit-bench",
    "svg.fonttype": "path", "pdf.fonttype": 42, "path.simplify": True, "figure.dpi": DPI, "savefig.dpi": DPI,
    "text.parse_math": False,
}  # fmt: skip
"""matplotlib settings while drawing and saving; the user's own are put back afterwards."""


class Style(NamedTuple):
    """How a family looks."""

    colour: str
    """As matplotlib and the web write it."""
    marker: str
    """matplotlib's sign for a shape."""


def styles(panels: Sequence[Panel | PublishedPanel]) -> dict[str, Style]:
    """A look for each family, the same in all panels; beyond `FAMILIES_SHOWN` the smallest families share one."""
    counts: dict[str, int] = {}
    for panel in panels:
        for point in panel.points:
            counts[family(point)] = counts.get(family(point), 0) + 1
    named = sorted(counts, key=lambda name: (name == OTHER, -counts[name], name))[:FAMILIES_SHOWN]
    shown = sorted(name for name in named if name != OTHER)
    out = {name: Style(PALETTE[i % len(PALETTE)], MARKERS[i % len(MARKERS)]) for i, name in enumerate(shown)}
    if len(shown) < len(counts):
        out[OTHER] = Style("#777777", "o")
    return out


def family(point: Point | PublishedPoint) -> str:
    """The group by which a point is coloured."""
    return point.family or OTHER


def look_of(point: Point | PublishedPoint, looks: dict[str, Style]) -> Style:
    """How a point looks."""
    return looks.get(family(point)) or looks[OTHER]


def xy(point: Point | PublishedPoint, metric: Metric) -> tuple[float, float]:
    """Milliseconds or images a second, and percent."""
    if isinstance(point, PublishedPoint):
        return 1e3 * point.latency_s if metric == "latency" else point.throughput, point.accuracy.top1
    speed = 1e3 * point.latency.value if metric == "latency" else point.throughput.value
    return speed, point.accuracy.top1


def interval_of(point: Point, metric: Metric) -> tuple[float, float] | None:
    """The interval in the unit of the axis; None when it is not bounded."""
    estimate, scale = (point.latency, 1e3) if metric == "latency" else (point.throughput, 1.0)
    if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)) or estimate.low <= 0:
        return None
    return scale * estimate.low, scale * estimate.high
