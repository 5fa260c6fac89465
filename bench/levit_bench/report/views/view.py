"""What a view of stored cases is: what it is asked to show, and what it shows.

Refuses to know which views there are, and where they are printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.records import Finding, Record
from levit_bench.report.words.setting import session_line

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table
    from rich.text import Text


class ViewRequest(NamedTuple):
    """The cases that a view may show, and what it was asked."""

    records: Sequence[Record]
    """Those that were chosen."""
    whole: Sequence[Record]
    """Their sessions with all cases, the instrument's own included."""
    history: Callable[[], Sequence[Record]]
    """Reads what the store holds of other sessions: one session says nothing about its day."""
    values: Mapping[str, str] = {}
    """What the options of views were given, by their names; empty texts of those that take no value."""
    one_session: bool = False
    """Whether a session was named, and not a whole store."""


class CaseView(NamedTuple):
    """Stored cases as a view shows them."""

    records: Sequence[Record]
    """The cases that it shows."""
    rows: Callable[[], list[dict[str, object]]]
    """The same for programs, a dictionary a row, unrounded; units are in the names, what is not known is None."""
    sections: Callable[[], Iterable[tuple[str, Table]]]
    """Tables for people under the lines that head them."""
    closing: Callable[[], Iterable[Table | Text]] = tuple
    """What is said below all tables."""
    findings: Callable[[], Iterable[Finding]] = tuple
    """What is odd about what this view alone shows."""
    markdown: Callable[[], str] | None = None
    """The same for a page; absent where a view has no such form."""

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a data frame."""
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
