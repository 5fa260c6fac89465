"""One network against another as a grid: a row a runtime, a column a batch and allocator, a ratio a cell.

Knows rows, columns and cells, of one session each; refuses to know how the ratios were made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.axes import unusual
from levit_bench.errors import NothingToShowError
from levit_bench.judge.comparability import enumerate_values, natural
from levit_bench.judge.compare.reference_network import Against, against
from levit_bench.judge.paired_ratio import Ratio
from levit_bench.numbers.units import significant
from levit_bench.records import Case
from levit_bench.report.views import reference_network
from levit_bench.report.views.reference_network import beside
from levit_bench.report.views.view import CaseView, ViewRequest
from levit_bench.report.words.safe_text import markdown_cell, shortened, visible
from levit_bench.report.words.setting import session_line

if TYPE_CHECKING:
    from rich.table import Table

_IN_COLUMNS = ("batch", "allocator")


class Grid(NamedTuple):
    """Ratios by row and column, both in words."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: dict[tuple[str, str], Ratio | str]
    """A ratio, or in words why there is none."""


def view(asked: ViewRequest) -> CaseView:
    """One network against another, a grid a session.

    Raises:
        NothingToShowError: no session holds both.
    """
    from rich.text import Text

    base, network = asked.values["against"], asked.values["grid"]
    found = against(beside(asked), base)
    records = [record for record in beside(asked) if record.case.network in (network, base)]
    of_network = [one for one in found if one.record.case.network == network]
    return CaseView(
        records,
        rows=lambda: reference_network.rows(of_network, base, asked.whole),
        sections=lambda: [(line, table(one)) for line, one in grids(found, network).items()],
        closing=lambda: [Text(caption(network, base))],
        markdown=lambda: _page(grids(found, network)),
    )


def _page(found: Mapping[str, Grid]) -> str:
    """Every grid as a Markdown table under its session."""
    parts = [[f"{markdown_cell(line, 300)}:", "", *markdown(one)] for line, one in found.items()]
    return "\n\n".join("\n".join(lines) for lines in parts)


def grids(found: Sequence[Against], network: str) -> dict[str, Grid]:
    """One grid a session that holds the network beside the base, by the line that says which session it is.

    Raises:
        NothingToShowError: none does; the message names the networks that were measured beside the base.
    """
    sessions: dict[str, list[Against]] = {}
    for one in found:
        if one.record.case.network == network:
            sessions.setdefault(session_line(one.record), []).append(one)
    if not sessions:
        names = sorted({one.record.case.network for one in found}, key=natural)
        raise NothingToShowError(
            f"no case of {network[:80]!r} was measured beside the base. Stored beside it are: "
            f"{enumerate_values(names)}."
        )
    return {line: _grid(group) for line, group in sessions.items()}


def _grid(chosen: Sequence[Against]) -> Grid:
    """All cases of one network in one session."""
    several = len({one.record.case.size for one in chosen}) > 1
    rows = [_row(one.record.case, full=several) for one in chosen]
    cells = {(row, _column(one.record.case)): _found(one) for row, one in zip(rows, chosen, strict=True)}
    columns = sorted({column for _, column in cells}, key=natural)
    return Grid(tuple(dict.fromkeys(rows)), tuple(columns), cells)


def _found(one: Against) -> Ratio | str:
    """The ratio of one case, or why there is none."""
    if one.ratio is not None:
        return one.ratio
    return "too few runs" if one.record.outcome == "done" else one.record.outcome


def table(one: Grid) -> Table:
    """The grid for a terminal of 80 columns: limits stand below the ratio."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    out.add_column("runtime", overflow="fold")
    for column in one.columns:
        out.add_column(Text(column), justify="right", overflow="fold")
    for row in one.rows:
        out.add_row(Text(row), *("\n".join(_cell(one.cells.get((row, column)))) for column in one.columns))
    return out


def caption(network: str, base: str) -> str:
    """What the ratios of a grid are."""
    return (
        f"How many times as long {shortened(network)} takes as {shortened(base)}: same session, runtime and setting, "
        "paired by round, with 95 % limits over runs."
    )


def markdown(one: Grid) -> list[str]:
    """The lines of a Markdown table."""
    head = ["runtime", *map(markdown_cell, one.columns)]
    lines = [f"| {' | '.join(head)} |", f"|:--|{'--:|' * len(one.columns)}"]
    for row in one.rows:
        cells = [" ".join(_cell(one.cells.get((row, column)), "({})")) for column in one.columns]
        lines.append(f"| {' | '.join([markdown_cell(row), *cells])} |")
    return lines


def _row(case: Case, *, full: bool) -> str:
    """Everything but batch and allocator that is not as usual; the resolution where there are several."""
    told = unusual(case.value, leave_out=("runtime", *_IN_COLUMNS))
    pixels = [f"{case.size}px"] if full else []
    return visible(" ".join([case.runtime, *told, *pixels]))


def _column(case: Case) -> str:
    return visible(f"batch {case.batch}, {case.allocator}")


def _cell(found: Ratio | str | None, limits: str = "{}") -> list[str]:
    """A ratio and its limits, the reason why there is none, or a dash where nobody asked."""
    if not isinstance(found, Ratio):
        return [found or "–"]
    return [significant(found.value), limits.format(f"{significant(found.low)} to {significant(found.high)}")]
