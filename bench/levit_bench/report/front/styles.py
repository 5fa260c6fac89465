"""How figures look: colours, shapes, sizes, and what a point is on paper.

Knows ink; refuses to know where on the page it goes.
"""

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
"""Okabe and Ito's colours for all kinds of colour vision, without yellow and black, which vanish or shout on paper."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<")
"""Nine shapes to eight colours: colour and shape together stay unique for 72 families."""
LARGER = {"*": 1.5, "^": 1.1, "v": 1.1, "<": 1.1}
"""Factors that give slim shapes the weight of a disc."""
FAMILIES_SHOWN = 16
"""Families with a colour of their own; the smaller ones share grey."""
OTHER = "other families"
GREY, PALE = "#444444", "#DDDDDD"
DASHES, DOTS = (0, (4, 2)), (0, (1, 2))
"""The line of a front of published figures, and how a measured one goes on to the axes."""
LINES: dict[Standing, Any] = {Standing.MEMBER: "solid", Standing.OPEN: (0, (1.8, 1.2))}
"""The line of a front by what is known of the member that holds it up."""
TIE_GROUND, TIE_EDGE = "#EFEFEF", "#B4B4B4"
"""The band around those that tie."""
TIE_WIDTH = 2.1
"""Its width in sizes of a marker."""
PUBLISHED_GROUND = "#F4F4F2"
"""Behind published figures, so that nobody takes them for measured ones."""
DPI = 200
MARKER_PT = 6.0
CROWD, CROWD_MARKER_PT = 100, 3.5
"""Points a panel beyond which markers shrink, and to what."""
LARGE_PT, TEXT_PT, LABEL_PT, SMALL_PT = 11.0, 9.0, 8.0, 8.0
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


WELL_KNOWN = {
    "DeiT": Style(PALETTE[0], "o"), "EfficientNet": Style(PALETTE[1], "s"), "LeViT": Style(PALETTE[2], "^"),
    "MobileNetV3": Style(PALETTE[3], "D"), "ResNet": Style(PALETTE[4], "v"), "ConvNeXt": Style(PALETTE[5], "P"),
    "ViT": Style(PALETTE[6], "X"), "RegNetY": Style(PALETTE[7], "<"), "MobileNetV4": Style(PALETTE[0], "D"),
    "EfficientNetV2": Style(PALETTE[1], "v"), "EfficientViT-MIT": Style(PALETTE[2], "P"),
    "Swin": Style(PALETTE[3], "o"), "RepViT": Style(PALETTE[4], "s"), "MobileNetV2": Style(PALETTE[5], "^"),
    "FastViT": Style(PALETTE[6], "o"), "MobileViT": Style(PALETTE[7], "s"),
}  # fmt: skip
"""Families that look the same in every figure: two eights, each with all colours."""


class Ink(NamedTuple):
    """How a marker of any family tells what is known of its point's place."""

    fill: str
    """matplotlib's word for the part that has the family's colour."""
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
        """What matplotlib needs to know, for a family's colour and a size in points."""
        # Around a small half, the usual edge would leave nothing of the other half.
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
"""Full, half and hollow: told apart without colours, too. Halves lie on top: one that is covered looks like another."""


def styles(panels: Sequence[Panel | PublishedPanel]) -> dict[str, Style]:
    """A look for each family, the same in all panels; beyond `FAMILIES_SHOWN` the smallest families share one.

    `WELL_KNOWN` families look the same in every figure. Others take what these leave, colours that the figure does not
    have yet first.
    """
    counts: dict[str, int] = {}
    for panel in panels:
        for point in panel.points:
            counts[family(point)] = counts.get(family(point), 0) + 1
    named = sorted(counts, key=lambda name: (name == OTHER, -counts[name], name))[:FAMILIES_SHOWN]
    shown = sorted(name for name in named if name != OTHER)
    out = {name: WELL_KNOWN[name] for name in shown if name in WELL_KNOWN}
    taken = {look.colour for look in out.values()}
    looks = [Style(PALETTE[i % len(PALETTE)], MARKERS[i % len(MARKERS)]) for i in range(len(PALETTE) * len(MARKERS))]
    left = [look for look in looks if look not in WELL_KNOWN.values()]
    free = iter(sorted(left, key=lambda look: look.colour in taken))
    out |= {name: next(free) for name in shown if name not in WELL_KNOWN}
    out = {name: out[name] for name in shown}
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


def marker_pt(panel: Panel | PublishedPanel) -> float:
    """Size of a marker in points: smaller in a crowd."""
    return MARKER_PT if len(panel.points) <= CROWD else CROWD_MARKER_PT


def tied(panel: Panel) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The places of each two that tie, once."""
    places = {point.label: xy(point, panel.metric) for point in panel.points}
    return [(places[p.label], places[other]) for p in panel.points for other in p.tied_with if p.label < other]


def line(ax: Axes, corners: Sequence[tuple[float, float]], **options: Any) -> None:  # noqa: ANN401 (matplotlib's)
    """What `plot` does, less the limits that it would compute: they are set."""
    from matplotlib.lines import Line2D

    xs, ys = zip(*corners, strict=True)
    ax.add_artist(Line2D(xs, ys, **options))
