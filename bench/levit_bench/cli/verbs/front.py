"""`levit-bench front`: the Pareto front of what is stored."""

from __future__ import annotations

import gc
import json
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from levit_bench.cli.options import (
    Numbers,
    Verb,
    Words,
    conditions_from,
    json_option,
    session_option,
    set_option,
    store_option,
    where_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from levit_bench.judge.front.panels import Panel
    from levit_bench.judge.metrics import Metric
    from levit_bench.records import Record


@click.command("front", cls=Verb)
@store_option
@session_option
@where_option
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
@click.option(
    "--published",
    "files",
    metavar="FILE",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A CSV file of timm's results: inference speeds to show beside the measured ones, or accuracies. May be "
    "repeated.",
)
@click.option(
    "--published-networks",
    type=Words(),
    default=("measured",),
    show_default="measured",
    help="Which published speeds: of networks that are measured too, 'all', or names, groups, timm names and globs.",
)
@click.option("--published-batch", "batches", type=Numbers(), default=(), help="Published speeds of these batch sizes.")
@click.option(
    "--base",
    metavar="FIELD=VALUE[,…]",
    multiple=True,
    help="The panel whose front the others are held against, such as runtime=eager,allocator=pinned.  "
    "[default: the most usual setting]",
)
@click.option("--published-front", is_flag=True, help="Find the front of each published panel among its own figures.")
@json_option
def command(
    root: Path,
    session: str | None,
    wanted: tuple[str, ...],
    on: str | None,
    metric: str,
    out: Path,
    files: tuple[Path, ...],
    published_networks: tuple[str, ...],
    batches: tuple[int, ...],
    published_front: bool,
    base: tuple[str, ...],
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
      levit-bench front --set my-parts
      levit-bench front --session last --base runtime=onnxruntime,batch=16
      levit-bench front --published benchmark-infer-amp-nhwc-pt240-cu124-rtx3090.csv
    """
    from rich.text import Text

    from levit_bench import api
    from levit_bench.catalog.timm_results import read_all
    from levit_bench.cli.output import MOST, print_findings, stderr, stdout
    from levit_bench.judge.comparability import where
    from levit_bench.judge.front.changes import bases_of, changes
    from levit_bench.judge.front.panel_limits import require_comparable
    from levit_bench.judge.published.accuracies import complete
    from levit_bench.judge.published.panels import published_panels, require_room
    from levit_bench.report.front import changes as moves
    from levit_bench.report.front.export import write_front
    from levit_bench.report.front.published_table import published_table
    from levit_bench.report.front.reproduction import reproduce
    from levit_bench.report.front.table import rows, table
    from levit_bench.report.words.findings import of_panels
    from levit_bench.report.words.safe_text import visible
    from levit_bench.store.lookup import resolve_session

    if gc.isenabled():  # What is read is kept to the end: there is nothing to collect, and to look for it takes long.
        gc.disable()
        click.get_current_context().call_on_close(gc.enable)
    read = read_all(files)
    results = api.load(resolve_session(root, session) if session else root)
    records, notes = complete(where(results.records, conditions_from(wanted)), read)
    speed: Metric = "throughput" if metric == "throughput" else "latency"
    found = _panels(records, speed, results.records, on)
    if not (session or wanted) and (last := _newest_of_many(found)):
        found = _panels([record for record in records if record.session == last], speed, results.records, on)
        session = last
    beside = published_panels(
        read, found, metric=speed, networks=published_networks, batches=batches, front=published_front
    )
    beside = beside._replace(findings=(*(note for file in read for note in file.findings), *notes, *beside.findings))
    print_findings((*results.findings, *beside.findings))
    require_comparable(found)
    require_room(found, beside)
    print_findings(of_panels(found), most=MOST)
    held, drawn = bases_of(found, conditions_from(base, "--base")), [panel for panel in found if panel.points]
    changed = [changes(found, one) for one in held]
    asked = [*_chosen(wanted, on, metric, base), *_told(files, published_networks, batches, published_front)]
    written = write_front(found, out, reproduce(_drawn(results.records, drawn), session, asked), beside, held)
    if as_json:
        click.echo(
            json.dumps(
                rows(found, beside.panels, moves.documents(chain.from_iterable(changed))),
                indent=2,
                allow_nan=False,
            )
        )
    else:
        console = stdout()
        for panel in found:
            console.print(table(panel, found))
        for one, group in zip(held, changed, strict=True):
            if group:
                console.print(Text(f"{moves.heading(one, drawn)}; {moves.NOTE}."))
                console.print(moves.table(group, drawn))
        for told in beside.panels:
            console.print(published_table(told))
    for path in written:
        stderr().print(Text(f"wrote {visible(str(path))}"), soft_wrap=True)
    return 0


def _panels(records: Sequence[Record], speed: Metric, whole: Sequence[Record], on: str | None) -> tuple[Panel, ...]:
    """The panels of the records, of one set of images where one was asked for."""
    from levit_bench.judge.front.panels import of_set, panels

    found = panels(records, speed, whole)
    return found if on is None else of_set(found, on)


def _drawn(records: Sequence[Record], panels: Sequence[Panel]) -> list[Record]:
    """All that the sessions hold that panels draw points of."""
    sessions = {name for panel in panels for point in panel.points for name in point.sessions}
    return [record for record in records if record.session in sessions]


def _newest_of_many(found: Sequence[Panel]) -> str | None:
    """The newest session, where several have more panels than a picture can hold: the likeliest to be meant."""
    from rich.text import Text

    from levit_bench.cli.output import stderr
    from levit_bench.judge.front.panel_limits import PANEL_LIMIT
    from levit_bench.report.words.safe_text import visible

    drawn = [panel for panel in found if panel.points]
    sessions = {name for panel in drawn for point in panel.points for name in point.sessions}
    if len(drawn) <= PANEL_LIMIT or len(sessions) == 1:
        return None
    last = max(sessions)
    told = f"The store holds {len(drawn)} panels, {PANEL_LIMIT} fit into a picture: this is its newest session, {last}."
    stderr().print(Text(visible(f"{told} Choose others with --session and --where.")))
    return last


def _chosen(wanted: tuple[str, ...], on: str | None, metric: str, base: tuple[str, ...]) -> list[str]:
    """The options about what is drawn, as a command line has them."""
    words = [word for text in wanted for word in ("--where", text)]
    words += ["--set", on] if on is not None else []
    words += ["--metric", metric] if metric != "latency" else []
    return [*words, *(word for text in base for word in ("--base", text))]


def _told(files: tuple[Path, ...], networks: tuple[str, ...], batches: tuple[int, ...], front: bool) -> list[str]:
    """The options about published files, as a command line has them; files without their folders."""
    words = [word for path in files for word in ("--published", path.name)]
    if networks != ("measured",):
        words += ["--published-networks", ",".join(networks)]
    if batches:
        words += ["--published-batch", ",".join(map(str, batches))]
    return [*words, *(["--published-front"] if front else [])]
