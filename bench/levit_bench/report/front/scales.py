"""Scales of a figure: limits of the axes, which panels share them, and where the ticks are.

Accuracy has one scale everywhere. Measured panels share their scale of speed, also with those of other pages, unless
their machines' speeds do not overlap; published ones never share it with measured ones: each has its own, or that of
the others with its batch size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.points import Point
from levit_bench.judge.metrics import Metric
from levit_bench.judge.published.panels import PublishedPanel, PublishedPoint
from levit_bench.report.front.styles import interval_of, xy


def speeds(panel: Panel | PublishedPanel, panels: Sequence[Panel | PublishedPanel]) -> tuple[float, float]:
    """Limits of a panel's axis of speed, over those of `panels` that share its scale."""
    alike_panels = [neighbour for neighbour in panels if _scale(neighbour) == _scale(panel)]
    if isinstance(panel, Panel):
        group = next((group for group in ranges(panels) if panel in group), [panel])
        alike_panels = [*group]
    return _speed_limits([point for neighbour in alike_panels for point in neighbour.points], panel.metric)


def ranges(panels: Sequence[Panel | PublishedPanel]) -> list[list[Panel]]:
    """The measured panels in groups of one scale of speed: machines whose speeds lie apart have scales of their own.

    One scale for all of them would press the panels of each into a corner.
    """
    machines: dict[tuple[str, str], list[Panel]] = {}
    for panel in panels:
        if isinstance(panel, Panel) and panel.points:
            machines.setdefault((panel.machine.id, panel.setting.gpu or ""), []).append(panel)
    spans = [(*_span(group), group) for group in machines.values()]
    out: list[list[Panel]] = []
    reached = 0.0
    for low, high, group in sorted(spans, key=lambda span: span[:2]):
        if out and low <= reached:
            out[-1].extend(group)
        else:
            out.append([*group])
        reached = max(reached, high)
    return out


def _span(panels: Sequence[Panel]) -> tuple[float, float]:
    """The lowest and the highest speed of panels."""
    values = [xy(point, panel.metric)[0] for panel in panels for point in panel.points]
    return min(values), max(values)


def accuracies(panels: Sequence[Panel | PublishedPanel]) -> tuple[float, float]:
    """Limits of every panel's axis of top-1."""
    return _top1_limits([point for panel in panels for point in panel.points])


def alike(page: Sequence[Panel], panels: Sequence[Panel]) -> list[Panel]:
    """The panels of all pages that share their scale of speed with a page: latencies only those of its batch sizes,
    since times of sixteen images would compress those of one image.
    """
    batches = {panel.setting.case.batch for panel in page}
    return [panel for panel in panels if panel.metric == "throughput" or panel.setting.case.batch in batches]


def _scale(panel: Panel | PublishedPanel) -> int:
    """Key of a panel's scale of speed: measured panels share one, published panels one a batch size."""
    return panel.batch if isinstance(panel, PublishedPanel) else 0


def ticks(low: float, high: float) -> list[float]:
    """Tick values between two limits of a logarithmic axis: 1-2-5, thinner over many decades, denser within one."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)):
        marks = [step * 10.0**k for k in decades for step in steps if low <= step * 10.0**k <= high]
        if len(marks) >= 4 or (steps == (1, 2, 5) and len(marks) == 3):
            return marks
    return [float(value) for value in np.linspace(low, high, 5)[1:-1]] if len(marks) < 2 else marks


def _speed_limits(points: Sequence[Point | PublishedPoint], metric: Metric) -> tuple[float, float]:
    """Limits of speed; bars may extend them by at most a factor of 1.5."""
    xs = [xy(point, metric)[0] for point in points]
    low, high = min(xs), max(xs)
    bars = [bar for point in points if isinstance(point, Point) and (bar := interval_of(point, metric))]
    left = max(min([low, *(a for a, _ in bars)]), low / 1.5)
    right = min(max([high, *(b for _, b in bars)]), high * 1.5)
    pad = max((right / left) ** 0.06, 1.06)
    return left / pad, right * pad


def _top1_limits(points: Sequence[Point | PublishedPoint]) -> tuple[float, float]:
    """Limits of top-1."""
    ys = [point.accuracy.top1 for point in points]
    rise = max((max(ys) - min(ys)) * 0.09, 0.3)
    return min(ys) - rise, min(max(ys) + rise, 100.0 + rise)
