"""The front page: which panels it has, what they are held against, and what stands beside them.

Decides what is drawn; refuses to know which door asks and where the page is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.catalog.timm_results import read_all
from levit_bench.judge.front.changes import Change, bases_of, changes
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
"""Of published figures those of networks that are measured, too."""


class PublishedChoice(NamedTuple):
    """Which published figures stand beside what was measured."""

    files: Sequence[Path] = ()
    """CSV files of timm's results."""
    networks: Sequence[str] = MEASURED
    """Names, groups, timm names and globs; `measured`: those that are measured, too; `all`: every one."""
    batches: Sequence[int] = ()
    """Images a pass; empty: any."""
    front: bool = False
    """Whether each published panel has a front of its own."""


class PagePanels(NamedTuple):
    """The panels of some records, before it is decided whether they make a page."""

    panels: tuple[Panel, ...]
    """Also those without a point, which say what was left out."""
    published: PublishedComparison
    """Published figures, with all findings about their files."""
    recipe: Reproduction
    """How to measure and draw them again."""
    note: str | None = None
    """What the reader is told where not all of a store is shown."""


class FrontPage(NamedTuple):
    """What `levit-bench front` prints and writes."""

    panels: tuple[Panel, ...]
    """One a comparable setting and set of images, each with its points; also those without a point."""
    bases: tuple[Panel, ...]
    """The panel that the others are held against, one of each set of images."""
    changes: tuple[tuple[Change, ...], ...]
    """Who joins the front and who leaves it in the other panels, against each base."""
    published: PublishedComparison
    """Published figures, in panels of their own."""
    recipe: Reproduction
    """How to measure and draw the page again."""
    called: PanelNames
    """What the panels are called, which tells them apart."""
    findings: tuple[Finding, ...]
    """What is odd about the numbers of the panels; those about published files are with these."""
    note: str | None = None
    """What the reader is told where not all of a store is shown."""

    @property
    def drawn(self) -> list[Panel]:
        """The panels that have points."""
        return [panel for panel in self.panels if panel.points]

    def rows(self) -> list[dict[str, object]]:
        """A dictionary a point, as `levit-bench front --json` prints: see `levit_bench.report.front.table.COLUMNS`.

        Latencies are seconds a batch, `images_per_s` images a second of all streams, `top1_percent` percent.
        """
        moved = moves.documents(chain.from_iterable(self.changes))
        return table.rows(self.panels, self.published.panels, moved)

    def to_pandas(self) -> pd.DataFrame:
        """A row a point, with the columns of `front.csv`."""
        return table.frame(self.panels, self.published.panels)

    def write(self, folder: str | Path = "reports") -> tuple[Path, ...]:
        """Write front.png, front.svg, front.csv and front.md, and front-2.png and so on of many panels.

        Returns:
            The files' paths.

        Raises:
            StoreError: the folder or a file cannot be written.
        """
        return write_front(self.panels, Path(folder), self.recipe, self.published, self.bases, self.called)


def panels_of(
    results: StoredSelection,
    metric: Metric = "latency",
    on: str | None = None,
    published: PublishedChoice = PublishedChoice(),  # noqa: B008 (immutable)
    base: Mapping[str, str] | None = None,
) -> PagePanels:
    """The panels of what was chosen: of a whole store with more than a picture holds, those of its newest session.

    Args:
        results: what was read, and how it was chosen.
        metric: which speed.
        on: one set of images alone, by its name.
        published: what stands beside them.
        base: as `front_page` is given it, for the recipe.

    Raises:
        UsageError: there is no such set or published network, or a file is no file of timm's results.
        NothingToShowError: nothing was scored on that set.
    """
    files = read_all(published.files)
    records, notes = complete(results.records, files)
    found, session, note = _panels(records, metric, results.whole, on), results.session, None
    if not (session or results.conditions) and (last := _newest_of_many(found)):
        note = (
            f"The store holds {len([panel for panel in found if panel.points])} panels, {PANEL_LIMIT} fit into a "
            f"picture: this is its newest session, {last}. Choose others with --session and --where."
        )
        found, session = _panels([one for one in records if one.session == last], metric, results.whole, on), last
    beside = published_panels(
        files, found, metric=metric, networks=published.networks, batches=published.batches, front=published.front
    )
    beside = beside._replace(findings=(*(one for file in files for one in file.findings), *notes, *beside.findings))
    options = [*_chosen(results.conditions, on, metric, base or {}), *_beside(published)]
    drawn = [panel for panel in found if panel.points]
    return PagePanels(found, beside, reproduce(_drawn(results.whole, drawn), session, options), note)


def front_page(found: PagePanels, base: Mapping[str, str] | None = None) -> FrontPage:
    """The page of some panels.

    Args:
        found: the panels.
        base: fields and values of the panel whose front the others are held against; absent: the most usual setting.

    Raises:
        NothingToShowError: no panel has a point; the message says why.
        NotComparableError: there are more panels than anybody can compare.
        UsageError: no panel has the values of the base.
    """
    require_comparable(found.panels)
    require_room(found.panels, found.published)
    bases = bases_of(found.panels, base)
    return FrontPage(
        panels=found.panels,
        bases=tuple(bases),
        changes=tuple(tuple(changes(found.panels, one)) for one in bases),
        published=found.published,
        recipe=found.recipe,
        called=PanelNames(found.panels),
        findings=tuple(of_panels(found.panels)),
        note=found.note,
    )


def _panels(records: Sequence[Record], metric: Metric, whole: Sequence[Record], on: str | None) -> tuple[Panel, ...]:
    """The panels of the records, of one set of images where one was asked for."""
    found = panels(records, metric, whole)
    return found if on is None else of_set(found, on)


def _drawn(records: Sequence[Record], drawn: Sequence[Panel]) -> list[Record]:
    """All that the sessions hold that panels draw points of."""
    sessions = {name for panel in drawn for point in panel.points for name in point.sessions}
    return [record for record in records if record.session in sessions]


def _newest_of_many(found: Sequence[Panel]) -> str | None:
    """The newest session, where several have more panels than a picture can hold: the likeliest to be meant."""
    drawn = [panel for panel in found if panel.points]
    sessions = {name for panel in drawn for point in panel.points for name in point.sessions}
    return None if len(drawn) <= PANEL_LIMIT or len(sessions) == 1 else max(sessions)


def _chosen(conditions: Mapping[str, str], on: str | None, metric: str, base: Mapping[str, str]) -> list[str]:
    """The options about what is drawn, as a command line has them."""
    words = ["--where", _joined(conditions)] if conditions else []
    words += ["--set", on] if on is not None else []
    words += ["--metric", metric] if metric != "latency" else []
    return [*words, *(["--base", _joined(base)] if base else [])]


def _joined(conditions: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in conditions.items())


def _beside(published: PublishedChoice) -> list[str]:
    """The options about published files, as a command line has them; files without their folders."""
    words = [word for path in published.files for word in ("--published", path.name)]
    if tuple(published.networks) != MEASURED:
        words += ["--published-networks", ",".join(published.networks)]
    if published.batches:
        words += ["--published-batch", ",".join(map(str, published.batches))]
    return [*words, *(["--published-front"] if published.front else [])]
