"""`levit-bench cache`: what is kept between sessions."""

from __future__ import annotations

import json

import click

from levit_bench.cli.options import Verb, json_option
from levit_bench.errors import EXIT_DONE, UsageError


@click.command("cache", cls=Verb)
@click.option("--clear", is_flag=True, help="Remove all of it: networks are prepared anew, and sessions read.")
@click.option("--cache", "named", default="", metavar="FOLDER", help="The folder, as of 'run --cache'.")
@json_option
def command(*, clear: bool, named: str, as_json: bool) -> int:
    """Show what is kept between sessions, or remove it: prepared networks, and what was read and drawn.

    A session uses one again when everything is the same that decides what it holds: network and code, weights, seed,
    sizes, form, precision, runtime, libraries, instruction set. Sessions say what they used again, and of which day it
    is. Of stored sessions, what their files hold is kept in a compact form, and the pictures of fronts; neither is used
    once a file has other content. Of gates, the environments that were made for requirements are kept, at most six.
    LEVIT_BENCH_CACHE names another folder; empty, it keeps nothing.

    \b
    Examples:
      levit-bench cache
      levit-bench cache --clear
      levit-bench run --networks levit_128s --fresh
    """
    from levit_bench.asking.ability import NEEDED, missing_module, require_measuring

    if missing_module() == NEEDED[0]:  # What is kept can be listed without the libraries that a session needs.
        require_measuring("say what is kept for sessions")
    from rich.text import Text

    from levit_bench.cli.output import print_words, stderr, stdout
    from levit_bench.measuring.preparing.artifact_cache import LIMIT_BYTES, cache_in
    from levit_bench.measuring.sides.environments import MOST, clear_environments, kept_environments
    from levit_bench.numbers.units import counted
    from levit_bench.paths.kept_files import LIMIT_BYTES as READINGS_LIMIT
    from levit_bench.paths.kept_files import KeptFiles
    from levit_bench.report.listings.kept_artifacts import (
        KeptArtifact,
        KeptReadings,
        KeptSide,
        document,
        environments_lines,
        readings_sentence,
        sentence,
        table,
    )

    cache = cache_in(named, 0)
    if cache is None:
        raise UsageError("LEVIT_BENCH_CACHE is empty, so nothing is kept. Name a folder with --cache.")
    readings = KeptFiles(cache.folder)
    if clear:
        networks, files = counted(cache.clear(), "prepared network"), counted(readings.clear(), "reading")
        made = counted(clear_environments(cache.folder), "environment")
        stderr().print(Text(f"removed {networks}, {files} and {made}"))
    kept = [
        KeptArtifact(
            case=one.entry.case, batches=one.entry.batches, bytes=one.entry.bytes, sha256=one.entry.prepared.sha256,
            prepare_s=one.entry.prepared.seconds, prepared_at=one.entry.prepared_at, used_at=one.used_at,
        )
        for one in cache.entries()
    ]  # fmt: skip
    read = KeptReadings(len(entries := readings.entries()), sum(entry.bytes for entry in entries), READINGS_LIMIT)
    sides = [KeptSide(one.requirements, one.bytes, one.used_at) for one in kept_environments(cache.folder)]
    if as_json:
        click.echo(json.dumps(document(kept, cache.folder, LIMIT_BYTES, read, sides), indent=2))
        return EXIT_DONE
    if kept:
        stdout().print(table(kept))
    print_words(stderr(), sentence(kept, cache.folder, LIMIT_BYTES))
    print_words(stderr(), readings_sentence(read))
    for line in environments_lines(sides, MOST):
        print_words(stderr(), line)
    return EXIT_DONE
