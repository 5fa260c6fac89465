"""The points of a panel as a table for a paper: Markdown, CSV and LaTeX, numbers in the digits of their intervals."""

from __future__ import annotations

import csv as csv_format
import io
from collections.abc import Sequence

from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.places import Standing
from levit_bench.numbers.units import format_count
from levit_bench.report.papers.digits import figures
from levit_bench.report.words.safe_text import LABEL_LIMIT, csv_cell, markdown_cell, shortened

HEADS = ("network", "top-1 (%)", "latency (ms)", "95 % CI", "images/s", "95 % CI", "parameters", "MACs", "front")
_PLACES = {Standing.MEMBER: "yes", Standing.OPEN: "undecided", Standing.BEATEN: "no"}
_ESCAPED = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


def rows(panel: Panel) -> list[tuple[str, ...]]:
    """A row a point, fastest first, in the order of `HEADS`; names as they are stored."""
    out: list[tuple[str, ...]] = []
    for point in panel.points:
        latency, rate = figures(point.latency, 1e-3), figures(point.throughput)
        out.append((
            point.label, f"{point.accuracy.top1:.1f}", latency.value, _limits(latency.low, latency.high), rate.value,
            _limits(rate.low, rate.high), format_count(point.params), format_count(point.macs), _PLACES[point.standing],
        ))  # fmt: skip
    return out


def markdown(panel: Panel) -> str:
    """A table of Markdown."""
    lines = [f"| {' | '.join(HEADS)} |", "|:--|" + "--:|" * (len(HEADS) - 2) + ":--|"]
    for name, *cells in rows(panel):
        lines.append(f"| {' | '.join([markdown_cell(name, LABEL_LIMIT), *cells])} |")
    return "\n".join(lines) + "\n"


def csv(panel: Panel) -> str:
    """Comma-separated values; text cannot become a formula."""
    out = io.StringIO()
    writer = csv_format.writer(out, lineterminator="\n")
    writer.writerow([*HEADS[:3], "latency 95 % CI (ms)", "images/s", "images/s 95 % CI", *HEADS[6:]])
    for name, *cells in rows(panel):
        writer.writerow([csv_cell(name), *cells])
    return out.getvalue()


def latex(panel: Panel, caption: str) -> str:
    """A table of LaTeX that needs the package booktabs.

    Args:
        panel: the panel.
        caption: in plain words.
    """
    heads = " & ".join(escaped(head) for head in HEADS)
    lines = [
        r"\begin{table}",
        rf"\caption{{{escaped(caption)}}}",
        r"\centering",
        rf"\begin{{tabular}}{{l{'r' * (len(HEADS) - 2)}l}}",
        r"\toprule",
        rf"{heads} \\",
        r"\midrule",
        *(rf"{' & '.join(escaped(shortened(cell, LABEL_LIMIT)) for cell in row)} \\" for row in rows(panel)),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Text that LaTeX sets as it is, whatever it holds."""
    return "".join(_ESCAPED.get(character, character) for character in text)


def _limits(low: str, high: str) -> str:
    return f"{low} to {high}" if low else "–"


def write_all(panels: Sequence[Panel], captions: Sequence[str]) -> dict[str, bytes]:
    """The tables of several panels by the kind of file, each panel under its caption."""
    pairs = list(zip(panels, captions, strict=True))
    return {
        "md": "\n".join(f"**{markdown_cell(caption, 300)}**\n\n{markdown(panel)}" for panel, caption in pairs).encode(),
        "csv": "\n".join(csv(panel) for panel in panels).encode(),
        "tex": "\n".join(latex(panel, caption) for panel, caption in pairs).encode(),
    }
