"""`levit-bench list`: the networks of the catalog."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from levit_bench.cli.options import ListOption, Verb, Words, json_option, percent
from levit_bench.command_lines import command_line
from levit_bench.errors import NothingToShowError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from levit_bench.catalog.entries import Entry
    from levit_bench.report.listings.runtimes import RuntimeSummary

# The orders of `levit_bench.catalog.filters`, repeated so that `--help` need not load the catalog.
ORDERS = ("name", "family", "top1", "params", "macs", "resolution")


@click.command("list", cls=Verb)
@click.argument("networks", type=Words(), default=())
@click.option(
    "--family", "families", cls=ListOption, type=Words(), help="These families, in any case. May be repeated."
)
@click.option("--min-top1", type=float, metavar="PERCENT", help="Published top-1 of at least this.")
@click.option("--max-macs", metavar="COUNT", help="Multiply-accumulates of at most this: 600M, 1.2G.")
@click.option("--in1k-only", is_flag=True, help="Leave out accuracies of weights that saw more than ImageNet-1k.")
@click.option("--sort", "order", type=click.Choice(ORDERS), help="Best top-1 first, the rest from the least up.")
@click.option("--runtimes", "of_runtimes", is_flag=True, help="List the runtimes instead: what each can do, and here.")
@json_option
def command(
    networks: tuple[str, ...],
    families: tuple[str, ...],
    min_top1: float | None,
    max_macs: str | None,
    in1k_only: bool,
    order: str | None,
    of_runtimes: bool,
    as_json: bool,
) -> int:
    """List the networks of the catalog, or those that NETWORKS chooses: names, globs, groups.

    Any other timm name, and module:function of your own, can be measured as well.

    \b
    Examples:
      levit-bench list
      levit-bench list levit,mobilenet* --json
      levit-bench list --min-top1 80 --max-macs 1.2G --sort macs
      levit-bench list --family convnext,swin
      levit-bench list --runtimes
    """
    if of_runtimes:
        return _list_runtimes(as_json=as_json)
    from levit_bench.catalog.entries import groups
    from levit_bench.catalog.filters import Filters, family_named, keep, ordered, why_empty
    from levit_bench.catalog.installed import unavailable

    filters = Filters(
        families=tuple(dict.fromkeys(map(family_named, families))),
        min_top1=None if min_top1 is None else percent("--min-top1", min_top1),
        max_macs=None if max_macs is None else _macs(max_macs),
        in1k_only=in1k_only,
    )
    candidates = _entries_of(networks)
    chosen = keep(candidates, filters)
    if not chosen:
        raise NothingToShowError(why_empty(candidates, filters))
    chosen = ordered(chosen, order) if order else chosen
    missing = unavailable(chosen)
    if as_json:
        click.echo(_document(chosen, missing))
        return 0
    from levit_bench.asking.ability import missing_module
    from levit_bench.cli.output import stdout
    from levit_bench.report.listings.networks import footnotes, table
    from levit_bench.report.listings.runtimes import lines

    console = stdout()
    console.print(table(chosen, missing))
    for line in footnotes(chosen, missing):
        console.print(line)
    console.print("groups: " + ", ".join(f"{name} ({len(members)})" for name, members in groups().items()))
    if (absent := missing_module()) is not None:
        console.print(f"runtimes: none, since {absent} is not installed: what is stored can be read, nothing measured")
        return 0
    for line in lines(_runtimes()):
        console.print(line)
    return 0


def _list_runtimes(*, as_json: bool) -> int:
    from levit_bench.asking.ability import require_measuring
    from levit_bench.cli.output import stdout
    from levit_bench.report.listings.runtimes import document, table

    require_measuring("say what runs here")
    if as_json:
        click.echo(json.dumps(document(_runtimes()), indent=2))
    else:
        stdout().print(table(_runtimes()))
    return 0


def _runtimes() -> list[RuntimeSummary]:
    """Every runtime, as far as it is known without loading it."""
    from levit_bench.measuring import runtimes
    from levit_bench.report.listings.runtimes import RuntimeSummary

    return [
        RuntimeSummary(
            name,
            runtimes.devices_of(name),
            runtimes.precisions_of(name),
            runtimes.POINT.made_by(name) or runtimes.facts(name).about,
            runtimes.unavailable(name),
            {
                precision: reason
                for precision in runtimes.precisions_of(name)
                if (reason := runtimes.lacking(name, precision)) is not None
            },
        )
        for name in runtimes.names()
    ]


def _macs(text: str) -> float:
    from levit_bench.numbers.units import parse_count

    try:
        return parse_count(text)
    except UsageError as error:
        raise UsageError(f"--max-macs: {error}") from error


def _entries_of(patterns: Sequence[str]) -> tuple[Entry, ...]:
    """The entries that patterns choose.

    Raises:
        UsageError: a name is not in the catalog; the message says whether timm knows it all the same.
    """
    from levit_bench.catalog.entries import entries, select, suggest
    from levit_bench.catalog.installed import timm_architectures
    from levit_bench.paths.model_files import kind_of

    if not patterns:
        return entries()
    selection = select(patterns)
    for name in selection.unknown:
        plain = name.partition("@")[0]
        architectures = timm_architectures() or frozenset()
        if ":" in name or kind_of(plain) is not None or plain.partition(".")[0] in architectures:
            raise UsageError(
                f"{name!r} is not in the catalog: nothing published is known of it here. It can be measured all the "
                f"same: {command_line('run', '--networks', name, '--budget', '60s')}"
            )
        raise UsageError(suggest(plain))
    return selection.entries


def _document(chosen: Sequence[Entry], missing: Mapping[str, str]) -> str:
    """JSON of all fields of the entries, and of the reason where a network is not available here."""
    import msgspec

    rows = [{**msgspec.structs.asdict(entry), "unavailable": missing.get(entry.name)} for entry in chosen]
    return json.dumps(rows, indent=2)
