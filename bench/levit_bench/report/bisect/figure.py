"""A bisection as a picture: each measured candidate with its ratio to the good end, in the order of the history."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from levit_bench.judge.bisect.answers import Answer, Standing
from levit_bench.judge.bisect.bisection import Bisection, BisectOutcome, middle
from levit_bench.numbers.units import significant
from levit_bench.report.bisect.words import ratio_words, standing_words
from levit_bench.report.front.figure import our_settings
from levit_bench.report.front.styles import GREY, PALETTE, SMALL_PT, TEXT_PT
from levit_bench.report.words.safe_text import drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _ROW, _LEFT, _RIGHT, _ABOVE, _BELOW = 8.0, 0.27, 3.3, 2.3, 0.62, 0.62
_COLOURS = {Standing.BAD: PALETTE[1], Standing.GOOD: PALETTE[2], Standing.SKIPPED: GREY, Standing.OPEN: GREY}
_SHAPES = {Standing.BAD: ">", Standing.GOOD: "o", Standing.SKIPPED: "X", Standing.OPEN: "D"}
_NAME = 42
_APART = 0.13
"""Share of the axis that is at least between two marks."""


def draw(found: Bisection) -> Figure:
    """The figure, to be encoded with `levit_bench.report.front.figure.encoded`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    in_order = found.history
    height = _ABOVE + _ROW * len(in_order) + _BELOW
    with our_settings():
        figure = Figure(figsize=(_WIDTH, height), facecolor="white")
        FigureCanvasAgg(figure)
        box = (_LEFT / _WIDTH, _BELOW / height, (_WIDTH - _LEFT - _RIGHT) / _WIDTH, _ROW * len(in_order) / height)
        ax = figure.add_axes(box)
        for row, answer in enumerate(in_order):
            _draw_answer(ax, row, answer, is_faster=found.is_faster)
        if found.ends.ratio is not None and found.ends.standing is Standing.BAD:
            ax.axvline(middle(found.ends.ratio), color=GREY, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
        first_bad = found.possible[-1].id if found.possible else ""
        names = [drawable(answer.candidate.words, _NAME) for answer in in_order]
        ax.set_yticks(range(len(in_order)), names, fontsize=SMALL_PT)
        for label, answer in zip(ax.get_yticklabels(), in_order, strict=True):
            if answer.candidate.id == first_bad and len(found.possible) == 1:
                label.set_fontweight("bold")
        ax.set_ylim(len(in_order) - 0.5, -0.5)
        _scale(ax, in_order)
        measure = "times as fast" if found.is_faster else "times as long"
        ax.set_xlabel(f"{measure} as {drawable(found.good.words, 50)} (log scale)", fontsize=SMALL_PT)
        head = f"{drawable(found.case, 50)}: {_outcome(found)}"
        figure.text(0.12 / _WIDTH, 1 - 0.1 / height, head, fontsize=TEXT_PT + 1, weight="bold", va="top")
        against = "each measured against the good end, side by side; dashed: the middle between both ends"
        figure.text(0.12 / _WIDTH, 1 - 0.34 / height, against, fontsize=SMALL_PT - 1, color=GREY, va="top")
    return figure


def _outcome(found: Bisection) -> str:
    """What it came to, with the candidate that was found."""
    if found.outcome is not BisectOutcome.FOUND:
        return found.outcome.value
    return f"{'faster' if found.is_faster else 'slower'} from {drawable(found.possible[-1].words, 40)} on"


def _draw_answer(ax: Axes, row: int, answer: Answer, *, is_faster: bool) -> None:
    colour, word = _COLOURS[answer.standing], standing_words(answer.standing, is_faster=is_faster)
    if answer.ratio is not None:
        ends = [log for log in (answer.ratio.low, answer.ratio.high) if math.isfinite(log)]
        ax.plot(ends, [row] * len(ends), color=colour, linewidth=1.4, solid_capstyle="butt", zorder=3)
        ax.plot(answer.ratio.log, row, marker=_SHAPES[answer.standing], color=colour, markersize=5.5, zorder=4)
        word = f"{ratio_words(answer)}, {word}"
    ax.annotate(
        word, (1, row), (8, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center_baseline",
        fontsize=SMALL_PT - 1, color=colour, annotation_clip=False,
    )  # fmt: skip


def _marks(low: float, high: float) -> list[float]:
    """A few round ratios between two logs that are apart: at equal distances, or else 1, 2 and 5 of each ten."""
    steps = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
    sets = [[1 + step * at for at in range(-100, 101) if 1 + step * at > 0] for step in steps]
    tens = range(-12, 13)
    sets += [[digit * 10.0**ten for ten in tens for digit in digits] for digits in ((1, 2, 5), (1, 3), (1,))]
    sets += [[10.0 ** (3 * ten) for ten in tens]]
    within = [[ratio for ratio in ratios if low <= math.log(ratio) <= high] for ratios in sets]
    apart = (high - low) * _APART
    return next(
        (
            marks
            for marks in within
            if len(marks) >= 2 and all(math.log(after / before) >= apart for before, after in pairwise(marks))
        ),
        [1.0],
    )


def _scale(ax: Axes, answers: Sequence[Answer]) -> None:
    ends = [0.0]
    for answer in answers:
        if answer.ratio is not None:
            ends += [log for log in answer.ratio if math.isfinite(log)]
    low, high = min(ends), max(ends)
    room = max(0.01, 0.06 * (high - low))
    ax.set_xlim(low - room, high + room)
    ax.axvline(0, color=GREY, linewidth=0.8, zorder=0)
    marks = _marks(low - room, high + room)
    ax.set_xticks([math.log(mark) for mark in marks], [significant(mark, 3) for mark in marks], fontsize=SMALL_PT - 1)
    ax.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
