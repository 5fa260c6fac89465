"""The figures of docs/compare.md, computed from the stored sessions, so that none can go stale.

python -m tools.pages.compare_page        writes them into the page; the tests compare them
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from statistics import median
from typing import NamedTuple

import msgspec
from levit_bench.judge.compare.aa import AAKind, pairs, rates
from levit_bench.judge.compare.two_sides import Report, compare
from levit_bench.judge.verdicts import Verdict
from levit_bench.numbers.statistics import clopper_pearson_upper
from levit_bench.numbers.units import significant
from levit_bench.records import Record, Run
from levit_bench.store.files import records

from tools.pages import ROOT
from tools.pages.measured_page import sessions

PAGE = ROOT / "docs" / "compare.md"
START, END = "<!-- aa -->\n", "<!-- end -->"
SLOWDOWNS = (1.05, 1.10, 1.20)
"""Factors by which sessions are made slower, to count how often that is detected."""


class Outcome(NamedTuple):
    """Verdicts on sessions of one allocator, each against each."""

    allocator: str
    sessions: int
    reports: int
    alarmed: int
    """Reports that call any network slower or faster, though nothing changed."""
    same: float
    """Share of the comparisons."""
    detectable: float
    """Median of the smallest ratio that is detected with 80 % power."""
    found: tuple[float, ...]
    """Share of comparisons that say slower, when all networks are made slower by each of `SLOWDOWNS`."""


@cache
def every() -> tuple[Record, ...]:
    """All records of the sessions that were taken one after the other, of identical code."""
    return tuple(record for session in sessions("stability") for record in records(session))


@cache
def outcomes() -> tuple[Outcome, ...]:
    """One for each allocator."""
    return tuple(_outcome(allocator) for allocator in ("pinned", "shipped"))


def block() -> str:
    """The figures as the page has them."""
    rows = [
        "| allocator | sessions | reports with a false alarm | called the same | detectable (median) | "
        + " | ".join(f"{100 * factor - 100:.0f} % slower is found" for factor in SLOWDOWNS)
        + " |",
        "|:--|--:|--:|--:|--:|" + "--:|" * len(SLOWDOWNS),
        *(_row(outcome) for outcome in outcomes()),
    ]
    return "\n".join([*rows, "", _independent()])


def slowed(record: Record, factor: float) -> Record:
    """The record as if its network took a factor longer, the yardstick as before."""

    def run(original: Run) -> Run:
        turns = tuple(
            msgspec.structs.replace(t, duration_s=tuple(factor * d for d in t.duration_s)) for t in original.turns
        )
        return msgspec.structs.replace(original, turns=turns)

    return msgspec.structs.replace(record, runs=tuple(map(run, record.runs)))


def _outcome(allocator: str) -> Outcome:
    groups: dict[str, list[Record]] = {}
    for record in every():
        if record.info.role == "subject" and record.case.allocator == allocator:
            groups.setdefault(record.session, []).append(record)
    pairs_of_groups = list(combinations(groups.values(), 2))
    reports = [compare(first, second, every()) for first, second in pairs_of_groups]
    verdicts = Counter(row.comparison.verdict for report in reports for row in report.rows)
    least = [ratio for report in reports for row in report.rows if (ratio := row.comparison.detectable)]
    return Outcome(
        allocator=allocator,
        sessions=len(groups),
        reports=len(reports),
        alarmed=sum(bool(report.having(Verdict.SLOWER) or report.having(Verdict.FASTER)) for report in reports),
        same=verdicts[Verdict.SAME] / verdicts.total(),
        detectable=median(least),
        found=tuple(
            _share([_slower(first, second, factor) for first, second in pairs_of_groups]) for factor in SLOWDOWNS
        ),
    )


def _slower(first: Sequence[Record], second: Sequence[Record], factor: float) -> Report:
    return compare(first, [slowed(record, factor) for record in second], every())


def _share(reports: Sequence[Report]) -> float:
    return sum(len(report.having(Verdict.SLOWER)) for report in reports) / sum(len(report.rows) for report in reports)


def _row(outcome: Outcome) -> str:
    shares = " | ".join(f"{100 * share:.0f} %" for share in outcome.found)
    return (
        f"| {outcome.allocator} | {outcome.sessions} | {outcome.alarmed} of {outcome.reports} | "
        f"{100 * outcome.same:.0f} % | {significant(100 * (outcome.detectable - 1), 2)} % | {shares} |"
    )


def _independent() -> str:
    by_kind = {kind_rates.kind: kind_rates for kind_rates in rates(pairs(every()))}
    rate, stick = by_kind[AAKind.SESSIONS], by_kind[AAKind.YARDSTICKS]
    limit = significant(100 * clopper_pearson_upper(rate.alarms, rate.judged), 2)
    return (
        f"Reports of this table share sessions. With every session compared once, {rate.alarms} of {rate.judged} "
        f"comparisons in\n{rate.reports} reports were false alarms, at most {limit} % with 95 % confidence; of the "
        f"two names of the\nyardstick, {stick.alarms} of {stick.judged}."
    )


def page(text: str) -> str:
    """The page with its figures as they should be."""
    before, _, rest = text.partition(START)
    return f"{before}{START}{block()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
