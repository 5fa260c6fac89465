"""What a report page is made from, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from levit_bench.judge.front.overlay import OverallPlace
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.points import Point
from levit_bench.judge.metrics import Metric
from levit_bench.judge.published.panels import PublishedPanel
from levit_bench.judge.scaling import Curve
from levit_bench.judge.trend.trend_report import Trend
from levit_bench.records import Finding, Record


class SessionFile(NamedTuple):
    """The file of a session."""

    name: str
    """Within its store: the machine's folder and the file, without any folder of this machine."""
    store: str
    """The store as a command line names it; empty for the usual one."""
    lines: Mapping[str, int]
    """Line of each case, from 1, by its id."""


class ValuePlaces(NamedTuple):
    """The places of points of several values of an axis among each other, by the metric that orders them."""

    overall: Mapping[Metric, Mapping[str, OverallPlace]]
    """Of every point, by the id of its case."""
    fastest: Mapping[Metric, Mapping[str, Point]]
    """Of each network in the value in which it is fastest, by the id of that case."""


class PageContents(NamedTuple):
    """Everything that the page shows."""

    panels: tuple[Panel, ...]
    """Ordered by latency, also those without a point; labels are unique over all of them."""
    by_rate: tuple[Panel, ...]
    """The same ordered by throughput."""
    among: Mapping[object, Mapping[str, ValuePlaces]]
    """By the key of a panel and an axis, the places of its points beside those of the other values of the axis, where
    all are of one session."""
    records: tuple[Record, ...]
    """Of all sessions, the reference cases included."""
    files: Mapping[str, SessionFile]
    """By the name of the session."""
    curves: tuple[Curve, ...] = ()
    """Speed-up by threads and streams."""
    published: tuple[PublishedPanel, ...] = ()
    """Published figures, to be shown hollow."""
    findings: tuple[Finding, ...] = ()
    """About the files."""
    trend: Trend | None = None
    """Of the sessions, or of the store that they were added to; absent where no case was measured in two."""
    store: tuple[str, ...] = ()
    """Options that name the store in a command line."""
