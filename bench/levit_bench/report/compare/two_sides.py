"""A comparison of two sides as a table, as one sentence and as a JSON document."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from levit_bench.judge.compare.two_sides import Report, Row
from levit_bench.judge.verdicts import ALPHA, Verdict, percent_of, same_level
from levit_bench.records import Case, Estimate, Finding, Record
from levit_bench.report.views.cases import fields, shown_names
from levit_bench.report.words import shared_axes
from levit_bench.report.words.listing import first_few
from levit_bench.report.words.ratios import ratio_figures
from levit_bench.report.words.safe_text import shortened, visible

if TYPE_CHECKING:
    from rich.table import Table

_NAME = 80
_STYLES = {Verdict.SLOWER: "bold red", Verdict.FASTER: "bold green", Verdict.INCONCLUSIVE: "yellow"}


def table(report: Report) -> Table:
    """One row a case that was judged."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    rows = [row for row in report.rows if row.comparison.verdict != Verdict.NOT_COMPARABLE]
    words = _axes_of_both([row.first.case for row in rows], [row.second.case for row in rows])
    rests = shared_axes.rests(words)
    out = FittedTable(title=shared_axes.heading(words))
    out.add_column("network", overflow="fold")
    if any(rests):
        out.add_column("case", overflow="fold")
    out.add_column("ratio", justify="right", no_wrap=True)
    out.add_column("95 % CI", no_wrap=True)
    out.add_column("detectable", justify="right", no_wrap=True)
    out.add_column("verdict", no_wrap=True)
    names = shown_names(row.second.info for row in rows)
    for row, rest in zip(rows, rests, strict=True):
        word = Text(row.comparison.verdict.value, style=_STYLES.get(row.comparison.verdict, ""))
        out.add_row(
            Text(names[row.second.case.network]),
            *([Text(rest)] if any(rests) else []),
            *ratio_figures(row.comparison),
            word,
        )
    return out


def _axes_of_both(first_cases: Sequence[Case], second_cases: Sequence[Case]) -> list[list[str]]:
    """The axes of each second case, without those in which its first differs: the lines above name these."""
    words = shared_axes.words_of([*first_cases, *second_cases])
    pairs = zip(first_cases, words, second_cases, words[len(first_cases) :], strict=False)
    return [
        [word for word in second_words if first.network != second.network or word in first_words]
        for first, first_words, second, second_words in pairs
    ]


def notes(report: Report, first: str = "first", second: str = "second") -> list[str]:
    """Lines below the table: the meaning of its columns, and the reason of each case without an interval.

    Args:
        report: the comparison.
        first: what the first side is called: `allocator pinned`, or where sessions are compared `first`.
        second: what the second is called.
    """
    return [*_legend(report, f"ratio: {visible(second)} over {visible(first)}"), *_remarks(report)]


def sentence(report: Report) -> str:
    """Counts of all verdicts, the worst first, on one line of text."""
    judged = [row for row in report.rows if row.comparison.verdict != Verdict.NOT_COMPARABLE]
    parts = []
    parts += [
        f"{len(rows)} {verdict.value}: {first_few([_with_limit(row) for row in rows])}"
        for verdict in (Verdict.SLOWER, Verdict.FASTER)
        if (rows := report.having(verdict))
    ]
    parts += [
        f"{len(rows)} {verdict.value}"
        for verdict in (Verdict.SAME, Verdict.INCONCLUSIVE)
        if (rows := report.having(verdict))
    ]
    for word, records in _other_outcomes(report):
        parts.append(f"{len(records)} {word}: {first_few([_label(record) for record in records])}")
    total = f"{len(judged)} case{'' if len(judged) == 1 else 's'} compared"
    return f"{total}: {'; '.join(parts)}." if parts else f"{total}."


def document(report: Report) -> dict[str, object]:
    """The comparison as data, unrounded; figures that the data cannot give are None."""
    return {
        "summary": sentence(report),
        "rows": [_row(row) for row in report.rows],
        "missing": [_label(record) for record in report.missing],
        "new": [_label(record) for record in report.new],
        "findings": [{"kind": finding.kind, "message": finding.message} for finding in findings(report)],
    }


def findings(report: Report) -> list[Finding]:
    """Findings about the comparison, and about the sessions that it rests on, with their names."""
    out = [*report.findings]
    for record in (record for row in report.rows for record in (row.first, row.second)):
        about_all = (finding for finding in record.findings if finding.case is None)
        out += [Finding(kind=finding.kind, message=f"{record.session}: {finding.message}") for finding in about_all]
    return list(dict.fromkeys(out))


def sessions(records: Iterable[Record]) -> list[str]:
    """Names of the sessions of a side, oldest first."""
    return sorted({record.session for record in records})


def sessions_line(records: Sequence[Record]) -> str:
    """The sessions of a side: its only one, or their number with the first and the last."""
    names = sessions(records)
    if len(names) == 1:
        return visible(names[0])
    return f"{len(names)} sessions, {visible(names[0])} to {visible(names[-1])}" if names else "no session"


def _legend(report: Report, ratio_words: str) -> list[str]:
    ratios = [ratio for row in report.rows if (ratio := row.comparison.ratio)]
    if not ratios:
        return []
    comparison = next(row.comparison for row in report.rows if row.comparison.ratio)
    family = comparison.family
    so_wide = "" if family == 1 else ", so wide for all of them together,"
    of_all = f"; 95 % CI: {percent_of(1 - ALPHA / family)} each, so that 95 % hold {_shared(report)}"
    of_all = of_all if family > 1 else ""
    return [
        f"{ratio_words}{of_all}",
        "detectable: the smallest slowdown that so many runs find four times in five",
        f"slower, faster: all of the interval beyond 1, and at least {100 * comparison.min_effect:.10g} %",
        f"same: the {percent_of(same_level(family))} interval{so_wide} within ±{100 * comparison.margin:.10g} %",
    ]


def _shared(report: Report) -> str:
    """What the intervals of a report hold for together: its cases, at all looks that are allowed for."""
    rows = [row for row in report.rows if row.comparison.ratio]
    family, cases = rows[0].comparison.family, len(rows)
    together = [f"for all {cases} cases together"] if cases > 1 else []
    if family > cases:
        records = [record for row in rows for record in (row.first, row.second)]
        declared = max(len(record.protocol.looks) for record in records)
        if any(finding.kind == "nights-counted" for finding in report.findings):
            together.append("on every night")
        elif family == cases * declared:
            together.append(f"at each of {declared} looks")
        else:
            together.append("though results were seen before the session was resumed")
        together.append(f"(as for {family} comparisons)")
    return " ".join(together)


def _remarks(report: Report) -> list[str]:
    """Cases without an interval, each with its reason, and those that one side lacks."""
    out = [
        f"{_label(row.second)}: {visible(row.comparison.reason)}" for row in report.rows if row.comparison.ratio is None
    ]
    out += [f"{_label(record)}: missing, only the first holds it" for record in report.missing]
    out += [f"{_label(record)}: new, only the second holds it" for record in report.new]
    return list(dict.fromkeys(out))


def _other_outcomes(report: Report) -> list[tuple[str, list[Record]]]:
    kinds = {
        "failed": [row.second for row in report.failed],
        "not comparable": [row.second for row in report.having(Verdict.NOT_COMPARABLE) if row not in report.failed],
        "missing": list(report.missing),
        "new": list(report.new),
    }
    return [(word, records) for word, records in kinds.items() if records]


def _with_limit(row: Row) -> str:
    return f"{_label(row.second)} ({row.comparison.reason})"


def _label(record: Record) -> str:
    return shortened(record.case.label, _NAME)


def _row(row: Row) -> dict[str, object]:
    case, comparison = row.second.case, row.comparison
    return {
        "network": case.network,
        "label": row.second.info.label,
        "against": row.first.case.network,
        "case": row.second.info.id,
        **fields(case),
        "first_session": row.first.session,
        "second_session": row.second.session,
        "verdict": comparison.verdict.value,
        "reason": comparison.reason,
        **_ratio(comparison.ratio),
        "detectable_ratio": comparison.detectable,
        "min_effect": comparison.min_effect,
        "margin": comparison.margin,
        "family": comparison.family,
    }


def _ratio(ratio: Estimate | None) -> dict[str, object]:
    bounded = ratio is not None and math.isfinite(ratio.low) and math.isfinite(ratio.high)
    return {
        "ratio": ratio.value if ratio and bounded else None,
        "ratio_low": ratio.low if ratio and bounded else None,
        "ratio_high": ratio.high if ratio and bounded else None,
        "level": ratio.level if ratio and bounded else None,
        "runs": ratio.n if ratio and bounded else 0,
        "method": ratio.method if ratio and bounded else None,
    }
