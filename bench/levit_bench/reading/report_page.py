"""The report page of stored results: everything that it shows, computed once for the command line and for Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.catalog.timm_results import read_all
from levit_bench.command_lines import USUAL_STORE, command_line
from levit_bench.errors import NotComparableError, NothingToShowError
from levit_bench.judge.front.labelled_alike import labelled_alike
from levit_bench.judge.front.overlay import OVERLAY_AXES, Overlay, fastest_of_each, overlays
from levit_bench.judge.front.panels import Panel, of_set, panels
from levit_bench.judge.published.accuracies import complete
from levit_bench.judge.published.panels import published_panels
from levit_bench.judge.scaling import Curve, scaling
from levit_bench.paths.whole_files import make_folder, write_whole
from levit_bench.reading.front_page import PublishedChoice
from levit_bench.reading.session_choice import SessionChoice, chosen_files
from levit_bench.reading.trend import trend
from levit_bench.report.page.assembly import page
from levit_bench.report.page.contents import PageContents, SessionFile, ValuePlaces
from levit_bench.report.page.document import document
from levit_bench.report.papers.files import write_figures
from levit_bench.store.lines import BOM, opened

if TYPE_CHECKING:
    from levit_bench.judge.metrics import Metric
    from levit_bench.judge.trend.trend_report import Trend
    from levit_bench.reading.selection import StoredSelection
    from levit_bench.records import Record

NAME = "report.html"
_HEAD = re.compile(rb'^\s*\{"kind":"session",.*?"session":"([^"\\]+)"')
_TURN = re.compile(rb'^\s*\{"kind":"turn"')
_CASE = re.compile(rb'^\s*\{"kind":"case","id":"([0-9a-f]{12})"')


class ReportPage(NamedTuple):
    """The page that `levit-bench report` writes."""

    contents: PageContents
    """What it shows."""

    def __repr__(self) -> str:
        points = sum(len(panel.points) for panel in self.contents.panels)
        return f"<ReportPage: {len(self.contents.panels)} panels with {points} points>"

    def document(self) -> dict[str, object]:
        """The data that the page holds; `types.js` in `levit_bench/report/page/web` says what each part is."""
        return document(self.contents)

    def html(self) -> str:
        """The page as text."""
        return page(self.document())

    def write(self, path: str | Path = f"reports/{NAME}") -> Path:
        """Write the page, whole or not at all; returns its path.

        Args:
            path: the file; a folder gets `report.html`.

        Raises:
            StoreError: the folder or the file cannot be written.
        """
        target = Path(path)
        if target.suffix.lower() not in (".html", ".htm"):
            target /= NAME
        make_folder(target.parent)
        return write_whole(target, self.html().encode())

    def write_figures(self, folder: str | Path = "reports") -> tuple[Path, ...]:
        """Write the figure of speed against accuracy for papers, and its numbers as tables; returns their paths.

        Of each machine and device the panel with the most networks is drawn.

        Raises:
            NothingToShowError: no case has both a speed and an accuracy.
            StoreError: the folder or a file cannot be written.
            UsageError: matplotlib is missing.
        """
        return write_figures(self.contents.by_rate, Path(folder))


def report_page(
    results: StoredSelection,
    on: str | None = None,
    published: PublishedChoice = PublishedChoice(),  # noqa: B008 (immutable)
    along: Trend | None = None,
) -> ReportPage:
    """The page of some results.

    Args:
        results: the records, and the options that chose them.
        on: one set of images alone, by its name.
        published: published figures to show hollow beside the measured ones.
        along: the trend that is shown; absent: that of these sessions.

    Raises:
        NothingToShowError: no case was timed; the message says why.
        UsageError: the set or a published network does not exist, or a file does not hold timm's results.
    """
    files = read_all(published.files)
    records, notes = complete(results.records, files)
    by_latency = panels(records, "latency", results.whole)
    by_rate = panels(records, "throughput", results.whole)
    if on is not None:
        by_latency, by_rate = of_set(by_latency, on), of_set(by_rate, on)
    if not any(panel.points or any(case.lacks == "accuracy" for case in panel.excluded) for panel in by_latency):
        raise nothing_timed(by_latency)
    beside = published_panels(
        files, by_latency, metric="latency", networks=published.networks, batches=published.batches, front=False
    )
    all_panels = labelled_alike(by_latency, records)
    all_by_rate = labelled_alike(by_rate, records)
    contents = PageContents(
        panels=all_panels,
        by_rate=all_by_rate,
        among=_places_among_values({"latency": all_panels, "throughput": all_by_rate}, records),
        records=tuple(results.whole),
        files=_files_of(results.choice, {record.session for record in results.whole}),
        curves=_curves(results.records),
        published=beside.panels,
        findings=(*results.findings, *(f for file in files for f in file.findings), *notes, *beside.findings),
        trend=_trend(results) if along is None else along,
        store=tuple(results.choice.store_words()),
    )  # fmt: skip
    return ReportPage(contents)


def nothing_timed(all_panels: Sequence[Panel]) -> NothingToShowError:
    """The error that says that nothing was timed, and why of the first case."""
    reasons = [excluded.reason for panel in all_panels for excluded in panel.excluded]
    why = f": {reasons[0].rstrip('.')}" if reasons else ""
    more = f", and {len(reasons) - 1} more are left out" if len(reasons) > 1 else ""
    return NothingToShowError(f"no case has a time to show{why}{more}. To see all: {command_line('show')}")


def _trend(results: StoredSelection) -> Trend | None:
    """The trend of the sessions; None where no case is in two of them."""
    try:
        return trend(results).trend
    except NothingToShowError:
        return None


def _places_among_values(
    panels_by: Mapping[Metric, Sequence[Panel]], records: Sequence[Record]
) -> dict[object, dict[str, ValuePlaces]]:
    """By panel and axis, the places among the points of all values of the axis, of one session."""
    out: dict[object, dict[str, ValuePlaces]] = {}
    for axis in OVERLAY_AXES:
        groups: dict[object, dict[Metric, Overlay]] = {}
        for metric, all_panels in panels_by.items():
            for group in _overlays(all_panels, axis, records):
                groups.setdefault(tuple(panel.key for panel in group.panels), {})[metric] = group
        for by_metric in groups.values():
            places = ValuePlaces(
                {metric: group.overall for metric, group in by_metric.items()},
                {
                    metric: {point.case.id: point for point in fastest_of_each(group, records, metric)}
                    for metric, group in by_metric.items()
                },
            )
            for panel in next(iter(by_metric.values())).panels:
                out.setdefault(panel.key, {})[axis] = places
    return out


def _overlays(all_panels: Sequence[Panel], axis: str, records: Sequence[Record]) -> list[Overlay]:
    """The groups of panels that differ in an axis alone and are of one session."""
    try:
        return [group for group in overlays(all_panels, (axis,), records) if group.overall]
    except (NothingToShowError, NotComparableError):  # no two values, or more than are told apart
        return []


def _curves(records: Iterable[Record]) -> tuple[Curve, ...]:
    try:
        return tuple(
            scaling(record for record in records if record.info.role == "subject" and not record.case.is_of_gate)
        )
    except NothingToShowError:
        return ()


def _files_of(choice: SessionChoice, sessions: set[str]) -> dict[str, SessionFile]:
    """The files of sessions, each with the lines of its cases; none where results come from no store."""
    if not choice.stores:
        return {}
    files: dict[str, SessionFile] = {}
    turns_of: dict[str, int] = {}
    for path in chosen_files(choice):
        for name, (turns, lines) in _sessions_in(path).items():
            # As where they are read: of a session in several files the one with the most turns counts.
            if name in sessions and turns > turns_of.get(name, -1):
                turns_of[name] = turns
                files[name] = SessionFile(f"{path.parent.name}/{path.name}", _store_of(choice, path), lines)
    return files


def _store_of(choice: SessionChoice, path: Path) -> str:
    """The store that holds a file, as a command line names it; empty for the usual one."""
    home = next((store for store in choice.stores if path == store or store in path.parents), None)
    if home is None or home == USUAL_STORE:
        return ""
    return home.name if home.is_absolute() else str(home)


def _sessions_in(path: Path) -> dict[str, tuple[int, dict[str, int]]]:
    """The sessions of a file, each with its number of turns and the lines of its cases."""
    found: dict[str, tuple[int, dict[str, int]]] = {}
    name, turns, lines = "", 0, dict[str, int]()
    with opened(path) as file:
        for number, line in enumerate(file, 1):
            if head := _HEAD.match(line.removeprefix(BOM)):
                name, turns, lines = head[1].decode(), 0, {}
            elif case := _CASE.match(line):
                lines.setdefault(case[1].decode(), number)
            elif _TURN.match(line):
                turns += 1
            if name:
                found[name] = turns, lines
    return found
