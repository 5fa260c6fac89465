"""The front as a picture: speed against top-1, intervals as bars, the front as a staircase.

Knows ink and paper; refuses to know how points were judged. Draws on a `Figure` of its own and leaves no state behind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from bench.errors import NothingToShowError, StoreError
from bench.judge.front import Metric, Panel, Point
from bench.judge.membership import Standing
from bench.judge.published import PublishedPanel, PublishedPoint
from bench.report.labels import Label, place
from bench.report.layout import lay_out
from bench.report.stairs import flights, staircase, tails
from bench.report.style import (
    DASHES,
    DOTS,
    DPI,
    GREY,
    INKS,
    LABEL_PT,
    LARGER,
    LINES,
    MARKER_PT,
    SETTINGS,
    TIE_EDGE,
    TIE_GROUND,
    TIE_WIDTH,
    Ink,
    Style,
    interval_of,
    look_of,
    styles,
    xy,
)
from bench.report.text import drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABELS_ALL_UP_TO = 40
"""Points a panel up to which every point is named; beyond, front members only."""
LABEL_GAP_PT = 1.2
"""Room around a label."""
CROWD, CROWD_MARKER_PT = 100, 3.5
"""Points a panel beyond which markers shrink, and to what."""
GAP = (math.nan, math.nan)
"""Between two strokes of one line."""


class Drawn(NamedTuple):
    """A finished figure and what it does not show."""

    figure: Figure
    unlabelled: int
    """Points that should have a label and found no free place for it."""


def draw(panels: Sequence[Panel], published: Sequence[PublishedPanel] = ()) -> Drawn:
    """The figure, one subplot a panel, all with the same scales; published panels come last, with scales of their own.

    Raises:
        NothingToShowError: no panel holds a point.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = [panel for panel in panels if panel.points]
    if not shown:
        raise NothingToShowError("no stored case has both a speed and an accuracy. Measure some: levit-bench run")
    with our_settings():
        figure = Figure(facecolor="white")
        FigureCanvasAgg(figure)
        looks = styles([*shown, *published])
        axes = lay_out(figure, shown, looks, published)
        every: list[Panel | PublishedPanel] = [*shown, *published]
        for ax, panel in zip(axes, every, strict=True):
            if isinstance(panel, PublishedPanel):
                _draw_published(ax, panel, looks)
            else:
                _draw_panel(ax, panel, looks)
        missing = sum(_name_points(ax, panel) for ax, panel in zip(axes, every, strict=True))
    return Drawn(figure, missing)


def save(figure: Figure, path: Path, source: str = "") -> None:
    """Write the figure as `.png`, `.svg` or `.pdf`, the same bytes for the same figure.

    Args:
        figure: what `draw` returned.
        path: its ending decides the format.
        source: where the numbers come from, kept in the file's metadata.

    Raises:
        StoreError: the file cannot be written.
    """
    kind = path.suffix.lstrip(".").lower()
    sources: dict[str, dict[str, Any]] = {
        "png": {"Source": source},
        "svg": {"Date": None, "Source": source},
        "pdf": {"CreationDate": None, "Subject": source},
    }
    # A light compression costs a tenth more bytes and saves a quarter of the time.
    options: dict[str, Any] = {"pil_kwargs": {"compress_level": 3}} if kind == "png" else {}
    try:
        with our_settings():
            figure.savefig(path, format=kind, dpi=DPI, metadata=sources.get(kind, {}), **options)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}. Name another folder.") from error


def our_settings() -> AbstractContextManager[None]:
    """The look of all figures, while one is drawn or saved."""
    import matplotlib

    return matplotlib.rc_context(cast("Any", SETTINGS))  # its keys are typed as literals


def _draw_panel(ax: Axes, panel: Panel, looks: dict[str, Style]) -> None:
    _draw_ties(ax, panel)
    _draw_front(ax, panel)
    groups: dict[tuple[Standing, Style], list[Point]] = {}
    for point in panel.points:
        groups.setdefault((point.standing, look_of(point, looks)), []).append(point)
    for standing in Standing:
        for look in looks.values():
            if group := groups.get((standing, look)):
                _draw_group(ax, group, look, panel.metric, _marker_pt(panel), INKS[standing])


def _draw_front(ax: Axes, panel: Panel) -> None:
    """The staircase, broken where the member that holds it up may be beaten."""
    ordered = sorted(panel.front, key=lambda point: point.latency.value)
    places = [xy(point, panel.metric) for point in ordered]
    held = zip(ordered, flights(places, panel.metric), strict=True)
    for standing, group in groupby(held, key=lambda one: one[0].standing):
        line = [corner for _, flight in group for corner in flight]
        _line(
            ax,
            line,
            color=GREY,
            linewidth=1.1,
            linestyle=LINES[standing],
            solid_capstyle="projecting",
            zorder=2,
            gid="front",
        )
    for reach in tails(places, panel.metric, ax.get_xlim(), ax.get_ylim()[0]):
        _line(ax, reach, color=GREY, linewidth=0.7, linestyle=DOTS, zorder=2, gid="tail")


def _draw_ties(ax: Axes, panel: Panel) -> None:
    """A pale band around each two that tie: those of one set run into one."""
    pairs = _tied(panel)
    if not pairs:
        return
    corners = [corner for one, other in pairs for corner in (one, other, GAP)]
    width = TIE_WIDTH * _marker_pt(panel)
    for colour, wider in ((TIE_EDGE, 1.2), (TIE_GROUND, 0.0)):
        _line(
            ax, corners, color=colour, linewidth=width + wider, solid_capstyle="round", marker="o",
            markersize=width + wider, markeredgewidth=0, zorder=1, gid="ties",
        )  # fmt: skip


def _tied(panel: Panel) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The places of each two that tie, once."""
    places = {point.label: xy(point, panel.metric) for point in panel.points}
    return [(places[p.label], places[other]) for p in panel.points for other in p.tied_with if p.label < other]


def _draw_published(ax: Axes, panel: PublishedPanel, looks: dict[str, Style]) -> None:
    """Hollow markers without bars; a dashed staircase only where a front was asked for."""
    metric = panel.metric
    if panel.front:
        corners = staircase([xy(point, metric) for point in panel.front], metric)
        _line(ax, corners, color=GREY, linewidth=1.1, linestyle=DASHES, zorder=2, gid="front")
    for look in looks.values():
        group = [point for point in panel.points if look_of(point, looks) is look]
        if group:
            _line(
                ax, [xy(point, metric) for point in group], linestyle="", marker=look.marker,
                markersize=_marker_pt(panel) * LARGER.get(look.marker, 1.0), markeredgewidth=1.0, zorder=4,
                markeredgecolor=look.colour, markerfacecolor="none", gid="published",
            )  # fmt: skip


def _marker_pt(panel: Panel | PublishedPanel) -> float:
    return MARKER_PT if len(panel.points) <= CROWD else CROWD_MARKER_PT


def _draw_group(ax: Axes, group: Sequence[Point], look: Style, metric: Metric, size: float, ink: Ink) -> None:
    """Bars and markers of one family, each as one line: a line is drawn many times faster than a collection."""
    bars = [(bar, point.accuracy.top1) for point in group if (bar := interval_of(point, metric))]
    corners = [corner for (low, high), y in bars for corner in ((low, y), (high, y), GAP)]
    if corners:
        _line(
            ax, corners, color=look.colour, alpha=ink.bar_alpha, linewidth=1.2, solid_capstyle="butt",
            zorder=ink.zorder - 1, gid="bars",
        )  # fmt: skip
    places = [xy(point, metric) for point in group]
    marker_pt = size * ink.larger * LARGER.get(look.marker, 1.0)
    _line(
        ax, places, linestyle="", marker=look.marker, markersize=marker_pt, **ink.marker(look.colour, size),
        zorder=ink.zorder, gid="points",
    )  # fmt: skip


def _line(ax: Axes, corners: Sequence[tuple[float, float]], **options: Any) -> None:  # noqa: ANN401 (matplotlib's)
    """What `plot` does, less the limits that it would compute: they are set."""
    from matplotlib.lines import Line2D

    xs, ys = zip(*corners, strict=True)
    ax.add_artist(Line2D(xs, ys, **options))


def _name_points(ax: Axes, panel: Panel | PublishedPanel) -> int:
    """Write names beside points; returns how many found no place."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    renderer = cast("Any", figure.canvas).get_renderer()
    wanted = _wanted(panel)
    if not wanted:
        return 0
    to_pt = 72 / figure.dpi
    texts = [
        ax.annotate(
            drawable(point.label), xy(point, panel.metric), (0, 0), textcoords="offset points", fontsize=LABEL_PT,
            color="#666666" if _is_pale(point) else "black", va="bottom", ha="left", zorder=9, gid="label",
            annotation_clip=False,  # every point lies within the axes, and to find that out takes long
        )
        for point in wanted
    ]  # fmt: skip
    extents = [text.get_window_extent(renderer) for text in texts]
    centres = ax.transData.transform([xy(point, panel.metric) for point in panel.points])
    radius = 0.55 * _marker_pt(panel) / to_pt + 1
    beyond = {p.label: (TIE_WIDTH - 1) / 2 * _marker_pt(panel) / to_pt for p in panel.points if _ties(p)}
    sizes = radius + np.array([[beyond.get(point.label, 0.0)] for point in panel.points])
    markers = np.hstack([centres - sizes, centres + sizes])
    anchors = ax.transData.transform([xy(point, panel.metric) for point in wanted])
    wishes = [
        Label(x, y, extent.width, extent.height, beyond.get(point.label, 0.0))
        for (x, y), extent, point in zip(anchors, extents, wanted, strict=True)
    ]
    frame = ax.get_window_extent(renderer)
    places = place(
        wishes,
        markers,
        _ink(ax, panel),
        (frame.x0, frame.y0, frame.x1, frame.y1),
        radius=radius,
        gap=LABEL_GAP_PT / to_pt,
    )
    for text, found, extent, anchor in zip(texts, places, extents, anchors, strict=True):
        if found is None:
            text.remove()
            continue
        # The extent need not start at the anchor (side bearings, descenders): move by the difference.
        text.set_position(((found.x - extent.x0) * to_pt, (found.y - extent.y0) * to_pt))
        if found.leader:
            ends = ax.transData.inverted().transform([anchor, found.leader])
            _line(ax, [(x, y) for x, y in ends], color="#999999", linewidth=0.5, zorder=1.5, gid="leader")
    return sum(found is None for found in places)


def _wanted(panel: Panel | PublishedPanel) -> list[Point | PublishedPoint]:
    """Points to name, the important first: the front, then what may be on it; of published figures, those that lead
    where measured.
    """
    marked = [point for point in panel.points if _is_marked(point)]
    if len(panel.points) > LABELS_ALL_UP_TO:
        return marked
    others = sorted((point for point in panel.points if not _is_marked(point)), key=_is_pale)
    return [*marked, *others]


def _ties(point: Point | PublishedPoint) -> bool:
    return isinstance(point, Point) and bool(point.tied_with)


def _is_marked(point: Point | PublishedPoint) -> bool:
    if isinstance(point, PublishedPoint):
        return point.leads if point.on_front is None else point.on_front
    return point.on_front


def _is_pale(point: Point | PublishedPoint) -> bool:
    return point.standing is Standing.BEATEN if isinstance(point, Point) else not _is_marked(point)


def _ink(ax: Axes, panel: Panel | PublishedPanel) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Segments that text should keep off, in display units: the staircase, the bars and what joins ties."""
    front = [xy(point, panel.metric) for point in panel.front]
    segments = [(*a, *b) for a, b in pairwise(staircase(front, panel.metric))]
    if isinstance(panel, Panel):
        segments += [(*a, *b) for a, b in tails(front, panel.metric, ax.get_xlim(), ax.get_ylim()[0])]
        segments += [(*a, *b) for a, b in _tied(panel)]
        segments += [
            (b[0], p.accuracy.top1, b[1], p.accuracy.top1) for p in panel.points if (b := interval_of(p, panel.metric))
        ]
    if not segments:
        return np.empty((0, 4))
    flat = np.array(segments)
    return np.hstack([ax.transData.transform(flat[:, :2]), ax.transData.transform(flat[:, 2:])])
