"""One network against another as a grid: a row a runtime, a column a batch and allocator, a ratio a cell.

Knows rows, columns and cells; refuses to know how the ratios were made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from bench.errors import NothingToShowError
from bench.judge.against import Against
from bench.judge.comparable import natural
from bench.judge.rivals import Ratio
from bench.records import Case
from bench.report.text import markdown_cell, shortened, visible
from bench.units import significant

if TYPE_CHECKING:
    from rich.table import Table

_IN_ROWS = ("device", "form", "precision", "weights")
_USUAL = Case(network="", resolution=1)


class Grid(NamedTuple):
    """Ratios by row and column, both in words."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: dict[tuple[str, str], Ratio | None]


def grid(found: Sequence[Against], network: str) -> Grid:
    """The cases of that network; where several fall into a cell, the newest session's.

    Raises:
        NothingToShowError: it was not measured beside the base.
    """
    chosen = sorted((one for one in found if one.record.case.network == network), key=lambda one: one.record.session)
    if not chosen:
        names = sorted({one.record.case.network for one in found})
        raise NothingToShowError(
            f"no case of {network[:80]!r} was measured beside the base. Stored beside it are: {', '.join(names[:6])}."
        )
    cells = {(_row(one.record.case), _column(one.record.case)): one.ratio for one in chosen}
    rows = dict.fromkeys(_row(one.record.case) for one in found if one.record.case.network == network)
    columns = sorted({column for _, column in cells}, key=natural)
    return Grid(tuple(rows), tuple(columns), cells)


def table(one: Grid, network: str, base: str) -> Table:
    """The grid for a terminal."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    out.add_column("runtime", overflow="fold")
    for column in one.columns:
        out.add_column(Text(column), justify="right", overflow="fold")
    for row in one.rows:
        out.add_row(Text(row), *(_cell(one.cells.get((row, column))) for column in one.columns))
    out.caption = Text(
        f"how many times as long {shortened(network)} takes as {shortened(base)}: same session, runtime and setting, "
        "paired by round, 95 % limits over runs"
    )
    out.caption_justify = "left"
    return out


def markdown(one: Grid) -> list[str]:
    """The lines of a Markdown table."""
    head = ["runtime", *map(markdown_cell, one.columns)]
    lines = [f"| {' | '.join(head)} |", f"|:--|{'--:|' * len(one.columns)}"]
    for row in one.rows:
        cells = [_cell(one.cells.get((row, column))) for column in one.columns]
        lines.append(f"| {' | '.join([markdown_cell(row), *cells])} |")
    return lines


def _row(case: Case) -> str:
    told = [getattr(case, name) for name in _IN_ROWS if getattr(case, name) != getattr(_USUAL, name)]
    threads = [f"t{case.threads}"] if case.threads != 1 else []
    streams = [f"s{case.streams}"] if case.streams != 1 else []
    return visible(" ".join([case.runtime, *told, *threads, *streams]))


def _column(case: Case) -> str:
    return visible(f"batch {case.batch}, {case.allocator}")


def _cell(ratio: Ratio | None) -> str:
    if ratio is None:
        return "–"
    return f"{significant(ratio.value)} ({significant(ratio.low)} to {significant(ratio.high)})"
