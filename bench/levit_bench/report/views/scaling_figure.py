"""Scaling curves as a figure: speed-up over processors, a panel a setting, beside the line of ideal speed-up."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from levit_bench.judge.scaling import Curve, ScalingPoint
from levit_bench.records import Case
from levit_bench.report.front.figure import our_settings
from levit_bench.report.front.styles import DASHES, GREY, MARKERS, PALE, PALETTE, SMALL_PT, TEXT_PT
from levit_bench.report.views.cases import shown_names
from levit_bench.report.views.scaling import ON_A_CURVE
from levit_bench.report.words.safe_text import distinct, drawable
from levit_bench.report.words.setting import session_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL_W, _PANEL_H = 3.4, 3.0
_ACROSS = 3
_LINE_IN = 0.15
_NAME = 32
_HANDLE_EMS = 5.5
"""Width of a handle in the legend and of the space around it, in multiples of the size of its text."""
_EMS_A_CHARACTER = 0.62
"""Width of a usual character of the font, in the same unit."""
_APART = 0.06
"""Horizontal offset between curves at the same number of processors, as a share of a doubling."""


def draw(curves: Sequence[Curve]) -> Figure:
    """The figure, to be saved with `levit_bench.report.front.figure.save`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels: dict[str, list[Curve]] = {}
    for curve in curves:
        panels.setdefault(_setting(curve.base.case), []).append(curve)
    across = min(len(panels), _ACROSS)
    down = math.ceil(len(panels) / across)
    names = shown_names(curve.base.info for curve in curves)
    looks = {name: (PALETTE[i % len(PALETTE)], MARKERS[i % len(MARKERS)]) for i, name in enumerate(names)}
    with our_settings():
        width = _PANEL_W * across
        handles = [*_handles(looks, names), *_kinds(curves)]
        columns = _legend_columns([str(handle.get_label()) for handle in handles], width, 2 * across)
        legend_rows = math.ceil(len(handles) / columns)
        origin = textwrap.wrap(drawable(_origin(curves), 200).replace(" ·", "\u00a0·"), int(width * 15))
        below = 0.22 * legend_rows + 0.1 + _LINE_IN * len(origin) + 0.06
        figure = Figure(figsize=(width, _PANEL_H * down + below), facecolor="white")
        FigureCanvasAgg(figure)
        grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
        flat = list(grid.flat)
        for axes, (title, group) in zip(flat, panels.items(), strict=False):
            _draw_panel(axes, title, group, looks, curves)
        for row in grid:
            row[0].set_ylabel("speed-up of images a second")
        for axes in flat[len(panels) :]:
            axes.remove()
        height = float(figure.get_figheight())
        figure.tight_layout(rect=(0, below / height, 1, 1))
        figure.legend(
            handles=handles, loc="upper center", bbox_to_anchor=(0.5, (below + 0.04) / height), ncols=columns,
            frameon=False, fontsize=SMALL_PT, handlelength=2.6,
        )  # fmt: skip
        figure.text(
            0.12 / width, 0.06 / height, "\n".join(origin), fontsize=SMALL_PT - 1, color=GREY, va="bottom",
            linespacing=1.3,
        )  # fmt: skip
        return figure


def _legend_columns(labels: Sequence[str], width: float, most: int) -> int:
    """Columns of a legend that fit into so many inches, at least one."""
    column = (_HANDLE_EMS + _EMS_A_CHARACTER * max(map(len, labels))) * SMALL_PT / 72
    return max(1, min(most, int(width / column)))


def _draw_panel(
    axes: Axes, title: str, group: Sequence[Curve], looks: dict[str, tuple[str, str]], curves: Iterable[Curve]
) -> None:
    counts = sorted({step.processors for curve in curves for step in curve.steps})
    axes.plot(counts, counts, color=PALE, linewidth=5, solid_capstyle="round", zorder=1)
    for at, curve in enumerate(group):
        shift = 2 ** (_APART * (at - (len(group) - 1) / 2))
        colour, marker = looks[curve.base.case.network]
        for streams in (False, True):
            steps = _line(curve, streams=streams)
            if len(steps) < 2:
                continue
            processors = [shift * step.processors for step, _ in steps]
            values = [value for _, (value, _, _) in steps]
            limits = [[v - low for _, (v, low, _) in steps], [high - v for _, (v, _, high) in steps]]
            axes.errorbar(
                processors, values, yerr=limits, color=colour, marker=marker, markersize=5, linewidth=1.2,
                linestyle=DASHES if streams else "solid", markerfacecolor="white" if streams else colour,
                elinewidth=1, capsize=2, zorder=4,
            )  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()
    axes.set_xlim(counts[0] / 1.2, counts[-1] * 1.2)
    highest, lowest = max(counts[-1], *_ends(curves, high=True)), min(1.0, *_ends(curves, high=False))
    room = 0.06 * (highest - lowest)
    axes.set_ylim(lowest - room, highest + room)
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(drawable(title), fontsize=TEXT_PT, loc="left", color=GREY)
    axes.set_xlabel("processors at work")


def _ends(curves: Iterable[Curve], *, high: bool) -> list[float]:
    """Upper or lower ends of all intervals that are bounded, and 1."""
    speedups = [step.speedup for curve in curves for step in curve.steps if step.speedup is not None]
    ends = [speedup.high if high else speedup.low for speedup in speedups]
    return [1.0, *(end for end in ends if math.isfinite(end))]


def _origin(curves: Sequence[Curve]) -> str:
    """The sessions of the curves, with their machine."""
    return "; ".join(dict.fromkeys(session_line(curve.base) for curve in curves))


def _line(curve: Curve, *, streams: bool) -> list[tuple[ScalingPoint, tuple[float, float, float]]]:
    """The base and the steps of one kind, with speed-up and its interval; steps without a ratio are left out."""
    return [
        (step, (step.speedup.value, step.speedup.low, step.speedup.high))
        for step in curve.steps
        if step.speedup is not None and (step.record is curve.base or (step.record.case.streams > 1) == streams)
    ]


def _handles(looks: dict[str, tuple[str, str]], names: dict[str, str]) -> list[Any]:
    from matplotlib.lines import Line2D

    shown = distinct(names.values(), _NAME)
    return [
        Line2D([], [], color=colour, marker=marker, linestyle="none", label=drawable(shown[names[name]]))
        for name, (colour, marker) in looks.items()
    ]


def _kinds(curves: Iterable[Curve]) -> list[Any]:
    from matplotlib.lines import Line2D

    out = [Line2D([], [], color=GREY, linestyle="solid", label="threads")]
    if any(step.record.case.streams > 1 for curve in curves for step in curve.steps):
        out.append(Line2D([], [], color=GREY, linestyle=DASHES, label="streams"))
    return [*out, Line2D([], [], color=PALE, linewidth=5, label="ideal")]


def _setting(case: Case) -> str:
    return ", ".join([f"batch {case.batch}", *case.words(leave_out=("batch", *ON_A_CURVE))])
