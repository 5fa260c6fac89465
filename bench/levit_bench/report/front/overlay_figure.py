"""The figure of overlays: each value with a colour, a shape and a staircase of its own, in one pair of axes.

A network is a row: its points of all values lie at its top-1. So it is named once, at its fastest point on a front, and
a pale line joins its points. What is on no front is small and pale, and left out in a crowd.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from levit_bench.command_lines import measuring_line
from levit_bench.errors import NothingToShowError
from levit_bench.judge.front.overlay import Overlay
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.places import SURE, Standing
from levit_bench.judge.front.points import Point
from levit_bench.report.front.figure import GAP, Drawn, our_settings
from levit_bench.report.front.label_placement import BETWEEN, Boxes
from levit_bench.report.front.layout import lay_out
from levit_bench.report.front.legend import WORDS, LegendEntries, entry, standing_entries
from levit_bench.report.front.point_names import PointName, points_per_pixel, write_names
from levit_bench.report.front.staircase import flights, staircase
from levit_bench.report.front.styles import (
    INKS,
    LARGER,
    LINES,
    MARKER_PT,
    MARKERS,
    PALETTE,
    Style,
    interval_of,
    line,
    xy,
)
from levit_bench.report.words.overlay_values import all_values, front_over_all, values_of
from levit_bench.report.words.panel_names import PanelNames
from levit_bench.report.words.safe_text import LABEL_LIMIT, NAME_LIMIT, drawable
from levit_bench.report.words.setting import shared_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CROWD = 150
"""Points of a pair of axes beyond which those on no front are left out."""
SMALL_PT = 3.2
"""Size of a marker that is on no front."""
PALE = 0.45
"""Opacity of one."""
OUTER, OUTER_PT = "#F2E2B0", 7.0
"""Colour and width of the band along the front over all values."""
HIDDEN = 0.6
"""Share of a marker's size: nearer to the next one's middle, it is hidden under that."""
PEEK = 0.45
"""Share of a marker's size by which one grows for each that hides it, so that its rim is seen around them."""
ROW = "#D9D9D9"
"""Colour of the line that joins the points of a network."""
DIRECTIONS = ((-1, 1), (-1, 0), (0, 1), (1, 0), (1, -1), (1, 1), (-1, -1), (0, -1), *BETWEEN)
"""From a point to its name: first to the upper left, where a front leaves room; for throughput mirrored."""


def draw_overlays(overlays: Sequence[Overlay], *, among: Sequence[Overlay] = (), heading: str = "") -> Drawn:
    """The figure, one pair of axes an overlay, all with the same scales.

    Args:
        overlays: those of the page.
        among: those of all pages, when this is one of several: values look the same on all of them.
        heading: a line above the page.

    Raises:
        NothingToShowError: no overlay holds a point.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if not overlays:
        raise NothingToShowError(f"no stored case has both a speed and an accuracy. Measure some: {measuring_line()}")
    with our_settings():
        figure = Figure(facecolor="white")
        FigureCanvasAgg(figure)
        looks = _looks(among or overlays)
        axes = lay_out(
            figure,
            [overlay.together for overlay in overlays],
            _entries(looks, overlays),
            PanelNames([overlay.together for overlay in overlays]),
            words=shared_words([panel for overlay in overlays for panel in overlay.panels]),
            among=[overlay.together for overlay in among],
            heading=heading,
        )
        for ax, overlay in zip(axes, overlays, strict=True):
            _draw(ax, overlay, looks)
        missing = sum(_name(ax, overlay) for ax, overlay in zip(axes, overlays, strict=True))
    return Drawn(figure, missing)


def _looks(overlays: Sequence[Overlay]) -> dict[str, Style]:
    """A colour and a shape for each value, the same in all axes."""
    values = all_values(overlays)
    return {value: Style(PALETTE[at % len(PALETTE)], MARKERS[at % len(MARKERS)]) for at, value in enumerate(values)}


def _entries(looks: dict[str, Style], overlays: Sequence[Overlay]) -> LegendEntries:
    words = {word for overlay in overlays for word in values_of(overlay).values()}
    values = [
        entry(
            linestyle="solid", linewidth=1.3, marker=look.marker, color=look.colour, markersize=MARKER_PT,
            markeredgecolor="white", markeredgewidth=0.7, label=drawable(value),
        )
        for value, look in looks.items() if value in words
    ]  # fmt: skip
    member = f"on the front of its {' and '.join(overlays[0].axes)} ({100 * SURE:.0f} %)"
    marks = standing_entries(
        [overlay.together for overlay in overlays], WORDS | {Standing.MEMBER: member.replace("threads", "thread count")}
    )
    overall = {overlay.overall[point.case.id].standing for overlay in overlays for _, point in overlay.front}
    for standing in (Standing.MEMBER, Standing.OPEN):
        if standing in overall:
            undecided = ", undecided" if standing is Standing.OPEN else ""
            label = f"{front_over_all(overlays)}{undecided}"
            marks.append(entry(**_band(standing), label=label))
    return LegendEntries(values, marks)


def _draw(ax: Axes, overlay: Overlay, looks: dict[str, Style]) -> None:
    metric, words = overlay.together.metric, values_of(overlay)
    outer = sorted((point for _, point in overlay.front), key=lambda p: xy(p, metric)[0], reverse=_is_rate(overlay))
    steps = zip(outer, flights([xy(point, metric) for point in outer], metric), strict=True)
    for standing, group in groupby(steps, key=lambda step: overlay.overall[step[0].case.id].standing):
        corners = [corner for _, flight in group for corner in flight]
        line(ax, corners, **_band(standing), zorder=1, gid="overall")
    for points in _rows(overlay):
        line(ax, [xy(point, metric) for point in points], color=ROW, linewidth=0.8, zorder=1.4, gid="row")
    hidden = _hidden(ax, overlay)
    for panel in overlay.panels:
        look = looks[words[panel.key]]
        _draw_front(ax, panel, look, hidden)
        if len(overlay.together.points) <= CROWD:
            _draw_others(ax, panel, look)


def _is_rate(overlay: Overlay) -> bool:
    """Whether more to the right is faster."""
    return overlay.together.metric == "throughput"


def _band(standing: Standing) -> dict[str, Any]:
    """Options of the band along the front over all values: broken where the member that holds it up is undecided."""
    linestyle: Any = (0, (0.7, 0.35)) if standing is Standing.OPEN else "solid"
    return {
        "color": OUTER, "linewidth": OUTER_PT, "linestyle": linestyle, "solid_capstyle": "butt",
        "dash_capstyle": "butt", "solid_joinstyle": "miter",
    }  # fmt: skip


def _hidden(ax: Axes, overlay: Overlay) -> dict[str, int]:
    """How many markers that are drawn later hide that of a point, by the id of its case; those that are seen are left
    out.
    """
    metric = overlay.together.metric
    near = HIDDEN * MARKER_PT / points_per_pixel(ax)
    ordered = [point for panel in overlay.panels for point in panel.front]
    ordered.sort(key=lambda point: INKS[point.standing].zorder)
    centres = ax.transData.transform([xy(point, metric) for point in ordered]) if ordered else np.empty((0, 2))
    covers = {
        point.case.id: int((np.hypot(*(centres[at + 1 :] - centres[at]).T) < near).sum())
        for at, point in enumerate(ordered)
    }
    return {case: number for case, number in covers.items() if number}


def _draw_front(ax: Axes, panel: Panel, look: Style, hidden: Mapping[str, int]) -> None:
    """The staircase of a value, dashed at members that are undecided, with bars and markers; hidden ones are larger."""
    metric = panel.metric
    ordered = sorted(panel.front, key=lambda point: xy(point, metric)[0], reverse=metric == "throughput")
    steps = zip(ordered, flights([xy(point, metric) for point in ordered], metric), strict=True)
    for standing, group in groupby(steps, key=lambda step: step[0].standing):
        corners = [corner for _, flight in group for corner in flight]
        line(ax, corners, color=look.colour, linewidth=1.3, linestyle=LINES[standing], zorder=2, gid="front")
    bars = [(bar, point.accuracy.top1) for point in ordered if (bar := interval_of(point, metric))]
    if bars:
        corners = [corner for (low, high), y in bars for corner in ((low, y), (high, y), GAP)]
        line(ax, corners, color=look.colour, alpha=0.6, linewidth=1.0, solid_capstyle="butt", zorder=3, gid="bars")
    groups: dict[tuple[Standing, int], list[tuple[float, float]]] = {}
    for point in ordered:
        groups.setdefault((point.standing, hidden.get(point.case.id, 0)), []).append(xy(point, metric))
    for (standing, number), places in groups.items():
        ink, size = INKS[standing], MARKER_PT * LARGER.get(look.marker, 1.0) * (1 + PEEK * number)
        line(
            ax, places, linestyle="", marker=look.marker, markersize=size, **ink.marker(look.colour),
            zorder=ink.zorder, gid="points",
        )  # fmt: skip


def _draw_others(ax: Axes, panel: Panel, look: Style) -> None:
    """What is not on the front of its value: small and pale, half where it may be."""
    for standing in Standing:
        ink = INKS[standing]
        places = [xy(p, panel.metric) for p in panel.points if not p.on_front and p.standing is standing]
        if places:
            options = ink.marker(look.colour, SMALL_PT) | {"alpha": PALE, "markeredgewidth": 0.7}
            size = SMALL_PT * LARGER.get(look.marker, 1.0)
            line(
                ax, places, linestyle="", marker=look.marker, markersize=size, **options, zorder=1.6, gid="others"
            )  # fmt: skip


def _rows(overlay: Overlay) -> list[list[Point]]:
    """The points of each network that is on the front of a value, from the left to the right."""
    metric = overlay.together.metric
    networks: dict[object, list[Point]] = {}
    for point in overlay.together.points:
        networks.setdefault((point.case.network, point.case.shape), []).append(point)
    crowd = len(overlay.together.points) > CROWD
    rows = []
    for points in networks.values():
        if any(point.on_front for point in points):
            shown = [point for point in points if point.on_front or not crowd]
            rows.append(sorted(shown, key=lambda point: xy(point, metric)[0]))
    return rows


def _name(ax: Axes, overlay: Overlay) -> int:
    """Name each network that is on a front once, at its fastest point on one; returns the number without a place."""
    metric, points = overlay.together.metric, overlay.together.points
    fastest = [min((p for p in row if p.on_front), key=lambda p: p.seconds(metric).value) for row in _rows(overlay)]
    overall = {case for case, place in overlay.overall.items() if place.on_front}
    fastest.sort(key=lambda point: (point.case.id not in overall, point.seconds(metric).value))
    names = [PointName(drawable(point.label, _limit(point)), xy(point, metric), "black") for point in fastest]
    names += [
        PointName(drawable(point.label, _limit(point)), xy(point, metric), "#888888") for point in _slowest(overlay)
    ]
    radius = 0.55 * MARKER_PT / points_per_pixel(ax) + 1
    marked = [point for point in points if point.on_front or len(points) <= CROWD]
    centres = ax.transData.transform([xy(point, metric) for point in marked])
    small = 0.55 * SMALL_PT / points_per_pixel(ax) + 1
    larger = _hidden(ax, overlay)
    sizes = np.array(
        [[radius * (1 + PEEK * larger.get(point.case.id, 0)) if point.on_front else small] for point in marked]
    )
    directions = tuple((-x, y) for x, y in DIRECTIONS) if _is_rate(overlay) else DIRECTIONS
    return write_names(
        ax, names, np.hstack([centres - sizes, centres + sizes]), _lines(ax, overlay), radius, directions
    )


def _slowest(overlay: Overlay) -> list[Point]:
    """The slowest point of each network that is on no front; none in a crowd, which leaves them out."""
    points = overlay.together.points
    on_a_front = {(point.case.network, point.case.shape) for point in points if point.on_front}
    slowest: dict[object, Point] = {}
    for point in sorted(points, key=lambda point: -point.seconds(overlay.together.metric).value):
        if (point.case.network, point.case.shape) not in on_a_front and len(points) <= CROWD:
            slowest.setdefault((point.case.network, point.case.shape), point)
    return list(slowest.values())


def _limit(point: Point) -> int:
    """Number of characters to show: a label of the user's is shown whole."""
    return NAME_LIMIT if point.label.startswith(point.case.network) else LABEL_LIMIT


def _lines(ax: Axes, overlay: Overlay) -> Boxes:
    """Segments that names should keep off, in display units: the staircases, the rows and the bars."""
    metric = overlay.together.metric
    segments = [
        (*start, *end)
        for panel in overlay.panels
        for start, end in pairwise(staircase([xy(point, metric) for point in panel.front], metric))
    ]
    segments += [(*xy(row[0], metric), *xy(row[-1], metric)) for row in _rows(overlay)]
    fronts = [point for panel in overlay.panels for point in panel.front]
    bars = [(interval_of(point, metric), point.accuracy.top1) for point in fronts]
    segments += [(bar[0], y, bar[1], y) for bar, y in bars if bar]
    flat = np.array(segments)
    return np.hstack([ax.transData.transform(flat[:, :2]), ax.transData.transform(flat[:, 2:])])
