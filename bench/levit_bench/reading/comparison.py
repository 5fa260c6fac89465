"""Comparison of two sides: which sessions each side has, the rules of its verdicts, and the exit code.

Chooses what is compared with what; `levit_bench.judge.compare` computes the verdicts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.errors import (
    EXIT_DONE,
    EXIT_FAILED_CASE,
    EXIT_NOTHING,
    NothingToShowError,
    StoreError,
    UsageError,
)
from levit_bench.judge.compare.matching import check_ignored
from levit_bench.judge.compare.newest_session import SHARE, counted, nightly, since
from levit_bench.judge.compare.one_session import within
from levit_bench.judge.compare.two_sides import Report, compare
from levit_bench.judge.verdicts import Rules, Verdict
from levit_bench.report.compare import two_sides as report_words
from levit_bench.store import files, tags
from levit_bench.store.lookup import LAST, passed_over, resolve_sessions

if TYPE_CHECKING:
    from levit_bench.reading.selection import StoredSelection
    from levit_bench.records import Finding, Record


class ComparedSide(NamedTuple):
    """One side of a comparison."""

    records: Sequence[Record]
    findings: tuple[Finding, ...] = ()
    """About its files."""
    name: str = ""
    """A description such as `network levit_192`, where the sessions do not identify the side; else empty."""
    tag: str = ""
    """The tag by which it was named; empty without one."""


class SessionComparison(NamedTuple):
    """The comparison that `levit-bench compare` prints."""

    report: Report
    """A row a case with its ratio, the ratio's interval and the verdict."""
    sides: dict[str, ComparedSide]
    """The sides by their role: `first` and `second`, or also `session` where both are of one session."""

    def __repr__(self) -> str:
        return f"<SessionComparison: {self.summary}>"

    @property
    def exit_code(self) -> int:
        """The exit code of the command, see `exit_code`."""
        return exit_code(self.report)

    @property
    def summary(self) -> str:
        """Counts of all verdicts, the worst first, in one sentence."""
        return report_words.sentence(self.report)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings about the files, the comparison and the sessions that it rests on."""
        of_files = (finding for side in self.sides.values() for finding in side.findings)
        return (*of_files, *report_words.findings(self.report))

    def document(self) -> dict[str, object]:
        """The comparison as `levit-bench compare --json` prints it: ratios are the second's time over the first's;
        figures that the data cannot give are None.
        """
        sides = {which: side.name or report_words.sessions(side.records) for which, side in self.sides.items()}
        return {**sides, **report_words.document(self.report), "exit_code": self.exit_code}


def exit_code(report: Report) -> int:
    """The exit code of a comparison: 0 only where every case that was judged is the same or faster.

    One inconclusive case is enough for another code: it may be slower, whatever the others are.
    """
    if report.having(Verdict.SLOWER) or report.failed or report.missing or report.unmatched:
        return EXIT_FAILED_CASE
    same_or_faster = (*report.having(Verdict.FASTER), *report.having(Verdict.SAME))
    return EXIT_DONE if same_or_faster and not report.having(Verdict.INCONCLUSIVE) else EXIT_NOTHING


def compare_sessions(
    first: StoredSelection, second: StoredSelection, stored: Sequence[Record], rules: Rules, ignore: Sequence[str] = ()
) -> SessionComparison:
    """Compare the second side with the first, case by case.

    Args:
        first: the baseline; with a tag, part of the error rate is spent on each session taken since.
        second: the side that is judged.
        stored: all records of the store, for the variance between its sessions.
        rules: what counts as a difference.
        ignore: fields that may differ.

    Raises:
        UsageError: a field cannot be ignored.
        NotComparableError, NothingToShowError: nothing of the two can be compared.
    """
    report = judged_against(first.records, second.records, stored, rules, ignore, is_tag=bool(first.tag))
    return SessionComparison(report, {"first": _side(first), "second": _side(second)})


def judged_against(
    baseline: Sequence[Record],
    judged: Sequence[Record],
    stored: Sequence[Record],
    rules: Rules,
    ignore: Sequence[str] = (),
    *,
    is_tag: bool,
    baselines: int = 1,
) -> Report:
    """Compare sessions with a baseline: what `levit-bench compare` and `gate --baseline` have in common.

    Args:
        baseline: the side to compare with.
        judged: the side that is judged.
        stored: all records of the store, for the variance between its sessions.
        rules: what counts as a difference.
        ignore: fields that may differ.
        is_tag: whether the baseline was named by a tag: then each session taken since costs a part of the error rate.
        baselines: how many there are, which share the error rate.

    Raises:
        UsageError: a field cannot be ignored.
        NotComparableError, NothingToShowError: nothing of the two can be compared.
    """
    check_ignored(ignore)
    nights = since(baseline, stored) if is_tag else 0
    report = compare(
        baseline, judged, (*stored, *baseline, *judged), rules,
        ignore=ignore, looks=baselines * (SHARE if nights > 1 else 1),
    )  # fmt: skip
    more = (*_wrong_order(baseline, judged), *(counted(nights, named=True) if nights > 1 else ()))
    return report._replace(findings=(*report.findings, *more))


def _wrong_order(baseline: Sequence[Record], judged: Sequence[Record]) -> tuple[Finding, ...]:
    """Finding of a judged side that ended before the baseline began."""
    from levit_bench.records import Finding

    newest, oldest = (record.session for record in judged), (record.session for record in baseline)
    if (last := max(newest, default="")) >= (first := min(oldest, default="")):
        return ()
    message = (
        f"the judged session {last} is older than {first}, which it is judged against: slower means that the newer one "
        "is faster. Swap the two unless that is what you ask."
    )
    return (Finding(kind="sides-in-wrong-order", message=message),)


def compare_with_older(
    newest: StoredSelection, stored: Sequence[Record], rules: Rules, ignore: Sequence[str] = ()
) -> SessionComparison:
    """Compare a session with all older ones of its machine.

    Args:
        newest: the session that is judged.
        stored: all records of the store; those that meet the conditions of `newest` are compared.
        rules: what counts as a difference.
        ignore: fields that may differ.

    Raises:
        UsageError: a field cannot be ignored.
        NothingToShowError: no session is older.
        NotComparableError: nothing of the two can be compared.
    """
    from levit_bench.judge.comparability import where

    check_ignored(ignore)
    oldest = min(record.session for record in newest.records)
    machines = {record.machine for record in newest.records}
    older = [record for record in stored if record.session < oldest and record.machine in machines]
    if not older:
        raise NothingToShowError(
            f"no session of {newest.choice.place} is older than {oldest} on its machine: there is no 'before'."
        )
    before = ComparedSide(where(older, newest.choice.conditions))
    report = nightly(before.records, newest.records, rules, ignore=ignore)
    return SessionComparison(report, {"first": before, "second": _side(newest)})


def compare_within_session(
    results: StoredSelection, field: str, first: str, second: str, rules: Rules
) -> SessionComparison:
    """Compare two networks of one session, or two values of a field, paired by round.

    Args:
        results: the session.
        field: `network`, `form`, `allocator`, `precision` or `runtime`.
        first: the value of the baseline.
        second: the value that is judged.
        rules: what counts as a difference.

    Raises:
        UsageError: the field does not exist.
        NothingToShowError, NotComparableError: no case has these values, or those that have them cannot be compared.
    """
    named = {"first": ComparedSide((), name=f"{field} {first}"), "second": ComparedSide((), name=f"{field} {second}")}
    return SessionComparison(within(results.records, field, first, second, rules), {"session": _side(results), **named})


def paths_of(root: Path, name: str) -> list[Path]:
    """Session files that a name means: an existing file or folder, else a session of the store, or those of a tag.

    Raises:
        UsageError: it is both a path and a tag, or neither.
        StoreError: it can only be a tag, and the store's tags cannot be read.
    """
    if not _is_there(name):
        return resolve_sessions(root, name)
    if name in _tags(root):
        raise UsageError(
            f"{name!r} is a tag of {root} and a file or folder here. Write ./{name} for the latter, or rename."
        )
    return [Path(name)]


def passed_over_for(root: Path, name: str) -> list[Finding]:
    """Findings about files that were passed over for the ones that `paths_of` gives."""
    return [] if _is_there(name) else passed_over(root, name)


def tag_of(name: str, records: Sequence[Record]) -> str:
    """The tag by which a side was named: any name but a path, `last` or the beginning of a session; else empty."""
    return "" if _is_there(name) or name == LAST or any(record.session.startswith(name) for record in records) else name


def stored_at(root: Path) -> Sequence[Record]:
    """All records of the store; none where it does not exist, since two files can be compared without a store."""
    return files.load(root)[0] if root.exists() else ()


def _side(results: StoredSelection) -> ComparedSide:
    return ComparedSide(results.records, results.findings, tag=results.tag)


def _tags(root: Path) -> Collection[str]:
    """Names of the store's tags; empty if the file cannot be read, so that comparing by path still works."""
    try:
        return tags.read(root)
    except StoreError:
        return ()


def _is_there(name: str) -> bool:
    try:
        return bool(name) and Path(name).exists()
    except OSError:  # a name that is too long
        return False
