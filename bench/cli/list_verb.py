"""`levit-bench list`: the networks of the catalog."""

from __future__ import annotations

import json

import click

from bench.cli.options import Words, json_option


@click.command("list")
@click.argument("networks", type=Words(), default=())
@json_option
def command(networks: tuple[str, ...], as_json: bool) -> int:
    """List the networks of the catalog, or those that NETWORKS chooses: names, globs, groups.

    Any other timm name, and module:function of your own, can be measured as well.

    \b
    Examples:
      levit-bench list
      levit-bench list levit,mobilenet* --json
    """
    import msgspec

    from bench.catalog import entries, groups, select

    chosen = select(networks).entries if networks else entries()
    if as_json:
        click.echo(json.dumps([msgspec.structs.asdict(entry) for entry in chosen], indent=2))
        return 0
    from bench.cli.output import stdout
    from bench.report.networks import table

    console = stdout()
    console.print(table(chosen))
    console.print("groups: " + ", ".join(f"{name} ({len(members)})" for name, members in groups().items()))
    return 0
