"""The figure of speed against accuracy in the layout of the LeViT paper: a line a family, a panel a device.

Graham et al., *LeViT: a Vision Transformer in ConvNet's Clothing for Faster Inference*, ICCV 2021, figure 1: images a
second on a logarithmic axis, top-1 upwards, one panel for a GPU and one for a CPU. Here every point has its interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.points import Point
from levit_bench.judge.metrics import Metric
from levit_bench.report.front.figure import GAP, our_settings
from levit_bench.report.front.scales import ticks
from levit_bench.report.front.styles import GREY, INKS, LARGER, PALE, Style, family, interval_of, line, styles, xy
from levit_bench.report.words.safe_text import drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTHS = {"column": 3.25, "readme": 6.6}
"""Inches: one column of a paper in two columns, and the text of a page on the web."""
_PANEL_IN = 2.45
_TEXT_PT, _SMALL_PT, _MARKER_PT = 8.0, 7.0, 4.5
_METRIC: Metric = "throughput"


def draw(panels: Sequence[Panel], titles: Sequence[str], width_in: float) -> Figure:
    """The figure: panels beside each other where the width allows it, else below each other.

    Args:
        panels: those with points, one a device.
        titles: what stands above each.
        width_in: width of the whole figure in inches.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(len(panels), 2 if width_in > 5 else 1)
    count = -(-len(panels) // columns)
    looks = styles(panels)
    with our_settings():
        figure = Figure(facecolor="white")
        FigureCanvasAgg(figure)
        figure.set_size_inches(width_in, 1.0)
        legend_in = _legend(figure, looks, width_in)
        bottom, gap = legend_in + 0.42, 0.62
        height = bottom + count * _PANEL_IN + (count - 1) * gap + 0.3
        figure.set_size_inches(width_in, height)
        figure.legends[0].set_bbox_to_anchor((0.5, 0.02), transform=figure.transFigure)
        left, between = 0.66, 0.2
        each = (width_in - left - 0.08 - between * (columns - 1)) / columns
        for number, (panel, title) in enumerate(zip(panels, titles, strict=True)):
            row, column = divmod(number, columns)
            x, y = left + column * (each + between), bottom + (count - 1 - row) * (_PANEL_IN + gap)
            ax = figure.add_axes((x / width_in, y / height, each / width_in, _PANEL_IN / height))
            _draw_panel(ax, panel, panels, looks, drawable(title, int(each * 18)), labelled=column == 0)
    return figure


def _draw_panel(
    ax: Axes, panel: Panel, panels: Sequence[Panel], looks: dict[str, Style], title: str, *, labelled: bool
) -> None:
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    speeds = [xy(point, _METRIC)[0] for point in panel.points]
    tops = [point.accuracy.top1 for each in panels for point in each.points]
    ax.set_xscale("log")
    ax.set_xlim(min(speeds) / 1.25, max(speeds) * 1.25)
    ax.set_ylim(min(tops) - 0.8, max(tops) + 0.8)
    marks = ticks(*ax.get_xlim())
    ax.xaxis.set_major_locator(FixedLocator(marks))
    ax.xaxis.set_major_formatter(FixedFormatter([f"{mark:,.0f}" if mark >= 1000 else f"{mark:.4g}" for mark in marks]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.grid(True, color=PALE, linewidth=0.4)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(length=2.5, width=0.6, labelsize=_SMALL_PT, labelleft=labelled)
    ax.set_xlabel("images/s", fontsize=_TEXT_PT, labelpad=2)
    if labelled:
        ax.set_ylabel("top-1 (%)", fontsize=_TEXT_PT, labelpad=2)
    ax.set_title(title, fontsize=_TEXT_PT, loc="left", color="black", pad=4)
    groups: dict[str, list[Point]] = {}
    for point in panel.points:
        groups.setdefault(family(point), []).append(point)
    for name, group in groups.items():
        look = looks.get(name) or Style(GREY, "o")
        ordered = sorted(group, key=lambda point: point.accuracy.top1)
        line(ax, [xy(point, _METRIC) for point in ordered], color=look.colour, linewidth=0.9, alpha=0.7, zorder=3)
        bars = [(bar, point.accuracy.top1) for point in group if (bar := interval_of(point, _METRIC))]
        corners = [corner for (low, high), top1 in bars for corner in ((low, top1), (high, top1), GAP)]
        if corners:
            line(ax, corners, color=look.colour, linewidth=1.0, solid_capstyle="butt", zorder=4)
        for point in group:
            ink = INKS[point.standing]
            line(
                ax, [xy(point, _METRIC)], linestyle="", marker=look.marker, zorder=5,
                markersize=_MARKER_PT * LARGER.get(look.marker, 1.0), **ink.marker(look.colour, _MARKER_PT),
            )  # fmt: skip


def _legend(figure: Figure, looks: dict[str, Style], width_in: float) -> float:
    """A legend of the families at the bottom; returns its height in inches."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [], [], color=look.colour, marker=look.marker, markersize=_MARKER_PT, linewidth=0.9, label=drawable(name)
        )
        for name, look in looks.items()
    ]
    columns = max(1, int(width_in / 1.05))
    figure.legend(
        handles=handles, loc="lower center", ncols=min(columns, len(handles)), frameon=False, fontsize=_SMALL_PT,
        handlelength=1.8, columnspacing=1.2, borderaxespad=0.2,
    )  # fmt: skip
    return 0.16 * -(-len(handles) // columns) + 0.1
