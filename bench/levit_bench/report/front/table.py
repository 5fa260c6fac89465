"""Fronts as tables: for a terminal, for Markdown, for spreadsheets and for pandas."""

from __future__ import annotations

import csv as csv_format
import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from levit_bench.axes import IMAGES
from levit_bench.catalog.image_sets import set_of
from levit_bench.judge.comparability import FIELDS_OF_SETTING, columns
from levit_bench.judge.front.overlay import Overlay
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.places import SURE, Standing
from levit_bench.judge.front.points import Point
from levit_bench.judge.front.ties import ALMOST, DIGITS
from levit_bench.judge.metrics import Metric
from levit_bench.judge.published.panels import PublishedPanel
from levit_bench.libraries import require
from levit_bench.numbers.units import counted, format_count, format_latency, significant
from levit_bench.records import Accuracy, Estimate, Finding, Record
from levit_bench.report.front.published_table import published_cells
from levit_bench.report.words.findings import plain
from levit_bench.report.words.panel_names import PanelNames
from levit_bench.report.words.safe_text import LABEL_LIMIT, csv_cell, distinct, markdown_cell, shortened

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

WIDEST = 10.0
"""Share from which on an interval is only said to be wider: two runs may give one of any number of digits."""
ALL_UP_TO = 200
"""Points a panel up to which a terminal shows all of them; the files always do."""
TIES_NAMED = 2
"""Ties of a point that a table names; of more it gives the number, and `front.csv` names all."""
_FIELDS = tuple(name for name in FIELDS_OF_SETTING if name != "side")
"""Fields of a setting but the side of a gate, whose cases have no place on a front."""
COLUMNS = (
    "network", *(axis.name for axis in IMAGES), "family", "top1_percent",
    "latency_s", "latency_low_s", "latency_high_s",
    "images_per_s", "images_per_s_low", "images_per_s_high", "level", "runs", "method", "on_front",
    "standing", "rival", "front_chance", "tied_with", "dominated_by", "params", "macs", "label", "accuracy_source",
    "accuracy_set", "accuracy_images", "accuracy_classes",
    "sessions", *_FIELDS, "kind", "source",
)  # fmt: skip
"""Columns of the CSV file and the data frame; units in the names, latencies are of one batch. None, in the CSV file
nothing, is what is not known, or a limit that the data cannot give.

`tied_with` has labels between semicolons. `kind` is `measured` or `published`; `source` names the file of a published
figure, which has no interval and no session.
"""
OVERLAY_COLUMNS = ("overlay_on_front", "overlay_standing")
"""Further columns of a page with an overlay: the place among the points of all its values, None where the panels are of
several sessions.
"""


def instead(record: Record, why: Finding) -> str:
    """The word in place of a time: the case's outcome, or the kind of the finding that leaves it without a time."""
    return why.kind if record.outcome == "done" else record.outcome


def plus_minus(estimate: Estimate) -> str:
    """The wider half of the interval as a share of the value: `± 2.1 %`; `± ∞` when the data cannot bound it."""
    if not math.isfinite(estimate.high):
        return "± ∞"
    share = max(estimate.high / estimate.value - 1, 1 - estimate.low / estimate.value)
    if share > WIDEST:
        return f"> {100 * WIDEST:.0f} %"
    return f"± {significant(100 * share, 2)} %" if share >= 1e-4 else "< 0.01 %"


def table(panel: Panel, called: PanelNames | None = None) -> Table:
    """One panel as a rich table that fits 80 columns, long names on several lines.

    Of more than `ALL_UP_TO` points it shows the front alone, and the number of the others. `called` has the names of
    all panels of the page.
    """
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    out = FittedTable(
        title=Text((called or PanelNames([panel])).line(panel)),
        caption=Text(caption) if (caption := _caption(panel)) else None,
    )
    level = f"{100 * panel.points[0].latency.level:.0f} %" if panel.points else ""
    out.add_column("network", overflow="fold")
    speeds = ("latency", level, "img/s") if panel.metric == "latency" else ("img/s", level, "latency")
    for name in ("top-1", *speeds):
        out.add_column(name, justify="right", no_wrap=True)
    out.add_column("dominated by", overflow="fold")
    names = distinct(point.label for point in panel.points)
    for point in panel.points if len(panel.points) <= ALL_UP_TO else panel.front:
        sure = "● front" if point.on_front else names[point.dominated_by or point.label]
        words = Text(_place(point, names, sure), style="" if point.on_front else "dim")
        out.add_row(
            Text(names[point.label], style="bold" if point.on_front else ""), *_figures(point, panel.metric), words
        )
    return out


def markdown(panels: Sequence[Panel], called: PanelNames | None = None) -> str:
    """Every panel as a Markdown table under a line that states its setting."""
    called = called or PanelNames(panels)
    parts = []
    for panel in panels:
        names = {point.label: markdown_cell(point.label, LABEL_LIMIT) for point in panel.points}
        speeds = "latency | 95 % | images/s" if panel.metric == "latency" else "images/s | 95 % | latency"
        lines = [
            f"**{markdown_cell(called.line(panel), 300)}**",
            "",
            f"| network | top-1 | {speeds} | parameters | MACs | place |",
            "|:--|--:|--:|--:|--:|--:|--:|:--|",
        ]
        for point in panel.points:
            sure = "**front**" if point.on_front else f"dominated by {names[point.dominated_by or point.label]}"
            place = _place(point, names, sure)
            counts = (format_count(point.params), format_count(point.macs))
            lines.append(f"| {' | '.join([names[point.label], *_figures(point, panel.metric), *counts, place])} |")
        if caption := _caption(panel):
            lines += ["", f"{markdown_cell(caption, 300)}."]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def csv(panels: Sequence[Panel], published: Sequence[PublishedPanel] = (), overlays: Sequence[Overlay] = ()) -> str:
    """Every point as a line of comma-separated values, unrounded; text cannot become a formula."""
    out = io.StringIO()
    writer = csv_format.writer(out, lineterminator="\n")
    writer.writerow(_columns(overlays))
    for row in _rows(panels, published, overlays):
        writer.writerow([csv_cell(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue()


def frame(
    panels: Sequence[Panel], published: Sequence[PublishedPanel] = (), overlays: Sequence[Overlay] = ()
) -> pd.DataFrame:
    """Every point as a row of a data frame, names as they were stored."""
    require("pandas", "make a data frame")
    import pandas as pd

    return pd.DataFrame(_rows(panels, published, overlays), columns=list(_columns(overlays)))


def rows(
    panels: Sequence[Panel],
    published: Sequence[PublishedPanel] = (),
    moved: Mapping[object, Mapping[str, tuple[str, float | None]]] | None = None,
    overlays: Sequence[Overlay] = (),
) -> list[dict[str, object]]:
    """Every point as a dictionary, unrounded, with the findings about it and about its sessions.

    A limit that the data cannot give is None; `tied_with` is a list. `move` and `move_chance` are the change of place
    against the base panel, as `levit_bench.report.front.changes.documents` returns it; None without one.
    """
    points = [(panel, point) for panel in panels for point in panel.points]
    out: list[dict[str, object]] = []
    for number, row in enumerate(_rows(panels, published, overlays)):
        cells: dict[str, object] = dict(zip(_columns(overlays), row, strict=True))
        tied, findings = [], []
        move: tuple[str | None, float | None] = (None, None)
        if number < len(points):
            panel, point = points[number]
            tied, findings = [*point.tied_with], plain((*panel.findings, *point.findings))
            move = (moved or {}).get(panel.key, {}).get(point.label, move)
        judgement = {"tied_with": tied, "move": move[0], "move_chance": move[1], "findings": findings}
        out.append({**cells, **judgement})
    return out


def _figures(point: Point, metric: Metric) -> tuple[str, str, str, str]:
    """Cells of a point: top-1, the panel's metric with its interval, the other metric."""
    top1, time, rate = f"{point.accuracy.top1:.1f}", point.latency, point.throughput
    if metric == "latency":
        return top1, format_latency(time.value), plus_minus(time), significant(rate.value)
    return top1, significant(rate.value), plus_minus(rate), format_latency(time.value)


def _place(point: Point, names: Mapping[str, str], sure: str) -> str:
    """A place in words, with its probability where it is undecided and the probability is known, and its ties."""
    place = sure
    if point.standing is Standing.OPEN:
        chance = None if point.chance is None else f"{min(max(point.chance, 0.01), 0.99):.0%} front"
        place = f"◐ undecided, {chance or 'too few runs'}"
        if point.dominated_by is not None:
            place += f", {'else' if chance else 'measured below'} {names[point.dominated_by]}"
    if not point.tied_with:
        return place
    tied_names = [names[label] for label in point.tied_with if label != point.dominated_by]
    ties = (["it"] if len(tied_names) < len(point.tied_with) else []) + tied_names
    more = [f"{len(ties) - TIES_NAMED} more"] if len(ties) > TIES_NAMED else []
    return f"{place}, tied with {' and '.join([', '.join(ties[:TIES_NAMED]), *more])}"


def _caption(panel: Panel) -> str:
    """Notes below the table: confidence of the places, ties, few runs, and excluded cases."""
    notes = []
    if len(panel.points) > ALL_UP_TO:
        hidden_count = len(panel.points) - len(panel.front)
        are = "is" if hidden_count == 1 else "are"
        notes.append(f"{counted(hidden_count, 'dominated network')} {are} in front.csv and front.md")
    if panel.points:
        over = "across sessions" if panel.yardstick_s is not None else "in this session"
        notes.append(f"places by speed at the published top-1, {100 * SURE:.0f} % sure {over} unless undecided")
    if any(point.tied_with for point in panel.points):
        notes.append(
            f"tied: at most {ALMOST / 10**DIGITS:g} apart in top-1, which is faster is open, and one is undecided"
        )
    few_runs = sum(1 for point in panel.points for finding in point.findings if finding.kind == "too-few-runs")
    if few_runs:
        notes.append(f"{few_runs} of {len(panel.points)} with too few runs for an interval worth the name")
    if panel.yardstick_s is not None:
        notes.append(f"{counted(len(panel.origins), 'session')} joined by {shortened(panel.setting.yardstick)}")
    if panel.excluded:
        reasons = {out.reason.partition(":")[0] for out in panel.excluded}
        why = f": {shortened(reasons.pop(), 60)}" if len(reasons) == 1 and not panel.points else ""
        notes.append(f"{len(panel.excluded)} left out{why}")
    return "; ".join(notes)


def _set_of(accuracy: Accuracy) -> tuple[str, int, int | None]:
    """Name, images and classes of an accuracy's set of images, the name as it was stated."""
    image_set = set_of(accuracy)
    return image_set.name, image_set.images, image_set.classes


def _limits(estimate: Estimate) -> tuple[float | None, float | None]:
    """Both limits, or None for both where the data cannot bound the value."""
    return (estimate.low, estimate.high) if math.isfinite(estimate.high) else (None, None)


def _columns(overlays: Sequence[Overlay]) -> tuple[str, ...]:
    return (*COLUMNS, *OVERLAY_COLUMNS) if overlays else COLUMNS


def _rows(
    panels: Sequence[Panel], published: Sequence[PublishedPanel] = (), overlays: Sequence[Overlay] = ()
) -> list[tuple[object, ...]]:
    overall = {panel.key: overlay.overall for overlay in overlays for panel in overlay.panels}
    out: list[tuple[object, ...]] = []
    for panel in panels:
        fields = columns(panel.setting)
        for p in panel.points:
            t, i = p.latency, p.throughput
            place = overall.get(panel.key, {}).get(p.case.id)
            among_all = (None, None) if place is None else (place.on_front, place.standing.value)
            # Weights of model files are no setting of their own.
            shared = tuple(p.case.weights if name == "weights" else fields[name] for name in _FIELDS)
            out.append((
                p.case.network, *(p.case.cell(axis.name) for axis in IMAGES), p.family, p.accuracy.top1,
                t.value, *_limits(t), i.value, *_limits(i), t.level, t.n, t.method,
                p.on_front, p.standing.value, p.rival, p.chance,
                "; ".join(p.tied_with), p.dominated_by, p.params, p.macs, p.label, p.accuracy.source,
                *_set_of(p.accuracy), " ".join(p.sessions), *shared, "measured", None, *(among_all if overlays else ()),
            ))  # fmt: skip
    out += [tuple(cells.get(name) for name in _columns(overlays)) for cells in published_cells(published)]
    return out
