"""One network against another as a grid: a row a runtime, a column a batch and allocator, a ratio a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.axes import unusual, varying
from levit_bench.errors import NothingToShowError
from levit_bench.judge.comparability import enumerate_values, natural
from levit_bench.judge.compare.reference_network import Against, against, base_in, holding, left_out
from levit_bench.judge.paired_ratio import Ratio
from levit_bench.judge.stored_networks import network_meant, networks_meant
from levit_bench.numbers.units import significant
from levit_bench.records import Case
from levit_bench.report.views import reference_network
from levit_bench.report.views.view import CaseView, ViewRequest
from levit_bench.report.words.safe_text import markdown_cell, shortened, visible
from levit_bench.report.words.setting import session_line

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_IN_COLUMNS = ("batch", "allocator")


class Grid(NamedTuple):
    """Ratios by row and column, both in words."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: dict[tuple[str, str], Ratio | str]
    """A ratio, or the reason why there is none."""


def view(request: ViewRequest) -> CaseView:
    """One network against another, a grid a session.

    Raises:
        NothingToShowError: no session holds both.
        UsageError: several networks have one of the names.
    """
    base = base_in(request.records, request.values["against"])
    shared, named = holding(request.records, base), request.values["grid"]
    network = network_meant(shared, named) if networks_meant(shared, named) else named

    def _closing() -> list[Text]:
        from rich.text import Text

        left = left_out([record for record in shared if record.case.network in (network, base)], base)
        return [Text("\n".join([caption(network, base), *reference_network.left_out_words(left)]))]

    comparisons = against(shared, base)
    records = [record for record in shared if record.case.network in (network, base)]
    of_network = [comparison for comparison in comparisons if comparison.record.case.network == network]
    session_grids = grids(comparisons, network)
    return CaseView(
        records,
        rows=lambda: reference_network.rows(of_network, base, request.whole),
        sections=lambda: [(line, table(grid)) for line, grid in session_grids.items()],
        closing=_closing,
        markdown=lambda: _page(session_grids),
    )


def _page(session_grids: Mapping[str, Grid]) -> str:
    """Every grid as a Markdown table under its session."""
    parts = [[f"{markdown_cell(line, 300)}:", "", *markdown(grid)] for line, grid in session_grids.items()]
    return "\n\n".join("\n".join(lines) for lines in parts)


def grids(comparisons: Sequence[Against], network: str) -> dict[str, Grid]:
    """One grid a session that holds the network and the base, by the heading of the session.

    Raises:
        NothingToShowError: no session does; the message names the networks that were measured with the base.
    """
    sessions: dict[str, list[Against]] = {}
    for comparison in comparisons:
        if comparison.record.case.network == network:
            sessions.setdefault(session_line(comparison.record), []).append(comparison)
    if not sessions:
        names = sorted({comparison.record.case.network for comparison in comparisons}, key=natural)
        raise NothingToShowError(
            f"no case of {network[:80]!r} was measured beside the base. Stored beside it are: "
            f"{enumerate_values(names)}."
        )
    return {line: _grid(group) for line, group in sessions.items()}


def _grid(comparisons: Sequence[Against]) -> Grid:
    """The grid of one network in one session."""
    many_sizes = len({comparison.record.case.size for comparison in comparisons}) > 1
    also = varying([comparison.record.case.value for comparison in comparisons])
    rows = [_row(comparison.record.case, also, full=many_sizes) for comparison in comparisons]
    cells = {
        (row, _column(comparison.record.case)): _ratio_or_reason(comparison)
        for row, comparison in zip(rows, comparisons, strict=True)
    }
    columns = sorted({column for _, column in cells}, key=natural)
    return Grid(tuple(dict.fromkeys(rows)), tuple(columns), cells)


def _ratio_or_reason(comparison: Against) -> Ratio | str:
    """The ratio of one case, or the reason why there is none."""
    if comparison.ratio is not None:
        return comparison.ratio
    return "too few runs" if comparison.record.outcome == "done" else comparison.record.outcome


def table(grid: Grid) -> Table:
    """The grid for a terminal of 80 columns: intervals below the ratios."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    out = FittedTable()
    out.add_column("runtime", overflow="fold")
    for column in grid.columns:
        out.add_column(Text(column), justify="right", overflow="fold")
    for row in grid.rows:
        out.add_row(Text(row), *("\n".join(_cell(grid.cells.get((row, column)))) for column in grid.columns))
    return out


def caption(network: str, base: str) -> str:
    """The meaning of a grid's ratios."""
    return (
        f"How many times as long {shortened(network)} takes as {shortened(base)}: same session, runtime and setting, "
        "paired by round, with 95 % limits over runs."
    )


def markdown(grid: Grid) -> list[str]:
    """The lines of a Markdown table."""
    head = ["runtime", *map(markdown_cell, grid.columns)]
    lines = [f"| {' | '.join(head)} |", f"|:--|{'--:|' * len(grid.columns)}"]
    for row in grid.rows:
        cells = [" ".join(_cell(grid.cells.get((row, column)), "({})")) for column in grid.columns]
        lines.append(f"| {' | '.join([markdown_cell(row), *cells])} |")
    return lines


def _row(case: Case, also: Sequence[str], *, full: bool) -> str:
    """A row's name: the runtime, of axes other than the columns' those that vary or are unusual, and the resolution
    where it varies.
    """
    words = unusual(case.value, leave_out=("runtime", *_IN_COLUMNS), also=also)
    pixels = [f"{case.size}px"] if full else []
    return visible(" ".join([case.runtime, *words, *pixels]))


def _column(case: Case) -> str:
    return visible(f"batch {case.batch}, {case.allocator}")


def _cell(content: Ratio | str | None, limits: str = "{}") -> list[str]:
    """A ratio and its interval, the reason why there is none, or a dash for a case that was not measured."""
    if not isinstance(content, Ratio):
        return [content or "–"]
    return [significant(content.value), limits.format(f"{significant(content.low)} to {significant(content.high)}")]
