"""A trend as a picture: a case along time with intervals, levels, changes and splits; small multiples of several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from itertools import count, pairwise
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.judge.trend.change_points import Change
from levit_bench.judge.trend.events import JudgedSegment, JudgedSeries
from levit_bench.numbers.units import counted
from levit_bench.report.front.figure import our_settings
from levit_bench.report.front.styles import GREY, PALE, PALETTE, SMALL_PT, TEXT_PT
from levit_bench.report.trend.words import signed
from levit_bench.report.words.safe_text import distinct, drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 24
"""Cases of one picture of small multiples."""
_COLUMNS = 3
_PANEL_W, _PANEL_H = 3.0, 1.5
_LEFT, _BETWEEN, _ABOVE, _BELOW, _GAP = 0.62, 0.62, 0.62, 0.62, 0.68
"""Inches around and between panels."""
_ALONE_W, _ALONE_H = 8.0, 3.6
_SLOWER, _FASTER, _LINE = PALETTE[1], PALETTE[2], PALETTE[0]
_LEAST_REACH = math.log(1.03)
_AROUND_ZERO, _ROOM = 0.5, 0.06
"""Shares of the reach that are shown around zero whatever was measured, and beyond the outermost point."""
_NAME = 44
_DAY_S = 86400
_LONG_GAP_DAYS = 30
_TICKS = 4


class _Place(NamedTuple):
    """Where a point is drawn."""

    at: int
    """Its number among the sessions of the case."""
    log: float
    half: float


def small_multiples(chosen: Sequence[JudgedSeries]) -> Figure:
    """One panel a case: times relative to the first sessions of each segment.

    Of more cases than a picture holds, those with changes are shown, then those with the most sessions.
    """
    subjects = [one for one in chosen if not one.series.is_yardstick]
    ranked = sorted(subjects, key=lambda one: (not any(part.changes for part in one.segments), -len(one.series.points)))
    ids = {one.series.id for one in ranked[:MOST_PANELS]}
    shown = [one for one in subjects if one.series.id in ids]
    names = distinct((one.series.case for one in shown), _NAME)
    columns = min(_COLUMNS, max(1, len(shown)))
    rows = math.ceil(len(shown) / columns)
    width = _LEFT + columns * _PANEL_W + (columns - 1) * _BETWEEN + 0.15
    height = _ABOVE + rows * _PANEL_H + (rows - 1) * _GAP + _BELOW
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with our_settings():
        figure = Figure(figsize=(width, height), facecolor="white")
        FigureCanvasAgg(figure)
        for number, one in enumerate(shown):
            row, column = divmod(number, columns)
            left = _LEFT + column * (_PANEL_W + _BETWEEN)
            bottom = height - _ABOVE - (row + 1) * _PANEL_H - row * _GAP
            ax = figure.add_axes((left / width, bottom / height, _PANEL_W / width, _PANEL_H / height))
            _draw(ax, one, _reach(one))
            ax.set_title(drawable(names[one.series.case], 2 * _NAME), fontsize=SMALL_PT, loc="left", pad=12)
        left_out = len(subjects) - len(shown)
        more = f"; {counted(left_out, 'more case')} in trend.json" if left_out else ""
        head = f"Time relative to the first sessions of each segment, as ratio to the yardstick{more}"
        figure.text(0.12 / width, 1 - 0.1 / height, head, fontsize=TEXT_PT, va="top", weight="bold")
        figure.text(0.12 / width, 0.06 / height, _FOOT, fontsize=SMALL_PT - 1, va="bottom", color=GREY)
    return figure


_FOOT = "band: 95 % of a session by its runs · red: slower for good, green: faster · dotted: another unit from there on"


def alone(one: JudgedSeries) -> Figure:
    """One case, with what each segment was measured with along the time axis."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with our_settings():
        figure = Figure(figsize=(_ALONE_W, _ALONE_H), facecolor="white")
        FigureCanvasAgg(figure)
        box = (0.7 / _ALONE_W, 0.72 / _ALONE_H, (_ALONE_W - 0.9) / _ALONE_W, (_ALONE_H - 1.3) / _ALONE_H)
        ax = figure.add_axes(box)
        _draw(ax, one, _reach(one))
        ax.set_title(drawable(one.series.case, 100), fontsize=TEXT_PT, loc="left", pad=16, weight="bold")
        for x, text in _versions(one):
            ax.annotate(
                text, (x, 0), (0, -22), xycoords=("data", "axes fraction"), textcoords="offset points",
                fontsize=SMALL_PT - 1, color=GREY, va="top", annotation_clip=False,
            )  # fmt: skip
        first = _label_of_level(one)
        figure.text(0.12 / _ALONE_W, 0.06 / _ALONE_H, f"{first} · {_FOOT}", fontsize=SMALL_PT - 1.5, color=GREY)
    return figure


def _label_of_level(one: JudgedSeries) -> str:
    segment = one.segments[-1].segment
    return f"0 %: {math.exp(segment.first_level):.4g} of the yardstick"


def _versions(one: JudgedSeries) -> list[tuple[int, str]]:
    """What each segment was measured with, and the number of the session where it begins."""
    out, begin = [], 0
    for part in one.segments:
        fields = part.segment.fields
        named = [f"torch {fields['torch']}"]
        if fields["runtime_version"] not in ("–", "", fields["torch"]):
            named.append(fields["runtime_version"])
        out.append((begin, drawable(" ".join(named), 40)))
        begin += len(part.segment.points)
    return out


def _draw(ax: Axes, one: JudgedSeries, reach: float) -> None:
    halves, numbers = iter(one.series.half_widths), count()
    ax.axhline(0, color=PALE, linewidth=0.8, zorder=0)
    low, high = -_AROUND_ZERO * reach, _AROUND_ZERO * reach
    for number, part in enumerate(one.segments):
        level = part.segment.first_level
        places = [_Place(next(numbers), point.log - level, next(halves)) for point in part.segment.points]
        _draw_segment(ax, places, part, reach)
        ends = [log for place in places for log in (place.log, place.log - place.half, place.log + place.half)]
        finite = [log for log in ends if math.isfinite(log)]
        low, high = min(low, *finite), max(high, *finite)
        if number:
            ax.axvline(places[0].at - 0.5, color=GREY, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)
    low, high = max(-reach, low - _ROOM * reach), min(reach, high + _ROOM * reach)
    ax.set_ylim(low, high)
    marks = [mark for mark in _ticks(reach) if low <= mark <= high]
    ax.set_yticks(marks, [f"{signed(mark)} %" if mark else "0 %" for mark in marks])
    ax.tick_params(labelsize=SMALL_PT - 1)
    _time_axis(ax, [point.moment for point in one.series.points])
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def _draw_segment(ax: Axes, places: Sequence[_Place], part: JudgedSegment, reach: float) -> None:
    xs = [place.at for place in places]
    shown = [min(max(place.log, -reach), reach) for place in places]
    lows = [max(-reach, place.log - place.half) for place in places]
    highs = [min(reach, place.log + place.half) for place in places]
    ax.fill_between(xs, lows, highs, color=_LINE, alpha=0.22, linewidth=0, zorder=2)
    size = 2.6 if len(places) <= 60 else 1.2
    ax.plot(xs, shown, color=_LINE, linewidth=0.8, marker="o", markersize=size, zorder=3)
    edges = [0, *(change.first_after for change in part.changes), len(places)]
    for begin, end in pairwise(edges):
        level = math.fsum(place.log for place in places[begin:end]) / (end - begin)
        ends = [places[begin].at, places[end - 1].at]
        ax.plot(ends, [level, level], color="black", linewidth=1.1, zorder=4)
    for change in part.changes:
        _draw_change(ax, places, change)


def _draw_change(ax: Axes, places: Sequence[_Place], change: Change) -> None:
    """A line between the sessions around it, and its size above the axes."""
    middle, colour = places[change.first_after].at - 0.5, _SLOWER if change.log > 0 else _FASTER
    ax.axvline(middle, color=colour, linewidth=1.1, zorder=1)
    ax.annotate(
        f"{signed(change.log)} %", (middle, 1), (0, 2), xycoords=("data", "axes fraction"),
        textcoords="offset points", ha="center", va="bottom", fontsize=SMALL_PT - 1, color=colour, weight="bold",
        annotation_clip=False,
    )  # fmt: skip


def _time_axis(ax: Axes, moments: Sequence[datetime]) -> None:
    """Sessions at equal distances, a few of them with their times; a long gap between two is shaded."""
    last = len(moments) - 1
    days = (moments[-1] - moments[0]).total_seconds() / _DAY_S
    form, of_all = ("%H:%M", "%d %b %Y") if days < 1 else ("%d %b", "%Y") if days < 300 else ("%b %Y", "")
    ticks = sorted({round(last * share / (_TICKS - 1)) for share in range(_TICKS)})
    labels = [moments[tick].strftime(form) for tick in ticks]
    ax.set_xticks(ticks, [label if label not in labels[:at] else "" for at, label in enumerate(labels)])
    ax.set_xlim(-0.03 * last - 0.3, 1.03 * last + 0.3)
    if of_all:
        ax.set_xlabel(moments[0].strftime(of_all), fontsize=SMALL_PT - 1, loc="left", labelpad=1)
    for at in range(last):
        if (moments[at + 1] - moments[at]).days >= _LONG_GAP_DAYS:
            ax.axvspan(at + 0.2, at + 0.8, color=PALE, linewidth=0, zorder=0)


def _reach(one: JudgedSeries) -> float:
    """How far the axis goes: all points but for the wildest twentieth."""
    logs = []
    for part in one.segments:
        level = part.segment.first_level
        logs += [abs(point.log - level) for point in part.segment.points]
    logs.sort()
    halves = [half for half in one.series.half_widths if math.isfinite(half)]
    return max(_LEAST_REACH, 1.15 * logs[(len(logs) - 1) * 19 // 20] + (max(halves) if halves else 0.0))


def _ticks(reach: float) -> list[float]:
    step = next((s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0) if math.log1p(s) > reach / 2.6), 5.0)
    above = [math.log1p(step * at) for at in range(1, 4) if math.log1p(step * at) <= reach]
    below = [math.log1p(-step * at) for at in range(1, 4) if step * at < 1 and math.log1p(-step * at) >= -reach]
    return [*reversed(below), 0.0, *above]
