"""Interface of a view of stored cases: its request and its result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.libraries import require
from levit_bench.records import Finding, Record
from levit_bench.report.words.setting import session_line

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table
    from rich.text import Text


class ViewRequest(NamedTuple):
    """The cases that a view may show, and the values of its options."""

    records: Sequence[Record]
    """The chosen cases."""
    whole: Sequence[Record]
    """Their sessions with all cases, the reference cases included."""
    history: Callable[[], Sequence[Record]]
    """Reads all records of the store, for the variance between sessions."""
    values: Mapping[str, str] = {}
    """Values of the options of views, by their names; empty texts of flags."""
    one_session: bool = False
    """Whether one session was chosen, and not a whole store."""


class CaseView(NamedTuple):
    """Stored cases as a view shows them; each form is computed when it is called."""

    records: Sequence[Record]
    """The cases that it shows."""
    rows: Callable[[], list[dict[str, object]]]
    """The view as data, a dictionary a row, unrounded; units are in the names, unknown values are None."""
    sections: Callable[[], Iterable[tuple[str, Table]]]
    """Tables for a terminal, each with its heading."""
    closing: Callable[[], Iterable[Table | Text]] = tuple
    """Tables and lines below all sections."""
    findings: Callable[[], Iterable[Finding]] = tuple
    """Findings about the figures that this view alone shows."""
    markdown: Callable[[], str] | None = None
    """The view as Markdown; None where it has no such form."""

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a data frame."""
        require("pandas", "make a data frame")
        import pandas as pd

        return pd.DataFrame(self.rows())


def grouped(
    records: Iterable[Record],
    table: Callable[[Sequence[Record]], Table],
    heading: Callable[[Record], str] = session_line,
) -> list[tuple[str, Table]]:
    """A table of the records under each heading, in the order of first appearance; by default one a session."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(heading(record), []).append(record)
    return [(line, table(group)) for line, group in groups.items()]
