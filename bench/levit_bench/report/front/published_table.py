"""Published figures as tables: for a terminal, for Markdown, and as rows below the measured ones.

They have no intervals, since none are published.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.judge.published.panels import PublishedPanel, PublishedPoint
from levit_bench.numbers.units import format_count, format_latency, significant
from levit_bench.report.words.safe_text import markdown_cell, shortened
from levit_bench.report.words.setting import published_line

if TYPE_CHECKING:
    from rich.table import Table

SHOWN_UP_TO = 200
"""Points a panel that a terminal shows; of more, the front alone where there is one. The files have every point."""


def published_table(panel: PublishedPanel) -> Table:
    """One published panel as a rich table that fits 80 columns."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    has_front = any(point.on_front is not None for point in panel.points)
    shown = panel.points[:SHOWN_UP_TO]
    if has_front and len(panel.points) > SHOWN_UP_TO:
        shown = panel.front
    hidden_count = len(panel.points) - len(shown)
    out = FittedTable(
        title=Text(published_line(panel)),
        caption=Text(f"{hidden_count} more are in front.csv and front.md") if hidden_count > 0 else None,
    )
    out.add_column("network", overflow="fold")
    out.add_column("top-1", justify="right", no_wrap=True)
    out.add_column("latency", justify="right", no_wrap=True)
    out.add_column("±", justify="right", no_wrap=True)
    out.add_column("img/s", justify="right", no_wrap=True)
    last = "dominated by" if has_front else "accuracy from"
    out.add_column(last, overflow="fold")
    for point in shown:
        words = (_place(point) or "") if has_front else _accuracy_source(point)
        out.add_row(Text(shortened(point.label)), *_figures(point), Text(shortened(words), style="dim"))
    return out


def published_markdown(panels: Sequence[PublishedPanel]) -> str:
    """Every published panel as a Markdown table under a line that names its file."""
    parts = []
    for panel in panels:
        has_front = any(point.on_front is not None for point in panel.points)
        lines = [
            f"**{markdown_cell(published_line(panel), 400)}**",
            "",
            "| network | top-1 | latency | interval | images/s | parameters | MACs | accuracy from |"
            + (" place |" if has_front else ""),
            "|:--|--:|--:|--:|--:|--:|--:|:--|" + (":--|" if has_front else ""),
        ]
        for point in panel.points:
            cells = [
                markdown_cell(point.label, 80),
                *_figures(point),
                format_count(point.params),
                format_count(point.macs),
                markdown_cell(point.accuracy.source, 160),
            ]
            if has_front:
                cells.append(f"dominated by {markdown_cell(_place(point) or '')}" if point.dominated_by else "front")
            lines.append(f"| {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def published_cells(panels: Sequence[PublishedPanel]) -> list[dict[str, object]]:
    """Every published point by the names of columns of `levit_bench.report.front.table`; columns without a published
    figure are left out.
    """
    return [
        {
            "network": point.model, "resolution": point.resolution, "family": point.family,
            "top1_percent": point.accuracy.top1, "latency_s": point.latency_s, "images_per_s": point.throughput,
            "method": "published", "on_front": point.on_front, "dominated_by": point.dominated_by,
            "params": point.params, "macs": point.macs, "label": point.label,
            "accuracy_source": point.accuracy.source, "accuracy_set": point.accuracy.dataset,
            "accuracy_images": point.accuracy.images, "accuracy_classes": point.accuracy.classes,
            "machine": facts.machine, "device": facts.device, "batch": panel.batch,
            "runtime": facts.compiled, "precision": facts.precision, "torch": facts.torch,
            "kind": "published", "source": panel.file,
        }
        for panel, facts in ((panel, panel.name_facts) for panel in panels)
        for point in panel.points
    ]  # fmt: skip


def _figures(point: PublishedPoint) -> tuple[str, str, str, str]:
    return (
        f"{point.accuracy.top1:.1f}",
        format_latency(point.latency_s),
        "–",
        significant(point.throughput),
    )


def _accuracy_source(point: PublishedPoint) -> str:
    """The source of an accuracy: the tag of the weights first, since a narrow column cuts the end off."""
    file, _, model = point.accuracy.source.rpartition(", ")
    return f"{point.model.partition('.')[2]}, {file}" if file and model == point.model else point.accuracy.source


def _place(point: PublishedPoint) -> str | None:
    """The place among published figures, where a front was computed."""
    return "○ front" if point.on_front else point.dominated_by
