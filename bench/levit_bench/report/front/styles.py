"""Colours, markers, lines and sizes of figures, and the coordinates of points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.places import Standing
from levit_bench.judge.front.points import Point
from levit_bench.judge.metrics import Metric
from levit_bench.judge.published.panels import PublishedPanel, PublishedPoint

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#8C6D31")
"""Okabe and Ito's colours for all kinds of colour vision, without yellow (too weak in print) and black (too strong)."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<")
"""Nine shapes and eight colours: their combinations are unique for 72 families."""
LARGER = {"*": 1.5, "^": 1.1, "v": 1.1, "<": 1.1}
"""Factors by which slim shapes are drawn larger, to look as large as a disc."""
FAMILIES_SHOWN = 16
"""Families with a colour of their own; the smaller ones share grey."""
OTHER = "other families"
OWN = "own networks"
"""Networks of the user's own for which no family was stated."""
GREY, PALE = "#444444", "#DDDDDD"
DASHES, DOTS = (0, (4, 2)), (0, (1, 2))
"""The line of a published front, and the continuation of a measured one to the axes."""
LINES: dict[Standing, Any] = {Standing.MEMBER: "solid", Standing.OPEN: (0, (1.8, 1.2))}
"""The line of a front by the standing of its members."""
TIE_GROUND, TIE_EDGE = "#EFEFEF", "#B4B4B4"
"""Colours of the band around tied points: its area and its edge."""
TIE_WIDTH = 2.1
"""Width of that band in sizes of a marker."""
PUBLISHED_GROUND = "#F4F4F2"
"""Background of published panels, to tell them from measured ones."""
DPI = 200
MARKER_PT = 6.0
CROWD, CROWD_MARKER_PT = 100, 3.5
"""Points a panel beyond which markers are small, and their size."""
LARGE_PT, TEXT_PT, LABEL_PT, SMALL_PT = 11.0, 9.0, 8.0, 8.0
SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans", "font.size": TEXT_PT, "axes.edgecolor": GREY, "axes.labelcolor": GREY,
    "xtick.color": GREY, "ytick.color": GREY, "axes.unicode_minus": False, "svg.hashsalt": "levit-bench",
    "svg.fonttype": "path", "pdf.fonttype": 42, "path.simplify": True, "figure.dpi": DPI, "savefig.dpi": DPI,
    "text.parse_math": False,
}  # fmt: skip
"""matplotlib settings while drawing and saving; the user's own are restored afterwards."""


class Style(NamedTuple):
    """Colour and marker of a family."""

    colour: str
    """In hexadecimal notation."""
    marker: str
    """matplotlib's code of a shape."""


WELL_KNOWN = {
    "DeiT": Style(PALETTE[0], "o"), "EfficientNet": Style(PALETTE[1], "s"), "LeViT": Style(PALETTE[2], "^"),
    "MobileNetV3": Style(PALETTE[3], "D"), "ResNet": Style(PALETTE[4], "v"), "ConvNeXt": Style(PALETTE[5], "P"),
    "ViT": Style(PALETTE[6], "X"), "RegNetY": Style(PALETTE[7], "<"), "MobileNetV4": Style(PALETTE[0], "D"),
    "EfficientNetV2": Style(PALETTE[1], "v"), "EfficientViT-MIT": Style(PALETTE[2], "P"),
    "Swin": Style(PALETTE[3], "o"), "RepViT": Style(PALETTE[4], "s"), "MobileNetV2": Style(PALETTE[5], "^"),
    "FastViT": Style(PALETTE[6], "o"), "MobileViT": Style(PALETTE[7], "s"),
}  # fmt: skip
"""Families that look the same in every figure; each half uses all eight colours."""


OWN_STYLE = Style("#000000", "*")
"""Of networks of the user's own: a colour that no family has."""


class Ink(NamedTuple):
    """Drawing style of a marker by its point's standing, for any family."""

    fill: str
    """matplotlib's name of the part that has the family's colour."""
    edge: str | None
    """Colour of the edge; absent for the family's."""
    edge_pt: float
    alpha: float
    bar_alpha: float
    """Of the interval."""
    larger: float
    """Factor to the usual size."""
    zorder: int

    def marker(self, colour: str, size: float = MARKER_PT) -> dict[str, Any]:
        """Arguments for matplotlib, for a family's colour and a size in points."""
        # The usual edge would hide the empty half of a small marker.
        edge_pt = self.edge_pt * (size / MARKER_PT if self.fill == "left" else 1.0)
        return {
            "fillstyle": "full" if self.fill == "none" else self.fill, "markeredgecolor": self.edge or colour,
            "markerfacecolor": "white" if self.fill == "none" else colour, "markerfacecoloralt": "white",
            "markeredgewidth": edge_pt, "alpha": self.alpha,
        }  # fmt: skip


INKS = {
    Standing.MEMBER: Ink("full", "white", 0.7, 1.0, 0.9, 1.15, 6),
    Standing.OPEN: Ink("left", None, 1.0, 1.0, 0.7, 1.15, 8),
    Standing.BEATEN: Ink("none", None, 1.0, 0.75, 0.5, 1.0, 4),
}
"""Full, half and hollow: distinct without colours, too. Halves lie on top: covered ones could not be recognised."""


def styles(panels: Sequence[Panel | PublishedPanel]) -> dict[str, Style]:
    """A style for each family, the same in all panels; beyond `FAMILIES_SHOWN` the smallest families share one.

    `WELL_KNOWN` families look the same in every figure. Others get the remaining styles, those of unused colours first.
    """
    counts: dict[str, int] = {}
    for panel in panels:
        for point in panel.points:
            counts[family(point)] = counts.get(family(point), 0) + 1
    named = sorted(counts, key=lambda name: (name == OTHER, -counts[name], name))[:FAMILIES_SHOWN]
    if OWN in counts and OWN not in named:
        named = [*named[:-1], OWN]
    shown = sorted(name for name in named if name != OTHER)
    out = {name: (WELL_KNOWN | {OWN: OWN_STYLE})[name] for name in shown if name in WELL_KNOWN or name == OWN}
    used_colours = {look.colour for look in out.values()}
    looks = [Style(PALETTE[i % len(PALETTE)], MARKERS[i % len(MARKERS)]) for i in range(len(PALETTE) * len(MARKERS))]
    left = [look for look in looks if look not in WELL_KNOWN.values()]
    free = iter(sorted(left, key=lambda look: look.colour in used_colours))
    out |= {name: next(free) for name in shown if name not in out}
    out = {name: out[name] for name in shown}
    if len(shown) < len(counts):
        out[OTHER] = Style("#777777", "o")
    return out


def family(point: Point | PublishedPoint) -> str:
    """The group by which a point is coloured."""
    return family_of(point.case.network if isinstance(point, Point) else "", point.family)


def family_of(network: str, stated: str | None) -> str:
    """The group of a network by its name and the family that was stated of it, if one was."""
    return OWN if ":" in network and stated in (None, "other") else stated or OTHER


def look_of(point: Point | PublishedPoint, looks: dict[str, Style]) -> Style:
    """The style of a point's family."""
    return looks.get(family(point)) or looks[OTHER]


def xy(point: Point | PublishedPoint, metric: Metric) -> tuple[float, float]:
    """Coordinates of a point: milliseconds or images a second, and top-1 in percent."""
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


def marker_pt(panel: Panel | PublishedPanel) -> float:
    """Size of a marker in points: smaller in panels of many points."""
    return MARKER_PT if len(panel.points) <= CROWD else CROWD_MARKER_PT


def tied(panel: Panel) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The coordinates of each pair of tied points, once."""
    places = {point.label: xy(point, panel.metric) for point in panel.points}
    return [(places[p.label], places[label]) for p in panel.points for label in p.tied_with if p.label < label]


def line(ax: Axes, corners: Sequence[tuple[float, float]], **options: Any) -> None:  # noqa: ANN401 (matplotlib's)
    """Add a line, as `plot` does, without recomputing the limits of the axes, which are set."""
    from matplotlib.lines import Line2D

    xs, ys = zip(*corners, strict=True)
    ax.add_artist(Line2D(xs, ys, **options))
