"""Cases against one network, as a table and as dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from levit_bench.catalog.image_sets import in_order, same_sets, set_of
from levit_bench.judge.compare.reference_network import Against, against, base_in, holding, left_out
from levit_bench.judge.estimates import latency
from levit_bench.judge.paired_ratio import Ratio
from levit_bench.numbers.units import format_latency, significant
from levit_bench.records import Estimate, Record
from levit_bench.report.front.table import instead
from levit_bench.report.views import cases
from levit_bench.report.views.view import CaseView, ViewRequest, grouped
from levit_bench.report.words import shared_axes
from levit_bench.report.words.safe_text import shortened, visible

if TYPE_CHECKING:
    from rich.table import Table

_MARKS = ("¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹", "*")
"""Marks that tell the set of a top-1 where there are several."""


def view(request: ViewRequest) -> CaseView:
    """The cases of the sessions that hold a network, against it, a table a session.

    Raises:
        NothingToShowError: no session holds it.
        UsageError: several networks have that name.
    """
    base = base_in(request.records, request.values["against"])
    records = holding(request.records, base)
    return CaseView(
        records,
        rows=lambda: rows(against(records, base), base, request.whole),
        sections=lambda: grouped(records, lambda some: table(against(some, base), base, left_out(some, base))),
    )


def table(comparisons: Sequence[Against], base: str, left: Mapping[tuple[str, ...], int] = {}) -> Table:
    """One row a case: published top-1, latency, and its ratio to the base; `left`: cases that are left out, by why."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    axes_words = shared_axes.words_of([comparison.record.case for comparison in comparisons])
    rests = shared_axes.rests(axes_words)
    out = FittedTable(title=shared_axes.heading(axes_words))
    out.add_column("network", overflow="fold")
    if any(rests):
        out.add_column("case", overflow="fold")
    out.add_column("top-1", justify="right", no_wrap=True)
    out.add_column("latency", justify="right", no_wrap=True)
    out.add_column("ratio", justify="right", no_wrap=True)
    out.add_column("95 % CI", no_wrap=True)
    names = cases.shown_names(comparison.record.info for comparison in comparisons)
    infos = [comparison.record.info for comparison in comparisons]
    same = same_sets(set_of(info.scored[0]) for info in infos if info.scored)
    sets = in_order(same.values())
    marks = dict(zip(sets, _MARKS, strict=False)) | dict.fromkeys(sets[len(_MARKS) :], _MARKS[-1])
    for comparison, rest in zip(comparisons, rests, strict=True):
        record, time = comparison.record, latency(comparison.record)
        accuracy = next(iter(record.info.scored), None)
        on = "" if accuracy is None or len(sets) < 2 else f" {marks[same[set_of(accuracy)]]}"
        out.add_row(
            Text(names[record.case.network], style="bold" if comparison.is_base else ""),
            *([Text(rest)] if any(rests) else []),
            f"{accuracy.top1:.1f}{on}" if accuracy else "–",
            format_latency(time.value) if isinstance(time, Estimate) else Text(instead(record, time), style="red"),
            *(_times(comparison.ratio, is_base=comparison.is_base) if isinstance(time, Estimate) else ("–", "")),
        )
    words = [f"ratio: over {shortened(base)} in the same session and setting, paired by round"]
    if len(sets) == 1:
        words.append(f"top-1 on {visible(sets[0].words)}")
    words += [f"{marks[image_set]} top-1 on {visible(image_set.words)}" for image_set in sets if len(sets) > 1]
    out.caption = Text("\n".join([*words, *left_out_words(left)]))
    return out


def left_out_words(left: Mapping[tuple[str, ...], int]) -> list[str]:
    """`3 left out: other runtime`, a line for each choice of fields in which no case of the base is like them."""
    return [f"{count} left out: other {' and '.join(fields)}" for fields, count in left.items()]


def rows(comparisons: Sequence[Against], base: str, whole: Iterable[Record] = ()) -> list[dict[str, object]]:
    """One dictionary a case with the columns of `show` and its ratio to the base; None where the data cannot give it.

    Args:
        comparisons: the cases to show.
        base: name of the network with which they are compared.
        whole: their sessions with all cases; see `levit_bench.report.views.cases.rows`.
    """
    plain = cases.rows([comparison.record for comparison in comparisons], whole)
    return [
        {
            **row,
            "against": base,
            "ratio": comparison.ratio.value if comparison.ratio else None,
            "ratio_low": comparison.ratio.low if comparison.ratio else None,
            "ratio_high": comparison.ratio.high if comparison.ratio else None,
            "paired_runs": comparison.ratio.runs if comparison.ratio else 0,
        }
        for row, comparison in zip(plain, comparisons, strict=True)
    ]


def _times(ratio: Ratio | None, *, is_base: bool) -> tuple[str, str]:
    if is_base:
        return "1", ""
    if ratio is None:
        return "–", "too few runs"
    return significant(ratio.value), f"{significant(ratio.low)} to {significant(ratio.high)}"
