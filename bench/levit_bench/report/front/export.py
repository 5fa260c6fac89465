"""A front as files: front.png, front.svg, front.csv and front.md; front-2.png and so on of many panels.

Each file is written whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from levit_bench.catalog.image_sets import in_order
from levit_bench.judge.front.changes import changes
from levit_bench.judge.front.overlay import Overlay
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.published.panels import PublishedComparison
from levit_bench.libraries import require_installed
from levit_bench.numbers.units import counted, format_duration
from levit_bench.paths.whole_files import cannot_write, make_folder, write_whole
from levit_bench.report.front import changes as moves
from levit_bench.report.front import table
from levit_bench.report.front.overall_table import overall_markdown
from levit_bench.report.front.pages import Page, paginate
from levit_bench.report.front.pictures import pictures
from levit_bench.report.front.published_table import published_markdown
from levit_bench.report.front.reproduction import Reproduction
from levit_bench.report.words.findings import About, grouped, point_names
from levit_bench.report.words.panel_names import PanelNames
from levit_bench.report.words.safe_text import markdown_cell, markdown_message, visible

NOTHING = PublishedComparison()
NO_RECIPE = Reproduction(())
LISTED = 50
"""Findings or exclusions that the Markdown file lists; of more it gives the number."""


def write_front(
    panels: Sequence[Panel],
    folder: Path,
    recipe: Reproduction = NO_RECIPE,
    beside: PublishedComparison = NOTHING,
    bases: Sequence[Panel] = (),
    called: PanelNames | None = None,
    overlays: Sequence[Overlay] = (),
) -> tuple[Path, ...]:
    """Write the files, replacing older ones; returns their paths.

    Pages that an older front had and this one has not are removed: they would be taken for pages of this one.

    Args:
        panels: the panels to show, as `levit_bench.judge.front.panels.panels` returns them.
        folder: created when it is missing.
        recipe: how to measure and draw again, quoted in the Markdown file.
        beside: published figures to show with them.
        bases: the panel of each set of images with which the others are compared; absent: none.
        called: names of the panels, where they are known already.
        overlays: the panels in groups that share a pair of axes; empty: each has its own.

    Raises:
        NothingToShowError: no panel holds a point; nothing was written.
        StoreError: the folder or a file cannot be written.
        UsageError: matplotlib is missing.
    """
    require_installed("matplotlib", "draw a front")
    called = called or PanelNames(panels)
    drawn = pictures(panels, beside.panels, called, overlays)
    text = document(panels, sum(picture.unlabelled for picture in drawn), recipe, beside, bases, called, overlays)
    make_folder(folder)
    _remove_pages(folder, len(drawn) + 1)
    return (
        *(
            write_whole(folder / f"{_stem(number)}.{kind}", content)
            for number, picture in enumerate(drawn, 1)
            for kind, content in (("png", picture.png), ("svg", picture.svg))
        ),
        write_whole(folder / "front.csv", table.csv(panels, beside.panels, overlays).encode()),
        write_whole(folder / "front.md", text.encode()),
    )


def document(
    panels: Sequence[Panel],
    unlabelled: int = 0,
    recipe: Reproduction = NO_RECIPE,
    beside: PublishedComparison = NOTHING,
    bases: Sequence[Panel] = (),
    called: PanelNames | None = None,
    overlays: Sequence[Overlay] = (),
) -> str:
    """The Markdown page: pictures, tables, findings, excluded cases, conditions, commands that reproduce it."""
    called = called or PanelNames(panels)
    parts = [
        "# Speed against top-1",
        *_pictures(paginate([overlay.together for overlay in overlays] or panels), beside, overlays),
    ]
    if unlabelled:
        whose = "its" if unlabelled == 1 else "their"
        parts.append(f"{counted(unlabelled, 'point')} had no room for {whose} name; the tables name every point.")
    note = (
        "Numbers unrounded: [front.csv](front.csv). *Dominated* means that the named network is at least as fast and "
        "at least as accurate, and better in one of the two."
    )
    drawn = [panel for panel in panels if panel.points]
    moved = [moves.markdown(changed, base, drawn, called) for base in bases if (changed := changes(panels, base))]
    parts += [
        *([overall_markdown(overlays)] if overlays else []),
        table.markdown(drawn, called).rstrip(),
        note,
        *(["## Who joins, who leaves", *moved] if moved else []),
        *(["## Published, not measured here", published_markdown(beside.panels).rstrip()] if beside.panels else []),
        "## Findings",
        _bullets([*_of_sessions(panels), *_findings(panels), *_notes(beside)], "None."),
        "## Left out",
        _bullets(_exclusions(panels, called), "Nothing."),
        "## Conditions",
        _bullets(_conditions(panels), "Not recorded."),
        "## How to reproduce",
        _reproduce(recipe),
    ]
    return "\n\n".join(parts) + "\n"


def _stem(number: int) -> str:
    """Name of a page's files without their ending."""
    return "front" if number == 1 else f"front-{number}"


def _pictures(pages: Sequence[Page], beside: PublishedComparison, overlays: Sequence[Overlay]) -> list[str]:
    """Markdown of every page's picture, under its heading where there are several."""
    out = []
    for number, page in enumerate(pages, 1):
        if page.heading:
            out.append(f"**{markdown_cell(page.heading, 300)}**")
        sets = [panel.scored_on for panel in page.panels if panel.scored_on is not None]
        sets += [panel.scored_on for panel in beside.panels]
        set_names = " and ".join(markdown_cell(image_set.words, 100) for image_set in in_order(sets))
        words = f"Latency or throughput against top-1 on {set_names}, the front as a staircase"
        words += f", one for each {' and '.join(overlays[0].axes)}" if overlays else ""
        out.append(f"![{words}]({_stem(number)}.svg)")
    return out


def _remove_pages(folder: Path, number: int) -> None:
    """Remove the pictures of a page and of those that follow it, where they exist."""
    paths = [path for kind in ("png", "svg") if (path := folder / f"{_stem(number)}.{kind}").is_file()]
    for path in paths:
        try:
            path.unlink()
        except OSError as error:
            raise cannot_write(path, error) from error
    if paths:
        _remove_pages(folder, number + 1)


def _bullets(lines: Sequence[str], none: str) -> str:
    if not lines:
        return none
    more = [f"- … and {len(lines) - LISTED} more"] if len(lines) > LISTED else []
    return "\n".join([*(f"- {line}" for line in lines[:LISTED]), *more])


def _of_sessions(panels: Sequence[Panel]) -> list[str]:
    """Findings about whole sessions: each kind on one line, with the number of further sessions."""
    entries = [About(finding, "", "") for panel in panels for finding in panel.findings]
    return [f"{_kind(summary.kind)}: {markdown_message(summary.message, 600)}" for summary in grouped(entries)]


def _findings(panels: Sequence[Panel]) -> list[str]:
    """Findings about networks: equal ones on one line with the networks they are about, as `point_names` has them."""
    called = point_names(panels)
    about: dict[tuple[str, str], list[str]] = {}
    for panel in panels:
        for point in panel.points:
            for finding in point.findings:
                names = about.setdefault((finding.kind, finding.message), [])
                if (name := called[panel.key, point.label]) not in names[-1:]:
                    names.append(name)
    return [
        f"{_kind(kind)} ({_names(names)}): {markdown_message(message)}"
        for (kind, message), names in sorted(about.items())
    ]


def _kind(kind: str) -> str:
    """Name of a kind as Markdown code, safe for any text that a file holds."""
    return f"`{markdown_cell(kind).replace('`', '')}`"


def _notes(beside: PublishedComparison) -> list[str]:
    return [f"`{note.kind}`: {markdown_message(note.message, 1000)}" for note in beside.findings]


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(markdown_cell(name, 100) for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _exclusions(panels: Sequence[Panel], called: PanelNames) -> list[str]:
    return [
        f"{markdown_cell(out.label)}, session {markdown_cell(out.session, 100)}, "
        f"{markdown_cell(called.line(panel), 300)}: {markdown_message(out.reason)}"
        for panel in panels
        for out in panel.excluded
    ]


def _conditions(panels: Sequence[Panel]) -> list[str]:
    origins = {(panel.machine.id, o.session): (panel, o) for panel in panels for o in panel.origins}
    out = []
    for _, (panel, origin) in sorted(origins.items()):
        state, protocol = origin.conditions, origin.protocol
        versions = ", ".join(f"{name} {version}" for name, version in sorted(state.versions.items()))
        facts = [
            f"session {origin.session}", panel.machine.cpu_model, f"taken {state.taken_at}", state.os,
            f"Python {state.python}", versions, state.libc, state.governor and f"governor {state.governor}",
            state.load_1m is not None and f"load {state.load_1m:.2f}", state.commit and f"revision {state.commit[:12]}",
            "with uncommitted changes" if state.dirty else None,
            f"{counted(protocol.runs)} planned",
            f"{counted(protocol.settle_passes, 'settle pass')} and {protocol.turn_s:g} s a turn",
            f"budget {format_duration(protocol.budget_s)}", f"isolation {protocol.seats}",
            "bound" if protocol.bound else None,
            f"seed {protocol.seed}",
            "thin: below the smallest honest budget" if protocol.thin else None,
        ]  # fmt: skip
        out.append(markdown_cell(" · ".join(text for text in facts if text), 600))
    return out


def _reproduce(recipe: Reproduction) -> str:
    commands = [*recipe.commands] or [
        "levit-bench run --help     # measure the cases above under the conditions above",
        "levit-bench front --help   # draw this page from the store",
    ]
    parts = []
    if recipe.drawn_by:
        parts += [
            "Drawn from the stored sessions by",
            _code([recipe.drawn_by]),
            "and measured again by the commands below.",
        ]
    parts.append("Times of another machine or torch version are another panel, not a check of this one.")
    for name, text in recipe.files.items():
        introduction = (
            f"`{name}` holds what was stated of networks. Save it in the folder that their files are named from:"
        )
        parts += [introduction, _code(text.rstrip().split("\n"))]
    if recipe.files:
        parts.append("The commands, in that folder:")
    return "\n\n".join([*parts, _code(" ".join(line.split("\n")) for line in commands)])


def _code(lines: Iterable[str]) -> str:
    """Indented code: text cannot close it, unlike a fence of backticks; a carriage return would end a line."""
    return "\n".join(f"    {visible(line)}".rstrip() for line in lines)
