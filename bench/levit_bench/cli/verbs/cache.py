"""`levit-bench cache`: what is kept between sessions."""

from __future__ import annotations

import json

import click

from levit_bench.cli.options import Verb, json_option
from levit_bench.errors import EXIT_DONE, UsageError


@click.command("cache", cls=Verb)
@click.option("--clear", is_flag=True, help="Remove all of it; the next sessions prepare their networks anew.")
@click.option("--cache", "named", default="", metavar="FOLDER", help="The folder, as of 'run --cache'.")
@json_option
def command(*, clear: bool, named: str, as_json: bool) -> int:
    """Show the prepared networks that are kept for later sessions, or remove them.

    A session uses one again when everything is the same that decides what it holds: network and code, weights, seed,
    sizes, form, precision, runtime, libraries, instruction set. Sessions say what they used again, and of which day it
    is. LEVIT_BENCH_CACHE names another folder; empty, it keeps nothing.

    \b
    Examples:
      levit-bench cache
      levit-bench cache --clear
      levit-bench run --networks levit_128s --fresh
    """
    from levit_bench.asking.ability import require_measuring

    require_measuring("say what is kept for sessions")
    from rich.text import Text

    from levit_bench.cli.output import stderr, stdout
    from levit_bench.measuring.preparing.artifact_cache import LIMIT_BYTES, cache_in
    from levit_bench.report.listings.kept_artifacts import KeptArtifact, document, sentence, table

    cache = cache_in(named, 0)
    if cache is None:
        raise UsageError("LEVIT_BENCH_CACHE is empty, so nothing is kept. Name a folder with --cache.")
    if clear:
        removed = cache.clear()
        stderr().print(Text(f"removed {removed} prepared network{'' if removed == 1 else 's'}"))
    kept = [
        KeptArtifact(
            case=one.entry.case, batches=one.entry.batches, bytes=one.entry.bytes, sha256=one.entry.prepared.sha256,
            prepare_s=one.entry.prepared.seconds, prepared_at=one.entry.prepared_at, used_at=one.used_at,
        )
        for one in cache.entries()
    ]  # fmt: skip
    if as_json:
        click.echo(json.dumps(document(kept, cache.folder, LIMIT_BYTES), indent=2))
        return EXIT_DONE
    if kept:
        stdout().print(table(kept))
    stderr().print(Text(sentence(kept, cache.folder, LIMIT_BYTES)), soft_wrap=True)
    return EXIT_DONE
