"""`levit-bench export`: stored cases in the formats of other tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from levit_bench.cli.options import Verb, choice_options, json_option
from levit_bench.errors import EXIT_DONE, UsageError

if TYPE_CHECKING:
    from levit_bench.reading.exporting import Export
    from levit_bench.reading.results import Results
    from levit_bench.reading.session_choice import SessionChoice

NAMES = ("pytest-benchmark", "github-action-benchmark", "bencher", "codspeed", "asv", "otava")
"""The formats; that they are those of the registry is tested, for help needs no reports."""

MOST_LEFT_OUT = 20
"""Cases that a terminal names as left out, before it says how many more there are."""


@click.command("export", cls=Verb)
@click.option("--to", metavar="FORMAT", required=True, help=f"{', '.join(NAMES[:-1])} or {NAMES[-1]}.")
@choice_options
@click.option(
    "--out",
    metavar="PATH",
    help="File, or folder, to write; asv and otava need a folder.  [default: the standard output]",
)
@click.option(
    "--commit",
    metavar="COMMIT",
    help="The commit of your repository that was measured.  [default: what the session recorded]",
)
@click.option(
    "--repository",
    type=click.Path(path_type=Path),
    help="Folder of the git repository that asv's results are filed under.  [default: the current one]",
)
@json_option
def command(
    to: str,
    choice: SessionChoice,
    out: str | None,
    commit: str | None,
    repository: Path | None,
    as_json: bool,
) -> int:
    """Write stored cases in the format of another tool, with this suite's estimates and intervals.

    A file of pytest-benchmark, github-action-benchmark, bencher and codspeed holds one session: by default the newest
    that was not taken under an emulator. asv and otava hold a history: by default all sessions.

    Names of cases are the same in every session, and each format has fixed units. A case without a latency is left out,
    and named on stderr. With --json prints which files were written and what was left out.

    \b
    Examples:
      levit-bench export --to bencher --session last --out bencher.json
      levit-bench export --to pytest-benchmark --session last --where allocator=pinned --out 0001_now.json
      levit-bench export --to otava --out otava

    Exit codes: 0 something was written, 1 a file cannot be written, 2 usage, 3 no case can be exported.
    """
    from levit_bench.cli.output import print_findings, print_words, stderr
    from levit_bench.report.exports.registry import format_named
    from levit_bench.report.words.safe_text import visible

    chosen = format_named(to)
    if out is None and chosen.is_folder:
        raise UsageError(f"the format {to} is several files. Name a folder for them with --out.")
    if out is None and as_json:
        raise UsageError("--json says what was written to files. Name a file with --out, or leave --json out.")
    results = _results(choice, is_history=chosen.is_history)
    export = results.export(to, commit=commit, repository=repository)
    written = () if out is None else export.write(out)
    if as_json:
        click.echo(json.dumps(_document(export, written), indent=2))
    elif out is None:
        click.echo(export.text, nl=False)
    print_findings(results.findings)
    for path in written:
        print_words(stderr(), f"wrote {visible(str(path))}")
    for name, reason in export.left_out[:MOST_LEFT_OUT]:
        print_words(stderr(), f"left out: {name}: {reason}", style="yellow")
    if (more := len(export.left_out) - MOST_LEFT_OUT) > 0:
        print_words(stderr(), f"left out: {more} more; --json names all", style="yellow")
    return EXIT_DONE


def _results(choice: SessionChoice, *, is_history: bool) -> Results:
    """The chosen sessions; where none is named, the newest for a format of one session, and all for a history."""
    from levit_bench import api
    from levit_bench.reading.session_list import newest_session

    newest = None if is_history or choice.names_sessions else newest_session(choice.stores)
    if newest is None:
        return api.load_chosen(choice._replace(takes_gates=True))
    results = api.load_several([newest[1]], newest[0])
    return results.where(**choice.conditions) if choice.conditions else results


def _document(export: Export, written: tuple[Path, ...]) -> dict[str, object]:
    return {
        "format": export.to,
        "files": [str(path) for path in written],
        "cases": list(export.names),
        "left_out": [one._asdict() for one in export.left_out],
    }
