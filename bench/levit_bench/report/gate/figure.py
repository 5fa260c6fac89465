"""A gate as a small picture: a row a case, the ratio with its interval, the margin, the verdict in colour and word."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateOutcome, GateReport
from levit_bench.numbers.units import counted, significant
from levit_bench.report.front.figure import our_settings
from levit_bench.report.front.styles import GREY, PALE, PALETTE, SMALL_PT, TEXT_PT
from levit_bench.report.gate.case_order import ORDER, in_order
from levit_bench.report.gate.row_names import row_names
from levit_bench.report.gate.sentence import case_noun
from levit_bench.report.gate.side_words import side_name
from levit_bench.report.words.safe_text import distinct, drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS = 40
"""Rows of a picture that can be read in a page; the cases that need nobody are left out first."""
_WIDTH, _ROW = 8.0, 0.24
_LEFT, _MOST_LEFT, _RIGHT = 1.6, 3.4, 1.95
"""Inches beside the axes: left at least and at most, by the names, and right."""
_ABOVE, _BELOW, _BELOW_NOTHING = 0.8, 0.72, 0.3
_LINE = 0.18
"""Inches of one more line above the rows."""
_EDGE = 0.12
_RATIO_PT, _MARK_PT, _WORD_PT = 38, 48, 56
"""Ends of the columns right of the axes, in points from them."""
_NAMES = (64, 60, 56, 52, 48, 44, 40, 36, 32, 28, 24, 20, 16, 12)
"""Characters of a name: the most with which it has room."""
_SAID, _SIDE = 130, 24
"""Characters of a line above the rows, and of what a side is called in it, beside its commit."""
_LARGEST_LOG = math.log(2.0)
"""How far from 1 an axis reaches at most."""
_AFTER_SEPARATOR = re.compile(r"[^/:]*$")
"""What follows the last separator of a path or before a function."""
_OUTLIER = 3.0
"""Intervals that reach so many times as far as three quarters of the others end in an arrow: they would hide them."""
_FEW = 4
"""Of fewer rows every interval is shown whole: none of them is the rule."""


class _Mark(NamedTuple):
    """How a verdict is drawn; distinct without colours, too."""

    colour: str
    shape: str
    """matplotlib's code of a shape."""
    is_full: bool


_MARKS = {
    CaseVerdict.FAILED: _Mark(PALETTE[1], "X", True),
    CaseVerdict.MISSING: _Mark(PALETTE[1], "X", False),
    CaseVerdict.SLOWER: _Mark(PALETTE[1], ">", True),
    CaseVerdict.OTHER_OUTPUTS: _Mark(PALETTE[3], "D", True),
    CaseVerdict.INCONCLUSIVE: _Mark(PALETTE[7], "o", False),
    CaseVerdict.NOT_COMPARABLE: _Mark(PALETTE[7], "D", False),
    CaseVerdict.FASTER: _Mark(PALETTE[0], "<", True),
    CaseVerdict.SAME: _Mark(PALETTE[2], "o", True),
    CaseVerdict.NEW: _Mark(GREY, "P", False),
}


def draw(report: GateReport) -> Figure:
    """The figure, to be encoded with `levit_bench.report.front.figure.encoded`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    cases = in_order(report.cases)
    shown = cases[:MOST_ROWS]
    named = row_names(shown)
    names, left = _fitted(named.names)
    above = _ABOVE + (_LINE if named.shared else 0.0)
    rows_h, below_h = _ROW * len(shown), _BELOW if shown else _BELOW_NOTHING
    height = above + rows_h + below_h
    lines: list[tuple[float, str, dict[str, Any]]] = [
        (0.1, _title(report), {"fontsize": TEXT_PT + 1, "weight": "bold"}),
        (0.34, _counts(report), {"fontsize": SMALL_PT}),
        (0.53, _sides(report), {"fontsize": SMALL_PT - 1, "color": GREY}),
    ]
    if named.shared:
        every = "" if len(shown) == 1 else "every row: "
        shared = drawable(f"{every}{', '.join(named.shared)}", _SAID)
        lines.append((0.53 + _LINE, shared, {"fontsize": SMALL_PT - 1, "color": GREY}))
    with our_settings():
        figure = Figure(figsize=(_WIDTH, height), facecolor="white")
        FigureCanvasAgg(figure)
        if shown:
            box = (left / _WIDTH, below_h / height, (_WIDTH - left - _RIGHT) / _WIDTH, rows_h / height)
            _draw_rows(figure.add_axes(box), shown, names, report)
        for down, text, style in lines:
            figure.text(_EDGE / _WIDTH, 1 - down / height, text, va="top", **style)
        foot = _foot(report, len(shown), len(cases) - len(shown))
        figure.text(_EDGE / _WIDTH, 0.08 / height, foot, fontsize=SMALL_PT - 1, va="bottom", color=GREY)
    return figure


def _title(report: GateReport) -> str:
    number = counted(len(report.cases), case_noun(report))
    if report.outcome is GateOutcome.NOTHING:
        return f"Gate: nothing compared ({number})"
    return f"Gate {report.outcome.value} ({number})"


def _counts(report: GateReport) -> str:
    """The number of cases of each verdict; a gate has at most nine."""
    counts = [f"{len(report.having(verdict))} {verdict.value}" for verdict in ORDER if report.having(verdict)]
    return ", ".join(counts) or "no case on either side"


def _sides(report: GateReport) -> str:
    """What the ratios divide: side b over side a."""
    if report.baseline:
        return drawable(f"b: {report.session} · a: {report.baseline}", _SAID)
    sides = {side.name: side for side in report.sides}
    named = [f"{name}: {side_name(sides[name], _SIDE)}" for name in ("b", "a") if name in sides]
    return drawable(" · ".join(named), _SAID)


def _foot(report: GateReport, shown: int, left_out: int) -> str:
    shaded = [f"shaded: within ±{100 * report.rules.margin:.10g} %"] if shown else []
    more = [f"{counted(left_out, 'more case')} in gate.json"] if left_out else []
    session = [f"session {drawable(report.session, 44)}"] if report.session else []
    return " · ".join([*shaded, *more, *session])


def _draw_rows(ax: Axes, cases: Sequence[GateCase], names: Sequence[str], report: GateReport) -> None:
    reach = _reach(cases, report.rules.margin)
    margin = math.log1p(report.rules.margin)
    ax.axvspan(-margin, margin, color=PALE, alpha=0.6, linewidth=0, zorder=0)
    ax.axvline(0, color=GREY, linewidth=0.8, zorder=1)
    for row, case in enumerate(cases):
        _draw_case(ax, row, case, reach)
    ax.set_xlim(-reach, reach)
    ax.set_ylim(len(cases) - 0.5, -0.5)
    ax.set_yticks(range(len(cases)), names, fontsize=SMALL_PT)
    marks = _ticks(reach)
    ax.set_xticks(marks, [f"{math.exp(mark):.4g}" for mark in marks], fontsize=SMALL_PT)
    relative = ", both relative to the yardstick" if report.baseline else ""
    ax.set_xlabel(f"time of b over time of a{relative}, with its interval (log scale)", fontsize=SMALL_PT)
    ax.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)


def _draw_case(ax: Axes, row: int, case: GateCase, reach: float) -> None:
    """Interval and marker; right of the axes the ratio, and the marker again with its verdict in words."""
    mark = _MARKS[case.verdict]
    ratio = case.comparison.ratio if case.comparison else None
    weight = "bold" if case.verdict.fails else "normal"
    if ratio is not None:
        at, low, high = (_log(value) for value in (ratio.value, ratio.low, ratio.high))
        ends = _within(low, reach), _within(high, reach)
        ax.plot(ends, (row, row), color=mark.colour, linewidth=1.4, solid_capstyle="butt", zorder=3)
        for end, limit in zip(ends, (low, high), strict=True):
            if end != limit:  # the interval goes on beyond the axis
                arrow = 5 if end > 0 else 4
                ax.plot(end, row, marker=arrow, color=mark.colour, markersize=6, clip_on=False, zorder=3)
        if abs(at) <= reach:
            ax.plot(at, row, **_marker(mark), zorder=4)
    _write(ax, row, _RATIO_PT, significant(ratio.value) if ratio else "–", mark.colour, weight, ha="right")
    from matplotlib.transforms import ScaledTranslation

    beside = ScaledTranslation(_MARK_PT / 72, 0, ax.figure.dpi_scale_trans)
    ax.plot(1, row, **_marker(mark), transform=ax.get_yaxis_transform() + beside)
    _write(ax, row, _WORD_PT, case.verdict.value, mark.colour, weight)


def _write(ax: Axes, row: int, right_pt: float, text: str, colour: str, weight: str, ha: str = "left") -> None:
    """A word in the row of a case, so many points right of the axes."""
    ax.annotate(
        text, (1, row), (right_pt, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
        va="center_baseline", ha=ha, fontsize=SMALL_PT, color=colour, weight=weight, annotation_clip=False,
    )  # fmt: skip


def _marker(mark: _Mark) -> dict[str, Any]:
    return {
        "marker": mark.shape, "markersize": 5.5, "color": mark.colour, "markeredgewidth": 1.1, "linestyle": "",
        "markerfacecolor": mark.colour if mark.is_full else "white", "clip_on": False,
    }  # fmt: skip


def _fitted(names: Sequence[str]) -> tuple[list[str], float]:
    """The names in characters that the font has, each that is too wide shortened; and their room.

    Where one is too wide, the folders that all of them begin with go first: they tell nothing apart. What is still too
    wide is cut in the middle.

    Returns:
        The names, all distinct where `names` are; and the inches left of the axes that the widest one takes.
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    font, measure = FontProperties(size=SMALL_PT), TextToPath()
    plain = [drawable(name, 1000) or "(no name)" for name in names]
    room_pt = 72 * (_MOST_LEFT - 2 * _EDGE)
    begins = _shared_beginning(plain)
    if begins and max(measure.get_text_width_height_descent(name, font, ismath=False)[0] for name in plain) > room_pt:
        plain = [f"…{name.removeprefix(begins)}" for name in plain]
    shown: dict[str, str] = {}
    widest = 0.0
    for limit in _NAMES:
        short = distinct((name for name in plain if name not in shown), limit)
        widths = {name: measure.get_text_width_height_descent(text, font, ismath=False)[0]
                  for name, text in short.items()}  # fmt: skip
        fitting = {name: text for name, text in short.items() if widths[name] <= room_pt or limit == _NAMES[-1]}
        widest = max([widest, *(widths[name] for name in fitting)])
        shown |= fitting
    return [shown[name] for name in plain], min(max(_LEFT, widest / 72 + 2 * _EDGE), _MOST_LEFT)


def _shared_beginning(names: Sequence[str]) -> str:
    """What several names begin with, up to the end of a folder or of a file's name; empty for one name alone."""
    # What these two share, all that are between them in order share as well.
    first, last = min(names, default=""), max(names, default="")
    if first == last:
        return ""
    alike = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return _AFTER_SEPARATOR.sub("", first[:alike])


def _reach(cases: Sequence[GateCase], margin: float) -> float:
    """The largest distance from 1 on the axis, as a log: twice the margin, and all intervals but for outliers."""
    ratios = [case.comparison.ratio for case in cases if case.comparison and case.comparison.ratio]
    ends = sorted(max(abs(_log(ratio.low)), abs(_log(ratio.high))) for ratio in ratios)
    known = [end for end in ends if math.isfinite(end)]
    farthest = known[-1] if known else 0.0
    if len(known) >= _FEW:
        farthest = min(farthest, _OUTLIER * known[(3 * len(known) - 3) // 4])
    return min(1.08 * max(2 * math.log1p(margin), 0.02, farthest), _LARGEST_LOG)


def _ticks(reach: float) -> list[float]:
    """Logs of the ticks: 1, and on each side one or two round shares of the time."""
    steps = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)
    step = next((step for step in steps if math.log1p(step) > reach / 2.5), steps[-1])
    above = [math.log1p(step * at) for at in range(1, 6) if math.log1p(step * at) <= reach]
    below = [math.log1p(-step * at) for at in range(1, 6) if step * at < 1 and math.log1p(-step * at) >= -reach]
    return [*reversed(below), 0.0, *above]


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _within(log: float, reach: float) -> float:
    return min(max(log, -reach), reach)
