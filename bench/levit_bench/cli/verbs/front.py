"""`levit-bench front`: the Pareto front of stored cases."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from levit_bench.cli.options import (
    ListOption,
    Verb,
    Words,
    choice_options,
    conditions_from,
    json_option,
    published_options,
    set_option,
)
from levit_bench.errors import UsageError
from levit_bench.libraries import require_installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from levit_bench.judge.metrics import Metric
    from levit_bench.reading.front_page import FrontPage
    from levit_bench.reading.session_choice import SessionChoice


@click.command("front", cls=Verb)
@choice_options
@set_option
@click.option(
    "--metric", type=click.Choice(["latency", "throughput"]), default="latency", show_default=True, help="Which speed."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("reports"),
    show_default=True,
    help="Folder for front.png, front.svg, front.csv and front.md; of many panels also front-2.png and so on.",
)
@published_options
@click.option(
    "--base",
    metavar="FIELD=VALUE[,…]",
    multiple=True,
    help="The panel whose front the others are held against, such as runtime=eager,allocator=pinned.  "
    "[default: the most usual setting]",
)
@click.option(
    "--overlay",
    cls=ListOption,
    type=Words(),
    metavar="AXIS[,AXIS…]",
    help="Draw panels that differ in these axes alone into one pair of axes, each value with a colour and a staircase: "
    "runtime, form, precision, allocator, threads. Of one session also the front over all values.",
)
@click.option("--published-front", is_flag=True, help="Find the front of each published panel among its own figures.")
@json_option
def command(
    choice: SessionChoice,
    on: str | None,
    metric: str,
    out: Path,
    files: tuple[Path, ...],
    published_networks: tuple[str, ...],
    batches: tuple[int, ...],
    published_front: bool,
    base: tuple[str, ...],
    overlay: tuple[str, ...],
    as_json: bool,
) -> int:
    """Draw the speed/accuracy Pareto front of what is stored.

    Only what is comparable shares a panel: one machine, device, threads, batch, runtime, precision, form, allocator
    and torch version, and accuracies on one set of images; --set draws one set alone. Prints the table and writes PNG,
    SVG, CSV and Markdown.

    Full marks are on the front (95 %), half ones undecided, hollow ones dominated (95 %): by speed, at the published
    top-1, against named rivals; of several sessions, across sessions. A pale band joins networks that neither top-1
    nor speed tells apart. With several panels a table says who joins and who leaves the front, against
    the panel of the most usual setting or of --base. More than eight panels are drawn on several pages, each of panels
    that share a batch, an allocator or whatever else divides them best.

    Published speeds are drawn hollow, without an interval, in panels of their own, one a file and batch size; they are
    never part of a front of what was measured.

    \b
    Examples:
      levit-bench front
      levit-bench front --session last --where threads=1
      levit-bench front --since 7d --title nightly --where batch=1,16
      levit-bench front --store results --store downloaded/arm64
      levit-bench front --set my-parts
      levit-bench front --session last --base runtime=onnxruntime,batch=16
      levit-bench front --session last --overlay runtime
      levit-bench front --published benchmark-infer-amp-nhwc-pt240-cu124-rtx3090.csv
    """
    from rich.text import Text

    from levit_bench import api
    from levit_bench.cli.output import MOST, print_findings, stderr, stdout
    from levit_bench.reading.front_page import PublishedChoice, front_page, panels_of
    from levit_bench.report.words.safe_text import visible

    try:
        require_installed("matplotlib", "draw a front")
        undrawn = None
    except UsageError as error:
        if not as_json or click.get_current_context().get_parameter_source("out") is not ParameterSource.DEFAULT:
            raise
        undrawn = error  # nobody asked for the files, and the document needs no picture
    if gc.isenabled():  # Records stay alive to the end: collecting them frees nothing and takes long.
        gc.disable()
        click.get_current_context().call_on_close(gc.enable)
    base_values = conditions_from(base, "--base")
    results = api.load_chosen(choice)
    beside = PublishedChoice(files, published_networks, batches, published_front)
    speed: Metric = "throughput" if metric == "throughput" else "latency"
    page_panels = panels_of(results, speed, on, beside, base_values, overlay)
    if page_panels.note is not None:
        stderr().print(Text(visible(page_panels.note)))
    print_findings((*results.findings, *page_panels.published.findings))  # also where the page is refused
    page = front_page(page_panels, base_values)
    print_findings(page.findings, most=MOST)
    written = () if undrawn else page.write(out)
    if as_json:
        click.echo(json.dumps(page.rows(), indent=2, allow_nan=False))
    else:
        console = stdout()
        for shown in _tables(page):
            console.print(shown)
    if undrawn:
        stderr().print(Text(f"{undrawn}. No file is written."), soft_wrap=True)
    for path in written:
        stderr().print(Text(f"wrote {visible(str(path))}"), soft_wrap=True)
    return 0


def _tables(page: FrontPage) -> Iterator[RenderableType]:
    """The tables of a page: its panels, the fronts over all values, who joins and leaves, and published figures."""
    from rich.text import Text

    from levit_bench.report.front import changes as moves
    from levit_bench.report.front.overall_table import overall_tables
    from levit_bench.report.front.published_table import published_table
    from levit_bench.report.front.table import not_drawn, table

    yield from (table(panel, page.called) for panel in page.panels if panel.points)
    yield from (Text(not_drawn(panel, page.called)) for panel in page.panels if not panel.points)
    yield from overall_tables(page.overlays)
    for base_panel, group in zip(page.bases, page.changes, strict=True):
        if group:
            yield Text(f"{moves.heading(base_panel, page.called)}; {moves.NOTE}.")
            yield moves.table(group, page.drawn, page.called)
    for published_panel in page.published.panels:
        yield published_table(published_panel)
