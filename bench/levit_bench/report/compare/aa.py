"""Results of an A/A test as a table, as lines of text and as a JSON document."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.judge.compare.aa import AAComparison, AAKind, Noise, VerdictRate, noise, rates
from levit_bench.judge.verdicts import percent_above
from levit_bench.numbers.statistics import clopper_pearson_upper
from levit_bench.numbers.units import counted, significant
from levit_bench.report.views.cases import fields
from levit_bench.report.words import shared_axes
from levit_bench.report.words.safe_text import distinct

if TYPE_CHECKING:
    from rich.table import Table

EXPLAINED = {
    AAKind.ONE_PROCESS: "twins that shared a process",
    AAKind.TWO_PROCESSES: "twins with a process each",
    AAKind.YARDSTICKS: "the two names of the yardstick",
    AAKind.SESSIONS: "one session and the next, if nothing was changed between them",
}


def table(comparisons: Sequence[AAComparison]) -> Table:
    """One row a kind and case: the standard deviation between equals, and the smallest detectable slowdown."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    rows = noise(comparisons)
    words = shared_axes.words_of([row.case for row in rows])
    rests = shared_axes.rests(words)
    out = FittedTable(title=shared_axes.heading(words))
    out.add_column("equals", overflow="fold")
    out.add_column("network", overflow="fold")
    if any(rests):
        out.add_column("case", overflow="fold")
    for heading in ("pairs", "a run", "a pair", "detectable"):
        out.add_column(heading, justify="right", no_wrap=True)
    names = distinct(row.case.network for row in rows)
    for row, rest in zip(rows, rests, strict=True):
        cells = [Text(names[row.case.network]), *([Text(rest)] if any(rests) else [])]
        least = "–" if row.detectable is None else percent_above(row.detectable)
        figures = (str(row.pairs), _percent(row.of_runs), _percent(row.of_pairs), least)
        out.add_row(row.kind.value, *cells, *figures)
    return out


def lines(comparisons: Sequence[AAComparison]) -> list[str]:
    """The meaning of the columns, and the rate of false alarms of each kind."""
    legend = [
        "a run, a pair: standard deviation of the ratio of equals, of a run and of all runs",
        "detectable: the smallest slowdown that such a pair finds four times in five (median)",
        "at most: upper limit of the rate, with 95 % confidence",
    ]
    return [*legend, *(_rate(rate) for rate in rates(comparisons))]


def document(comparisons: Sequence[AAComparison]) -> dict[str, object]:
    """The results as data: standard deviations of the natural logarithm, rates with their upper limits."""
    return {
        "rates": [
            {
                "equals": rate.kind.value,
                "comparisons": rate.judged,
                "unjudged": rate.unjudged,
                **{verdict.value: _rate_fields(count, rate.judged) for verdict, count in rate.verdicts.items()},
                "false_alarms": _rate_fields(rate.alarms, rate.judged),
                "reports": rate.reports,
                "reports_with_a_false_alarm": _rate_fields(rate.alarmed, rate.reports),
            }
            for rate in rates(comparisons)
        ],
        "noise": [_row(row) for row in noise(comparisons)],
        "pairs": [
            {
                "equals": pair.kind.value,
                "sessions": pair.report.split(" "),
                "network": pair.case.network,
                "verdict": pair.comparison.verdict.value,
                "reason": pair.comparison.reason,
                "ratio": pair.comparison.ratio.value if pair.comparison.ratio else None,
            }
            for pair in comparisons
        ],
    }


def _rate(rate: VerdictRate) -> str:
    head = f"{rate.kind.value} ({EXPLAINED[rate.kind]}): "
    if not rate.judged:
        return f"{head}no pair has enough runs to be judged"
    verdicts = ", ".join(f"{count} {verdict.value}" for verdict, count in rate.verdicts.items() if count)
    limit = 100 * clopper_pearson_upper(rate.alarms, rate.judged)
    reports = 100 * clopper_pearson_upper(rate.alarmed, rate.reports)
    unjudged = f"; {rate.unjudged} without limits" if rate.unjudged else ""
    return (
        f"{head}{rate.alarms} of {rate.judged} called different (at most {significant(limit, 2)} %), "
        f"in {rate.alarmed} of {counted(rate.reports, 'report')} (at most {significant(reports, 2)} %); "
        f"{verdicts}{unjudged}"
    )


def _rate_fields(hits: int, trials: int) -> dict[str, float | int | None]:
    return {"count": hits, "rate_below": clopper_pearson_upper(hits, trials) if trials else None}


def _row(row: Noise) -> dict[str, object]:
    case = row.case
    return {
        "equals": row.kind.value,
        "network": case.network,
        **fields(case),
        "pairs": row.pairs,
        "runs": row.runs,
        "of_runs": None if math.isnan(row.of_runs) else row.of_runs,
        "of_pairs": None if math.isnan(row.of_pairs) else row.of_pairs,
        "detectable_ratio": row.detectable,
    }


def _percent(deviation: float) -> str:
    if math.isnan(deviation):
        return "–"
    return f"{significant(100 * deviation, 2)} %" if deviation >= 1e-4 else "< 0.01 %"
