"""`levit-bench machine`: the machine and its state."""

from __future__ import annotations

import json

import click

from levit_bench.cli.options import Verb, json_option


@click.command("machine", cls=Verb)
@json_option
def command(as_json: bool) -> int:
    """Describe this machine and the state it is in, as a session would record it.

    \b
    Example:
      levit-bench machine --json
    """
    import msgspec

    from levit_bench.asking.ability import require_measuring

    require_measuring("describe a machine")
    from levit_bench.cli.output import stdout
    from levit_bench.measuring.machine.description import conditions, machine
    from levit_bench.measuring.workers.process_environment import default_allocator, shell
    from levit_bench.report.listings.machine import table

    this_machine, state, worker_shell = machine(), conditions(), shell([(1, default_allocator())])
    if as_json:
        parts = {"machine": this_machine, "conditions": state, "shell": worker_shell}
        document = {"id": this_machine.id, **{name: msgspec.to_builtins(part) for name, part in parts.items()}}
        click.echo(json.dumps(document, indent=2))
    else:
        stdout().print(table(this_machine, state, worker_shell))
    return 0
