"""`levit-bench report`: one offline HTML page of stored cases."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

import click

from levit_bench.cli.options import Verb, choice_options, published_options, set_option

if TYPE_CHECKING:
    from levit_bench.reading.session_choice import SessionChoice


@click.command("report", cls=Verb)
@choice_options
@set_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("reports"),
    show_default=True,
    help="Folder for report.html, or the file itself: a name that ends in .html.",
)
@published_options
@click.option(
    "--figures",
    is_flag=True,
    help="Also write a figure in the layout of the LeViT paper, as wide as a column and as a README: PNG, SVG, PDF, "
    "and its numbers as Markdown, CSV and LaTeX.",
)
def command(
    choice: SessionChoice,
    on: str | None,
    out: Path,
    files: tuple[Path, ...],
    published_networks: tuple[str, ...],
    batches: tuple[int, ...],
    figures: bool,
) -> int:
    """Write one HTML file in which a reader finds the answer, sees how sure it is, and traces every number.

    It holds the front of every setting with its intervals, the ratio of any two networks that were measured together,
    ranks across machines and runtimes, scaling, cold starts, conditions, findings and commands. It opens from a disk
    in any current browser, and loads nothing. The address of the page keeps the view.

    \b
    Examples:
      levit-bench report
      levit-bench report --session last --out front.html
      levit-bench report --store results --store downloaded/arm64 --out reports
      levit-bench report --session last --where batch=1 --figures
    """
    from rich.text import Text

    from levit_bench import api
    from levit_bench.cli.output import print_findings, stderr
    from levit_bench.numbers.units import counted, format_bytes
    from levit_bench.reading.front_page import PublishedChoice
    from levit_bench.reading.report_page import report_page
    from levit_bench.report.words.safe_text import visible

    if gc.isenabled():  # Records stay alive to the end: collecting them frees nothing and takes long.
        gc.disable()
        click.get_current_context().call_on_close(gc.enable)
    results = api.load_chosen(choice)
    page = report_page(results, on, PublishedChoice(files, published_networks, batches))
    print_findings(page.contents.findings)
    path = page.write(out)
    shown = [panel for panel in page.contents.panels if panel.points]
    points = sum(len(panel.points) for panel in shown)
    stderr().print(
        Text(
            f"wrote {visible(str(path))}: {counted(points, 'point')} in {counted(len(shown), 'setting')}, "
            f"{format_bytes(path.stat().st_size)}. Open it in a browser."
        ),
        soft_wrap=True,
    )
    for figure in page.write_figures(path.parent) if figures else ():
        stderr().print(Text(f"wrote {visible(str(figure))}"), soft_wrap=True)
    return 0
