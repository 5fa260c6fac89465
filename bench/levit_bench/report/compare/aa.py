"""What an A/A test found, as a table, as lines of text and as a document for programs.

Knows columns and words; refuses to know which records are equals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.judge.compare.aa import AAComparison, AAKind, Noise, VerdictRate, noise, rates
from levit_bench.judge.verdicts import percent_above
from levit_bench.numbers.statistics import clopper_pearson_upper
from levit_bench.numbers.units import significant
from levit_bench.report.views.cases import axes, fields
from levit_bench.report.words.safe_text import distinct

if TYPE_CHECKING:
    from rich.table import Table

EXPLAINED = {
    AAKind.ONE_SEAT: "twins that shared a process",
    AAKind.TWO_SEATS: "twins with a process each",
    AAKind.YARDSTICKS: "the two names of the yardstick",
    AAKind.SESSIONS: "one session and the next, if nothing was changed between them",
}


def table(found: Sequence[AAComparison]) -> Table:
    """One row a kind and case: how far equals differ, and what difference would be found."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows = noise(found)
    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    out.add_column("equals", no_wrap=True)
    out.add_column("network", overflow="fold")
    out.add_column("case", overflow="fold")
    for heading in ("pairs", "a run", "a pair", "detectable"):
        out.add_column(heading, justify="right", no_wrap=True)
    names = distinct(row.case.network for row in rows)
    for row in rows:
        least = "–" if row.detectable is None else percent_above(row.detectable)
        figures = (str(row.pairs), _percent(row.of_runs), _percent(row.of_pairs), least)
        out.add_row(row.kind.value, Text(names[row.case.network]), Text(axes(row.case)), *figures)
    return out


def lines(found: Sequence[AAComparison]) -> list[str]:
    """How often equals were called different, kind by kind, and what the columns mean."""
    legend = [
        "a run, a pair: standard deviation of the ratio of equals, of a run and of all runs",
        "detectable: the smallest slowdown that such a pair finds four times in five (median)",
        "at most: upper limit of the rate, with 95 % confidence",
    ]
    return [*legend, *(_rate(one) for one in rates(found))]


def document(found: Sequence[AAComparison]) -> dict[str, object]:
    """The same for programs: deviations of the natural logarithm, rates with their limits."""
    return {
        "rates": [
            {
                "equals": one.kind.value,
                "comparisons": one.judged,
                "unjudged": one.unjudged,
                **{verdict.value: _limited(count, one.judged) for verdict, count in one.verdicts.items()},
                "false_alarms": _limited(one.alarms, one.judged),
                "reports": one.reports,
                "reports_with_a_false_alarm": _limited(one.alarmed, one.reports),
            }
            for one in rates(found)
        ],
        "noise": [_row(one) for one in noise(found)],
        "pairs": [
            {
                "equals": pair.kind.value,
                "sessions": pair.report.split(" "),
                "network": pair.case.network,
                "verdict": pair.comparison.verdict.value,
                "reason": pair.comparison.reason,
                "times": pair.comparison.ratio.value if pair.comparison.ratio else None,
            }
            for pair in found
        ],
    }


def _rate(one: VerdictRate) -> str:
    told = f"{one.kind.value} ({EXPLAINED[one.kind]}): "
    if not one.judged:
        return f"{told}no pair has enough runs to be judged"
    verdicts = ", ".join(f"{count} {verdict.value}" for verdict, count in one.verdicts.items() if count)
    limit = 100 * clopper_pearson_upper(one.alarms, one.judged)
    reports = 100 * clopper_pearson_upper(one.alarmed, one.reports)
    unjudged = f"; {one.unjudged} without limits" if one.unjudged else ""
    return (
        f"{told}{one.alarms} of {one.judged} called different (at most {significant(limit, 2)} %), in {one.alarmed} of "
        f"{one.reports} reports (at most {significant(reports, 2)} %); {verdicts}{unjudged}"
    )


def _limited(hits: int, trials: int) -> dict[str, float | int | None]:
    return {"count": hits, "rate_below": clopper_pearson_upper(hits, trials) if trials else None}


def _row(one: Noise) -> dict[str, object]:
    case = one.case
    return {
        "equals": one.kind.value,
        "network": case.network,
        **fields(case),
        "pairs": one.pairs,
        "runs": one.runs,
        "of_runs": None if math.isnan(one.of_runs) else one.of_runs,
        "of_pairs": None if math.isnan(one.of_pairs) else one.of_pairs,
        "detectable_ratio": one.detectable,
    }


def _percent(deviation: float) -> str:
    if math.isnan(deviation):
        return "–"
    return f"{significant(100 * deviation, 2)} %" if deviation >= 1e-4 else "< 0.01 %"
