"""The front page: its panels, the base panels of its changes, and published figures beside them.

Computes everything that is drawn, once for the command line and for Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.catalog.timm_results import read_all
from levit_bench.errors import UsageError
from levit_bench.judge.front.changes import Change, bases_of, changes
from levit_bench.judge.front.labelled_alike import labelled_alike
from levit_bench.judge.front.overlay import Overlay, overlay_axes, overlays
from levit_bench.judge.front.panel_limits import PANEL_LIMIT, require_comparable
from levit_bench.judge.front.panels import Panel, of_set, panels
from levit_bench.judge.published.accuracies import complete
from levit_bench.judge.published.panels import PublishedComparison, published_panels, require_room
from levit_bench.report.front import changes as moves
from levit_bench.report.front import table
from levit_bench.report.front.export import write_front
from levit_bench.report.front.reproduction import Reproduction, reproduce
from levit_bench.report.words.findings import of_panels
from levit_bench.report.words.panel_names import PanelNames

if TYPE_CHECKING:
    import pandas as pd

    from levit_bench.judge.metrics import Metric
    from levit_bench.reading.selection import StoredSelection
    from levit_bench.records import Finding, Record

MEASURED = ("measured",)
"""Choice of published figures: those of networks that are measured, too."""


class PublishedChoice(NamedTuple):
    """Which published figures are shown beside the measured ones."""

    files: Sequence[Path] = ()
    """CSV files of timm's results."""
    networks: Sequence[str] = MEASURED
    """Names, groups, timm names and globs; `measured`: those that are measured, too; `all`: every one."""
    batches: Sequence[int] = ()
    """Images a pass; empty: any."""
    front: bool = False
    """Whether each published panel has a front of its own."""


class PagePanels(NamedTuple):
    """The panels of some records, before it is checked that they fit on a page."""

    panels: tuple[Panel, ...]
    """Also those without a point, which list the cases left out."""
    published: PublishedComparison
    """Published figures, with all findings about their files."""
    recipe: Reproduction
    """Commands that measure and draw them again."""
    note: str | None = None
    """A sentence for the reader where only part of a store is shown."""
    records: tuple[Record, ...] = ()
    """What the panels were made from."""
    overlay: tuple[str, ...] = ()
    """Axes in which panels that share a pair of axes differ; empty: each has its own."""


class FrontPage(NamedTuple):
    """The page that `levit-bench front` prints and writes."""

    panels: tuple[Panel, ...]
    """One a comparable setting and set of images, each with its points; also those without a point."""
    bases: tuple[Panel, ...]
    """The panel with which the others are compared, one of each set of images."""
    changes: tuple[tuple[Change, ...], ...]
    """Networks that join or leave the front in the other panels, against each base."""
    published: PublishedComparison
    """Published figures, in panels of their own."""
    recipe: Reproduction
    """Commands that measure and draw the page again."""
    called: PanelNames
    """Titles and settings that tell the panels apart."""
    findings: tuple[Finding, ...]
    """Findings about the numbers of the panels; those about published files are in `published`."""
    note: str | None = None
    """A sentence for the reader where only part of a store is shown."""
    overlays: tuple[Overlay, ...] = ()
    """The panels in groups that share a pair of axes, each with its front over all values; empty without an overlay."""

    def __repr__(self) -> str:
        return f"<FrontPage: {len(self.drawn)} panels with {sum(len(panel.points) for panel in self.drawn)} points>"

    @property
    def drawn(self) -> list[Panel]:
        """The panels that have points."""
        return [panel for panel in self.panels if panel.points]

    def rows(self) -> list[dict[str, object]]:
        """A dictionary a point, as `levit-bench front --json` prints: see `levit_bench.report.front.table.COLUMNS`.

        Latencies are seconds a batch, `images_per_s` images a second of all streams, `top1_percent` percent.
        """
        moved = moves.documents(chain.from_iterable(self.changes))
        return table.rows(self.panels, self.published.panels, moved, self.overlays)

    def to_pandas(self) -> pd.DataFrame:
        """A row a point, with the columns of `front.csv`."""
        return table.frame(self.panels, self.published.panels, self.overlays)

    def write(self, folder: str | Path = "reports") -> tuple[Path, ...]:
        """Write front.png, front.svg, front.csv and front.md, and front-2.png and so on of many panels.

        Returns:
            The files' paths.

        Raises:
            StoreError: the folder or a file cannot be written.
            UsageError: matplotlib is missing.
        """
        return write_front(
            self.panels, Path(folder), self.recipe, self.published, self.bases, self.called, self.overlays
        )


def panels_of(
    results: StoredSelection,
    metric: Metric = "latency",
    on: str | None = None,
    published: PublishedChoice = PublishedChoice(),  # noqa: B008 (immutable)
    base: Mapping[str, str] | None = None,
    overlay: Sequence[str] = (),
) -> PagePanels:
    """The panels of the chosen records: of a whole store with more than a picture holds, those of its newest session.

    Args:
        results: the records, and the options that chose them.
        metric: which speed.
        on: one set of images alone, by its name.
        published: the published figures to show.
        base: the argument of `front_page`, for the recipe.
        overlay: axes; panels that differ in them alone share a pair of axes in the picture.

    Raises:
        UsageError: the set or a published network does not exist, a file does not hold timm's results, or an overlay is
            not possible: of another axis, or beside published figures, which have the colours of families.
        NothingToShowError: nothing was scored on that set.
    """
    axes = overlay_axes(overlay)
    if axes and published.files:
        raise UsageError(
            "--overlay and --published do not go together: colours are values in one, families in the other."
        )
    files = read_all(published.files)
    records, notes = complete(results.records, files)
    all_panels, choice, note = _panels(records, metric, results.whole, on), results.choice, None
    if not (choice.names_sessions or choice.conditions) and (last := _newest_of_many(all_panels)):
        note = (
            f"The store holds {len([panel for panel in all_panels if panel.points])} panels, {PANEL_LIMIT} fit into a "
            f"picture: this is its newest session, {last}. Choose others with --session and --where."
        )
        newest = [record for record in records if record.session == last]
        all_panels, choice = _panels(newest, metric, results.whole, on), choice._replace(sessions=(last,))
    beside = published_panels(
        files, all_panels, metric=metric, networks=published.networks, batches=published.batches, front=published.front
    )
    beside = beside._replace(
        findings=(*(finding for file in files for finding in file.findings), *notes, *beside.findings)
    )
    options = [*choice.words(), *_page_options(on, metric, base or {}, axes), *_published_options(published)]
    drawn = [panel for panel in all_panels if panel.points]
    recipe = reproduce(_records_of(results.whole, drawn), options, choice.store_words())
    return PagePanels(all_panels, beside, recipe, note, tuple(records), axes)


def front_page(page_panels: PagePanels, base: Mapping[str, str] | None = None) -> FrontPage:
    """The page of some panels.

    Args:
        page_panels: the panels.
        base: fields and values of the panel with which the others are compared; absent: the most usual setting.

    Raises:
        NothingToShowError: no panel has a point; the message says why.
        NotComparableError: there are more panels than a page can hold.
        UsageError: no panel has the values of the base.
        NothingToShowError, NotComparableError: an overlay has nothing to draw together, or too many values.
    """
    require_comparable(page_panels.panels)
    require_room(page_panels.panels, page_panels.published)
    axes, all_panels = page_panels.overlay, page_panels.panels
    if axes:  # points of several panels share a pair of axes
        all_panels = labelled_alike(all_panels, page_panels.records)
    bases = bases_of(all_panels, base)
    return FrontPage(
        panels=all_panels,
        bases=tuple(bases),
        changes=tuple(tuple(changes(all_panels, base_panel)) for base_panel in bases),
        published=page_panels.published,
        recipe=page_panels.recipe,
        called=PanelNames(all_panels),
        findings=tuple(of_panels(all_panels)),
        note=page_panels.note,
        overlays=overlays(all_panels, axes, page_panels.records) if axes else (),
    )


def _panels(records: Sequence[Record], metric: Metric, whole: Sequence[Record], on: str | None) -> tuple[Panel, ...]:
    """The panels of the records, of one set of images where `on` names it."""
    all_panels = panels(records, metric, whole)
    return all_panels if on is None else of_set(all_panels, on)


def _records_of(records: Sequence[Record], drawn: Sequence[Panel]) -> list[Record]:
    """All records of the sessions of which panels draw points."""
    sessions = {name for panel in drawn for point in panel.points for name in point.sessions}
    return [record for record in records if record.session in sessions]


def _newest_of_many(all_panels: Sequence[Panel]) -> str | None:
    """The newest session, where several sessions have more panels than a picture can hold; else None."""
    drawn = [panel for panel in all_panels if panel.points]
    sessions = {name for panel in drawn for point in panel.points for name in point.sessions}
    return None if len(drawn) <= PANEL_LIMIT or len(sessions) == 1 else max(sessions)


def _page_options(on: str | None, metric: str, base: Mapping[str, str], overlay: Sequence[str]) -> list[str]:
    """The command line's options that choose the set, the metric, the base and the overlay."""
    words = ["--set", on] if on is not None else []
    words += ["--metric", metric] if metric != "latency" else []
    words += ["--overlay", ",".join(overlay)] if overlay else []
    return [*words, *(["--base", ",".join(f"{name}={value}" for name, value in base.items())] if base else [])]


def _published_options(published: PublishedChoice) -> list[str]:
    """The command line's options about published figures; files without their folders."""
    words = [word for path in published.files for word in ("--published", path.name)]
    if tuple(published.networks) != MEASURED:
        words += ["--published-networks", ",".join(published.networks)]
    if published.batches:
        words += ["--published-batch", ",".join(map(str, published.batches))]
    return [*words, *(["--published-front"] if published.front else [])]
