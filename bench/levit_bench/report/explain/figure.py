"""An explanation as a figure: the factors as steps on a log scale, and the time of a pass by kind of operator."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from levit_bench.errors import UsageError
from levit_bench.judge.explain.factors import ALLOCATOR, EFFICIENCY, REST, WORK, Explanation
from levit_bench.judge.explain.profile import SMALL, OperatorKindRow, share, side_by_side
from levit_bench.libraries import require
from levit_bench.numbers.units import significant
from levit_bench.report.explain.tables import SideProfile, names
from levit_bench.report.front.figure import our_settings
from levit_bench.report.front.scales import ticks
from levit_bench.report.front.styles import GREY, PALE, PALETTE, SMALL_PT, TEXT_PT
from levit_bench.report.words.safe_text import drawable
from levit_bench.report.words.setting import session_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENDINGS = (".png", ".svg", ".pdf")
MOST_KINDS = 10
"""Kinds of operators that have a bar of their own; the others share one."""
_WIDTH, _ROW = 7.2, 0.34
_LEFT, _RIGHT = 1.75, 0.55
_ABOVE, _BELOW, _BETWEEN = 0.62, 0.58, 0.72
_NAME = 44
_NETWORKS = PALETTE[0], PALETTE[1]
"""Colours of the two networks."""
_FACTORS = {WORK: PALETTE[6], ALLOCATOR: PALETTE[7], EFFICIENCY: PALETTE[5], REST: PALETTE[5]}
"""Colours of the factors, which are no network's."""


def check_ending(path: Path) -> None:
    """Check that the file can be drawn, before anything is measured.

    Raises:
        UsageError: it cannot; the message names the endings that can, or the library that is missing.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"--out {path.name[:80]!r}: choose a file that ends in {', '.join(ENDINGS)}.")
    require("matplotlib", "draw a picture")


def draw(explanation: Explanation, watched: tuple[SideProfile, SideProfile] | None = None) -> Figure:
    """The figure, to be saved with `levit_bench.report.front.figure.save`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    kinds = _kinds(watched) if watched else []
    steps_h = _ROW * (len(explanation.factors) + 1)
    kinds_h = _ROW * 1.2 * len(kinds)
    height = _ABOVE + steps_h + (_BETWEEN + kinds_h if kinds else 0.0) + _BELOW
    with our_settings():
        figure = Figure(figsize=(_WIDTH, height), facecolor="white")
        FigureCanvasAgg(figure)
        across = _LEFT / _WIDTH, (_WIDTH - _LEFT - _RIGHT) / _WIDTH
        bottom = height - _ABOVE - steps_h
        _draw_steps(figure.add_axes((across[0], bottom / height, across[1], steps_h / height)), explanation)
        if kinds and watched:
            box = across[0], (bottom - _BETWEEN - kinds_h) / height, across[1], kinds_h / height
            _draw_kinds(figure.add_axes(box), kinds, explanation)
        first_name, second_name = (
            drawable(name, _NAME) for name in names(explanation.first.record, explanation.second.record)
        )
        head = f"{second_name} takes {significant(explanation.ratio.value)} times as long as {first_name}"
        figure.text(0.12 / _WIDTH, 1 - 0.12 / height, head, fontsize=TEXT_PT + 1, va="top", weight="bold")
        foot = drawable(session_line(explanation.first.record), 110)
        figure.text(0.12 / _WIDTH, 1 - 0.36 / height, foot, fontsize=SMALL_PT - 1, va="top", color=GREY)
    return figure


def _draw_steps(ax: Axes, explanation: Explanation) -> None:
    """Each factor begins where the one before it ends; the last row is their product."""
    at = 1.0
    rows = [*((factor.name, factor.times) for factor in explanation.factors), ("the ratio", explanation.ratio)]
    edges = [1.0]
    for row, (name, times) in enumerate(rows):
        last = row == len(rows) - 1
        start = 1.0 if last else at
        end = start * times.value
        colour = GREY if last else _FACTORS[name]
        ax.barh(row, end - start, left=start, height=0.62, color=colour, alpha=0.85, zorder=3)
        if math.isfinite(times.high) and times.high > times.low:
            low, high = start * times.low, start * times.high
            ax.plot((low, high), (row, row), color="black", linewidth=1.2, solid_capstyle="butt", zorder=4)
            edges += [low, high]
        if not last:
            ax.plot((end, end), (row, row + 1), color=GREY, linewidth=0.6, zorder=2)
        edges += [start, end]
        at = end
        ax.annotate(
            f"× {significant(times.value)}" if not last else significant(times.value), (max(edges[-4:]), row), (5, 0),
            textcoords="offset points", va="center", fontsize=SMALL_PT,
        )  # fmt: skip
    low, high = min(edges), max(edges)
    room = (high / low) ** 0.14
    ax.set_xscale("log")
    ax.set_xlim(low / (room if low < 1 else room**0.25), high * room)
    left, right = ax.get_xlim()
    overlap = 0.05 * math.log(right / left)  # Distance below which a tick's number would overlap that at 1.
    marks = [1.0, *(tick for tick in ticks(left, right) if abs(math.log(tick)) > overlap)]
    ax.set_xticks(marks, [significant(tick, 2) for tick in marks])
    ax.set_xticks([], minor=True)
    ax.axvline(1, color=GREY, linewidth=0.8, zorder=1)
    _finish(ax, [name for name, _ in rows], "times as long (log scale); lines: 95 % intervals over runs")


def _kinds(watched: tuple[SideProfile, SideProfile]) -> list[OperatorKindRow]:
    """The kinds of operators to draw, small ones left out."""
    first, second = (side.profile for side in watched)
    rows = side_by_side(first, second)
    return [row for row in rows if max(share(row.first.seconds, first), share(row.second.seconds, second)) >= SMALL][
        :MOST_KINDS
    ]


def _draw_kinds(ax: Axes, kinds: list[OperatorKindRow], explanation: Explanation) -> None:
    labels = [drawable(name, _NAME) for name in names(explanation.first.record, explanation.second.record)]
    for row, kind in enumerate(kinds):
        for up, kind_share, colour, name in (
            (-0.2, kind.first, _NETWORKS[0], labels[0]),
            (0.2, kind.second, _NETWORKS[1], labels[1]),
        ):
            value = 1e3 * kind_share.seconds
            ax.barh(row + up, value, height=0.36, color=colour, alpha=0.85, zorder=3, label=name if not row else None)
            ax.annotate(
                f"{value:.2f}" if value else "", (value, row + up), (4, 0), textcoords="offset points", va="center",
                fontsize=SMALL_PT - 1, color=GREY,
            )  # fmt: skip
    ax.set_xlim(0, 1.08e3 * max(kind_share.seconds for kind in kinds for kind_share in (kind.first, kind.second)))
    ax.legend(loc="lower right", fontsize=SMALL_PT, frameon=False)
    _finish(ax, [kind.kind for kind in kinds], "ms of a pass under the profiler")


def _finish(ax: Axes, rows: list[str], label: str) -> None:
    ax.set_yticks(range(len(rows)), rows, fontsize=SMALL_PT)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(label, fontsize=SMALL_PT)
    ax.tick_params(axis="x", labelsize=SMALL_PT)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color=PALE, linewidth=0.6, zorder=0)
    ax.set_axisbelow(True)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
