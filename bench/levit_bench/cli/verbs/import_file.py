"""`levit-bench import`: a file of another tool as published figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from levit_bench.cli.options import Verb, conditions_from, json_option, several_conditions_from, where_option
from levit_bench.errors import EXIT_DONE, NothingToShowError, UsageError

if TYPE_CHECKING:
    from levit_bench.catalog.pytest_benchmark_figures import ImportedFile


@click.command("import", cls=Verb)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--as",
    "fields",
    metavar="FIGURE=FIELD[,…]",
    multiple=True,
    help="Which parameter of the tests, or which number, is the network, the resolution and the batch: "
    "network=model,resolution=224,batch=bs.  [default: parameters that are called so]",
)
@where_option
@click.option("--out", type=click.Path(path_type=Path), help="CSV file to write.  [default: the standard output]")
@json_option
def command(file: Path, fields: tuple[str, ...], where: tuple[str, ...], out: Path | None, as_json: bool) -> int:
    """Turn a JSON file of pytest-benchmark (3 to 5) into a CSV file of published figures.

    'levit-bench front --published' draws them beside what was measured here: hollow, in a panel of their own, never in
    one ratio with it. A figure is the median of a benchmark's rounds, without an interval. It needs the name of a
    network as timm or the catalog has it, its resolution and its batch; --where chooses by the tests' parameters.

    \b
    Examples:
      levit-bench import theirs.json --out theirs.csv
      levit-bench import theirs.json --as network=model,resolution=224,batch=1 --where device=cpu --out theirs.csv
      levit-bench front --session last --published theirs.csv

    Exit codes: 0 something was read, 1 a file cannot be read or written, 2 usage, 3 no benchmark is a figure.
    """
    from levit_bench.catalog.pytest_benchmark_figures import read
    from levit_bench.cli.output import print_words, stderr
    from levit_bench.paths.whole_files import write_whole
    from levit_bench.report.words.safe_text import visible

    if out is None and as_json:
        raise UsageError("--json says what was written to a file. Name one with --out, or leave --json out.")
    read_file = read(file, conditions_from(fields, "--as"), several_conditions_from(where))
    if not read_file.figures:
        reasons = [f"{name}: {reason}" for name, reason in read_file.left_out] or ["--where chooses no benchmark"]
        raise NothingToShowError(f"no benchmark of {file} is a figure.", reasons)
    if out is not None:
        write_whole(out, read_file.csv().encode())
    if as_json:
        click.echo(json.dumps({"file": str(out), **_document(read_file)}, indent=2))
    elif out is None:
        click.echo(read_file.csv(), nl=False)
    else:
        print_words(stderr(), f"wrote {visible(str(out))}")
    for name, reason in read_file.left_out:
        print_words(stderr(), visible(f"left out: {name}: {reason}"), style="yellow")
    return EXIT_DONE


def _document(read_file: ImportedFile) -> dict[str, object]:
    return {
        "machine": read_file.machine,
        "conditions": read_file.conditions,
        "figures": [one._asdict() for one in read_file.figures],
        "left_out": [{"name": name, "reason": reason} for name, reason in read_file.left_out],
    }
