"""Layout of a figure in inches: axes on a grid, a legend and a caption below, sized so that texts never overlap."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.catalog.image_sets import folded
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.published.panels import PublishedPanel
from levit_bench.report.front.legend import LegendEntries, legend
from levit_bench.report.front.scales import accuracies, alike, ranges, speeds, ticks
from levit_bench.report.front.styles import GREY, LARGE_PT, PALE, PUBLISHED_GROUND, SMALL_PT, TEXT_PT
from levit_bench.report.words.panel_names import PanelNames
from levit_bench.report.words.safe_text import drawable
from levit_bench.report.words.setting import published_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL_IN = (4.6, 3.9)
SINGLE_PANEL_IN = (6.2, 4.4)
"""Width and height of the axes, in inches, of several panels and of one alone."""
_LINE_IN = 0.17
"""Height of a line of text, in inches."""
_OWN_SCALE = "//: machines whose speeds lie apart have scales of their own"
_LONGEST_SET = 44
"""Characters of a set's name beside an axis: more are longer than it is high."""


def lay_out(
    figure: Figure,
    panels: Sequence[Panel],
    entries: LegendEntries,
    called: PanelNames,
    published: Sequence[PublishedPanel] = (),
    *,
    words: Sequence[str],
    among: Sequence[Panel] = (),
    heading: str = "",
) -> list[Axes]:
    """Add axes on a grid with a legend and a caption below to a figure, and set its size.

    Args:
        figure: an empty figure.
        panels: the measured panels.
        entries: those of the legend.
        called: names of the panels.
        published: the published panels, placed behind the others.
        words: the caption: what the panels share.
        among: the panels of all pages, when this is one of several.
        heading: a line above the page.
    """
    count = len(panels) + len(published)
    columns = {1: 1, 2: 2, 4: 2}.get(count, 3)
    rows = math.ceil(count / columns)
    panel_w, panel_h = SINGLE_PANEL_IN if count == 1 else PANEL_IN
    every: list[Panel | PublishedPanel] = [*panels, *published]
    mixed = len({panel.set_key for panel in every}) > 1
    axis_names = [_axis_of_top1(figure, panel, every, panel_h) for panel in every]
    left = 0.65 + _LINE_IN * max(axis_name.count("\n") for axis_name in axis_names)
    right, gap_x = 0.15, left + 0.1 if mixed else 0.2
    width = left + columns * panel_w + (columns - 1) * gap_x + right
    shared: list[Panel | PublishedPanel] = [*(alike(panels, among) if among else panels), *published]
    is_broken = len(ranges(shared)) > 1
    words = [*words, *(["published figures: taken elsewhere, without intervals"] if published else [])]
    words += [_OWN_SCALE] if is_broken else []
    caption = _caption_lines([drawable(part, 200) for part in words], _characters(width - left - right))
    figure.set_size_inches(width, 1.0)
    legend_h = legend(figure, entries, width)
    titles = _titles(figure, panels, called, published, panel_w)
    title_h = 0.04 + 0.16 * max(len(lines) for lines in titles)
    top = 0.12 + (0.3 if heading else 0.0)
    bottom = 0.62 + legend_h + 0.1 + 0.17 * len(caption) + 0.08
    gap_y = 0.28 + title_h + (0.34 if published or is_broken else 0.0)
    height = bottom + rows * panel_h + (rows - 1) * gap_y + title_h + top
    figure.set_size_inches(width, height)
    figure.legends[0].set_bbox_to_anchor((0.5, (bottom - 0.56) / height), transform=figure.transFigure)
    figure.text(
        left / width, (0.12 + 0.17 * len(caption)) / height, "\n".join(caption), fontsize=SMALL_PT, color=GREY,
        va="top", linespacing=1.35,
    )  # fmt: skip
    if heading:
        figure.text(left / width, 1 - 0.1 / height, drawable(heading, 200), fontsize=LARGE_PT, va="top")
    out: list[Axes] = []
    scales: list[Panel | PublishedPanel] = [*(among or panels), *published]
    for index, panel in enumerate(every):
        row, column = divmod(index, columns)
        x = left + column * (panel_w + gap_x)
        y = bottom + (rows - 1 - row) * (panel_h + gap_y)
        ax = figure.add_axes((x / width, y / height, panel_w / width, panel_h / height))
        ax.set_xscale("log")
        ax.set_xlim(*speeds(panel, shared))
        ax.set_ylim(*accuracies([scale_panel for scale_panel in scales if scale_panel.set_key == panel.set_key]))
        bottommost = bool(published) or is_broken or index + columns >= count
        labelled = column == 0 or every[index - 1].set_key != panel.set_key
        of = _batch([panel] if is_broken else every[column::columns], panel, published)
        _decorate(ax, panel, left=labelled, bottom=bottommost, of=of, on=axis_names[index])
        if is_broken and isinstance(panel, Panel):
            _mark_break(ax)
        ax.set_title("\n".join(titles[index]), fontsize=TEXT_PT, loc="left", color="black", pad=5)
        out.append(ax)
    return out


def _mark_break(ax: Axes) -> None:
    """Two strokes across the beginning of the axis of speed, which goes on in no other panel."""
    for at in (0.012, 0.024):
        ax.plot(
            (at - 0.006, at + 0.006), (-0.016, 0.016), transform=ax.transAxes, color=GREY, linewidth=1.0,
            clip_on=False, zorder=9, gid="break", scalex=False, scaley=False,
        )  # fmt: skip


def _titles(
    figure: Figure,
    panels: Sequence[Panel],
    called: PanelNames,
    published: Sequence[PublishedPanel],
    width_in: float,
) -> list[list[str]]:
    """Title lines of each panel; beside published ones, a measured panel's title states that it was measured."""
    limit = _characters(width_in, TEXT_PT)
    out = []
    for panel in panels:
        words = called.title(panel)
        if published:
            words = f"measured here: {words}" if words else "measured here"
        out.append(_title_lines(figure, drawable(words, 200), width_in) if words else [])
    for published_panel in published:
        file, rest = published_title(published_panel)
        out.append([*_title_lines(figure, drawable(file, 2 * limit), width_in), rest])
    return out


def _title_lines(figure: Figure, text: str, width_in: float) -> list[str]:
    """A name wrapped into lines that fit a width, by their drawn size: letters differ in width."""
    for limit in range(_characters(width_in, TEXT_PT), 8, -4):
        lines = textwrap.wrap(text, limit)
        if _width_in(figure, "\n".join(lines)) <= width_in:
            break
    return lines


def _width_in(figure: Figure, text: str) -> float:
    """Drawn width of a text, in inches."""
    probe = figure.text(0, 0, text, fontsize=TEXT_PT)
    width = float(probe.get_window_extent().width) / figure.dpi
    probe.remove()
    return width


def _characters(width_in: float, size_pt: float = SMALL_PT) -> int:
    """Number of characters of running text that fit a width."""
    return int(width_in * 72 / (size_pt * 0.54))


def _caption_lines(parts: Sequence[str], limit: int) -> list[str]:
    """Parts joined by dots into lines of at most `limit` characters; a line breaks between parts where it can."""
    lines = [""]
    for part in (piece for text in parts for piece in textwrap.wrap(text, limit)):
        longer = f"{lines[-1]} · {part}" if lines[-1] else part
        if len(longer) <= limit:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


def _axis_of_top1(
    figure: Figure, panel: Panel | PublishedPanel, panels: Sequence[Panel | PublishedPanel], height_in: float
) -> str:
    """Label of the top-1 axis: the set of images, shortened to fit its height; with its size where names are equal."""
    image_set = panel.scored_on
    if image_set is None:
        return "Top-1 (%)"
    namesakes = {
        neighbour.set_key
        for neighbour in panels
        if neighbour.scored_on is not None and folded(neighbour.scored_on.name) == folded(image_set.name)
    }
    words = ""
    for limit in range(_LONGEST_SET, 8, -4):
        words = f"{drawable(image_set.name, limit)} top-1 (%)"
        if _width_in(figure, words) <= height_in:
            break
    return words if len(namesakes) < 2 else f"{words}\n{image_set.counts}"


def _batch(column: Sequence[Panel | PublishedPanel], panel: Panel | PublishedPanel, published: Sequence[object]) -> str:
    """The batch in words for the latency axis; `a batch` where the panels above a shared axis differ in it."""
    batches = {_batch_of(shown_panel) for shown_panel in ([panel] if published else column)}
    if len(batches) > 1:
        return "a batch"
    return "one image" if batches == {1} else f"a batch of {batches.pop()}"


def _batch_of(panel: Panel | PublishedPanel) -> int:
    return panel.batch if isinstance(panel, PublishedPanel) else panel.setting.case.batch


def _decorate(ax: Axes, panel: Panel | PublishedPanel, *, left: bool, bottom: bool, of: str, on: str) -> None:
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    marks = ticks(*ax.get_xlim())
    ax.xaxis.set_major_locator(FixedLocator(marks))
    ax.xaxis.set_major_formatter(FixedFormatter([f"{mark:.4g}" if mark < 1e4 else f"{mark:,.0f}" for mark in marks]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.grid(True, color=PALE, linewidth=0.5)
    ax.set_axisbelow(True)
    if isinstance(panel, PublishedPanel):
        ax.set_facecolor(PUBLISHED_GROUND)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(length=3, width=0.8, labelleft=left, labelbottom=bottom)
    if left:
        ax.set_ylabel(on)
    if bottom:
        words = f"Latency of {of} (ms)" if panel.metric == "latency" else "Throughput (images/s)"
        ax.set_xlabel(f"Published {words[0].lower()}{words[1:]}" if isinstance(panel, PublishedPanel) else words)
