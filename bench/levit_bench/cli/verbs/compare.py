"""`levit-bench compare`: is one stored session slower than another, and how sure is that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from levit_bench.catalog.network_calls import split_names
from levit_bench.cli.comparison_options import rules_from, rules_options
from levit_bench.cli.options import Verb, Words, conditions_from, json_option, store_option, where_option
from levit_bench.errors import EXIT_DONE, EXIT_FAILED_CASE, EXIT_NOTHING, NothingToShowError, StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from levit_bench.judge.compare.two_sides import Report
    from levit_bench.judge.verdicts import Rules
    from levit_bench.records import Finding, Record

BEFORE = "before"
"""Names all sessions of the store that are older than the other side."""


@click.command("compare", cls=Verb)
@click.argument("first", metavar="A")
@click.argument("second", metavar="[B]", required=False)
@store_option
@where_option
@click.option(
    "--ignore", "ignored", metavar="FIELD", type=Words(), multiple=True, help="A field that may differ: torch."
)
@click.option("--networks", type=Words(), default=(), help="Two networks of session A, the second against the first.")
@click.option("--between", metavar="FIELD=ONE,OTHER", help="The same for form, allocator, precision or runtime.")
@rules_options
@json_option
def command(
    first: str,
    second: str | None,
    root: Path,
    wanted: tuple[str, ...],
    ignored: tuple[tuple[str, ...], ...],
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
    from rich.text import Text

    from levit_bench.cli.output import print_findings, stderr, stdout
    from levit_bench.report.compare.two_sides import document, findings, notes, sentence, sessions, sessions_line, table
    from levit_bench.report.words.safe_text import visible

    ignore = [field for fields in ignored for field in fields]
    made = _made(root, first, second, wanted, ignore, _pair(networks, between), rules_from(min_effect, margin))
    report, code = made.report, exit_code(made.report)
    if as_json:
        sides = {which: side.name or sessions(side.records) for which, side in made.sides.items()}
        told = {**sides, **document(report), "exit_code": code}
        click.echo(json.dumps(told, indent=2, allow_nan=False))
        stderr().print(Text(sentence(report)), soft_wrap=True)
    else:
        console = stdout()
        for which, side in made.sides.items():
            shown = visible(side.name) or sessions_line(side.records)
            console.print(Text(f"{which}: {side.tag} ({shown})" if side.tag else f"{which}: {shown}"), soft_wrap=True)
        console.print(table(report))
        for note in notes(report):
            console.print(Text(note, style="dim"))
        console.print(Text(sentence(report)), soft_wrap=True)
    print_findings((*(finding for side in made.sides.values() for finding in side.findings), *findings(report)))
    return code


def exit_code(report: Report) -> int:
    """What a script is told: 0 only where every case that was judged is the same or faster.

    One case that is the same says nothing of five that the data could not tell: any of them may be slower.
    """
    from levit_bench.judge.verdicts import Verdict

    if report.having(Verdict.SLOWER) or report.failed or report.missing or report.unmatched:
        return EXIT_FAILED_CASE
    told = (*report.having(Verdict.FASTER), *report.having(Verdict.SAME))
    return EXIT_DONE if told and not report.having(Verdict.INCONCLUSIVE) else EXIT_NOTHING


class _Side(NamedTuple):
    """What was read for one side."""

    records: Sequence[Record]
    findings: tuple[Finding, ...] = ()
    name: str = ""
    """What it is, where its sessions do not say."""
    tag: str = ""
    """The tag that it was named by."""


class _Made(NamedTuple):
    """A comparison, and what it is of."""

    report: Report
    sides: dict[str, _Side]
    """By what they are called."""


def _made(
    root: Path,
    first: str,
    second: str | None,
    wanted: tuple[str, ...],
    ignore: Sequence[str],
    pair: tuple[str, str, str] | None,
    rules: Rules,
) -> _Made:
    from levit_bench.judge.compare.matching import check_ignored
    from levit_bench.judge.compare.newest_session import SHARE, counted, nightly, since
    from levit_bench.judge.compare.one_session import within
    from levit_bench.judge.compare.two_sides import compare

    check_ignored(ignore)
    if pair is not None:
        if second is not None or ignore:
            raise UsageError("--networks and --between compare within session A. Leave B and --ignore out.")
        only = _read(root, first, wanted)
        field, *both = pair
        named = {
            which: _Side((), name=f"{field} {value}") for which, value in zip(("first", "second"), both, strict=True)
        }
        return _Made(within(only.records, *pair, rules), {"session": only, **named})
    if second is None:
        raise UsageError(
            "compare needs two sides, such as 'levit-bench compare before last', or --networks ONE,OTHER for two "
            "networks of one session."
        )
    if second == BEFORE:
        raise UsageError("'before' is what came before the other side. Name it first: levit-bench compare before B.")
    other = _read(root, second, wanted)
    one = _before(root, other, wanted) if first == BEFORE else _read(root, first, wanted)
    if first == BEFORE:
        return _Made(nightly(one.records, other.records, rules, ignore=ignore), {"first": one, "second": other})
    stored = _stored(root)
    nights = since(one.records, stored) if one.tag else 0
    report = compare(
        one.records, other.records, (*stored, *one.records, *other.records), rules,
        ignore=ignore, looks=SHARE if nights > 1 else 1,
    )  # fmt: skip
    if nights > 1:
        report = report._replace(findings=(*report.findings, *counted(nights, named=True)))
    return _Made(report, {"first": one, "second": other})


def _read(root: Path, name: str, wanted: tuple[str, ...]) -> _Side:
    """A file or folder of that name, else a session of the store, or the sessions that a tag names."""
    from levit_bench import api
    from levit_bench.judge.comparability import where
    from levit_bench.store.lookup import resolve_sessions

    there = _is_there(name)
    if there and name in _tags(root):
        raise UsageError(
            f"{name!r} is a tag of {root} and a file or folder here. Write ./{name} for the latter, or rename."
        )
    read = [api.load(path) for path in ([name] if there else resolve_sessions(root, name))]
    records = [record for results in read for record in results.records]
    findings = [finding for results in read for finding in results.findings]
    tag = "" if there or name == "last" or any(one.session.startswith(name) for one in records) else name
    return _Side(where(records, conditions_from(wanted)), tuple(findings), tag=tag)


def _tags(root: Path) -> Collection[str]:
    """Names of the store's tags; none if the file cannot be read, so that comparing by path still works."""
    from levit_bench.store import tags

    try:
        return tags.read(root)
    except StoreError:
        return ()


def _is_there(name: str) -> bool:
    try:
        return bool(name) and Path(name).exists()
    except OSError:  # a name that is too long
        return False


def _before(root: Path, other: _Side, wanted: tuple[str, ...]) -> _Side:
    """All sessions of the store that are older than any of the other side, on its machines."""
    from levit_bench.judge.comparability import where

    oldest = min(record.session for record in other.records)
    machines = {record.machine for record in other.records}
    older = [record for record in _stored(root) if record.session < oldest and record.machine in machines]
    if not older:
        raise NothingToShowError(f"no session of {root} is older than {oldest} on its machine: there is no 'before'.")
    return _Side(where(older, conditions_from(wanted)))


def _stored(root: Path) -> Sequence[Record]:
    """Everything in the store, or nothing when there is none: a comparison of two files needs none."""
    from levit_bench.store import files

    return files.load(root)[0] if root.exists() else ()


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
