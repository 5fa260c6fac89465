"""`levit-bench compare`: is one stored session slower than another, and how sure is that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from levit_bench.axes import AXES, AxisKind
from levit_bench.catalog.network_calls import split_names
from levit_bench.cli.comparison_options import rules_options
from levit_bench.cli.options import (
    ListOption,
    Verb,
    Words,
    json_option,
    several_conditions_from,
    store_option,
    where_option,
)
from levit_bench.command_lines import command_line
from levit_bench.errors import UsageError
from levit_bench.reading.rules import rules_from

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from levit_bench.judge.verdicts import Rules
    from levit_bench.reading.comparison import SessionComparison
    from levit_bench.reading.results import Results

_NAMED = " or ".join(axis.name for axis in AXES if axis.kind is AxisKind.NAMES)
BEFORE = "before"
"""Names all sessions of the store that are older than the other side."""


@click.command("compare", cls=Verb)
@click.argument("first", metavar="A")
@click.argument("second", metavar="[B]", required=False)
@store_option
@where_option
@click.option(
    "--ignore", "ignored", cls=ListOption, metavar="FIELD", type=Words(), help="A field that may differ: torch."
)
@click.option(
    "--networks", cls=ListOption, type=Words(), help="Two networks of session A, the second against the first."
)
@click.option("--between", metavar="FIELD=ONE,OTHER", help=f"The same for {_NAMED}.")
@rules_options
@json_option
def command(
    first: str,
    second: str | None,
    root: Path,
    where: tuple[str, ...],
    ignored: tuple[str, ...],
    networks: tuple[str, ...],
    between: str | None,
    min_effect: str,
    margin: str | None,
    as_json: bool,
) -> int:
    """Compare B with A, case by case: slower, faster, the same, or inconclusive.

    A and B are sessions of the store (a name, the beginning of one, 'last', or a tag), session files, or other stores;
    A may be 'before', all sessions older than B. Cases are compared by their ratio to the yardstick of each run. With
    --networks or --between, two of session A are compared, paired by round.

    slower: the lower limit of the ratio is above 1, and the ratio at least --min-effect above it; faster is its mirror
    image. same: the 90 % interval lies within --margin. Limits hold for all cases together, and so does same: with
    several cases its interval is wider. Only what is comparable is compared; another machine or yardstick is always
    refused.

    \b
    Examples:
      levit-bench compare 20261126T104014 20261126T105004
      levit-bench compare before last --where allocator=pinned
      levit-bench compare baseline last
      levit-bench compare last --networks levit_192,efficientnet_b2
      levit-bench compare 20261126T000013 --between allocator=pinned,shipped

    Exit codes: 0 every case that was judged is the same or faster, 1 a case is slower, failed or missing, 2 usage,
    3 nothing is comparable or a case is inconclusive, 130 interrupted.
    """
    from levit_bench.cli.output import print_findings, print_words, print_wrapped, stderr, stdout
    from levit_bench.report.compare.two_sides import notes, sessions_line, table
    from levit_bench.report.words.safe_text import visible

    pair, rules = _pair(networks, between), rules_from(min_effect, margin)
    comparison = _comparison(root, first, second, several_conditions_from(where), ignored, pair, rules)
    if as_json:
        click.echo(json.dumps(comparison.document(), indent=2, allow_nan=False))
        print_words(stderr(), comparison.summary)
    else:
        console = stdout()
        for which, side in comparison.sides.items():
            shown = visible(side.name) or sessions_line(side.records)
            print_words(console, f"{which}: {side.tag} ({shown})" if side.tag else f"{which}: {shown}")
        console.print(table(comparison.report))
        names = (comparison.sides[which].name or which for which in ("first", "second"))
        for note in notes(comparison.report, *names):
            print_wrapped(console, note, style="dim")
        print_words(console, comparison.summary)
    print_findings(comparison.findings)
    return comparison.exit_code


def _comparison(
    root: Path,
    first: str,
    second: str | None,
    conditions: Mapping[str, tuple[str, ...]],
    ignore: Sequence[str],
    pair: tuple[str, str, str] | None,
    rules: Rules,
) -> SessionComparison:
    """The comparison that the arguments choose."""
    from levit_bench.judge.compare.matching import check_ignored
    from levit_bench.reading.comparison import compare_sessions, compare_with_older, compare_within_session, stored_at

    check_ignored(ignore)
    if pair is not None:
        if second is not None or ignore:
            raise UsageError("--networks and --between compare within session A. Leave B and --ignore out.")
        return compare_within_session(_side(root, first, conditions), *pair, rules)
    if second is None:
        side = "last" if first == BEFORE else first
        raise UsageError(
            "compare needs two sides, or --networks ONE,OTHER for two networks of one session. To compare with what "
            f"came before: {command_line('compare', BEFORE, side)}"
        )
    if second == BEFORE:
        in_order = command_line("compare", BEFORE, "last" if first == BEFORE else first)
        raise UsageError(f"'before' is what came before the other side. Name it first: {in_order}")
    second_side = _side(root, second, conditions)
    if first == BEFORE:
        return compare_with_older(second_side, stored_at(root), rules, ignore)
    return compare_sessions(_side(root, first, conditions), second_side, stored_at(root), rules, ignore)


def _side(root: Path, name: str, conditions: Mapping[str, tuple[str, ...]]) -> Results:
    """The records of one side: of a file or folder, a session of the store, or the sessions of a tag."""
    from levit_bench import api
    from levit_bench.reading.comparison import passed_over_for, paths_of, tag_of

    results = api.load_several(paths_of(root, name), root, findings=passed_over_for(root, name))
    results.tag = tag_of(name, results.records)
    return results.where(**conditions)


def _pair(networks: tuple[str, ...], between: str | None) -> tuple[str, str, str] | None:
    """Field and both values of a comparison within one session."""
    if networks and between:
        raise UsageError("--networks and --between are two questions. Ask one at a time.")
    if networks:
        between = f"network={','.join(networks)}"
    if between is None:
        return None
    field, equals, values = between.partition("=")
    both = split_names(values)
    if not equals or len(both) != 2:
        option = "--networks ONE,OTHER" if networks else "--between FIELD=ONE,OTHER, such as form=shipped,inference"
        raise UsageError(f"{between[:80]!r} does not name two to compare. Write {option}.")
    return field.strip(), both[0], both[1]
