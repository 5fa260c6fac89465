"""A selection of stored records: the records, the options that chose them, and the store that they are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from levit_bench.asking import arguments
from levit_bench.store import files

if TYPE_CHECKING:
    from levit_bench.records import Finding, Record


class StoredSelection:
    """Records of one or more sessions, and findings about their files."""

    def __init__(
        self,
        records: Iterable[Record],
        findings: Iterable[Finding] = (),
        path: Path | None = None,
        *,
        whole: Iterable[Record] | None = None,
        store: Path | None = None,
        session: str | None = None,
        tag: str = "",
        conditions: Mapping[str, str] | None = None,
    ) -> None:
        self.records = tuple(records)
        """One a case and session, the reference cases included."""
        self.findings = tuple(findings)
        """Findings about the files."""
        self.path = path
        """The file, when it is one session."""
        self.whole = self.records if whole is None else tuple(whole)
        """The sessions with all their records, where `records` are those that `where` chose."""
        self.store = store
        """The folder of sessions, or the one file, that was read."""
        self.session = session
        """The name by which one session was chosen; absent where none was."""
        self.tag = tag
        """The tag by which the sessions were chosen; empty where none was."""
        self.conditions = dict(conditions or {})
        """Fields and values by which `where` chose."""

    def where(self, /, **conditions: object) -> Self:
        """The records with these values, such as `where(batch=1, allocator="pinned")`.

        Args:
            conditions: values by the names of `levit_bench.judge.comparability.FIELDS`, compared as text; None chooses
                what is not known, and `resolution` may be a pair of height and width.

        Raises:
            UsageError: a field does not exist, or a value is neither a text nor a number.
            NothingToShowError: no record is left; the message names the values that exist.
        """
        from levit_bench.judge.comparability import where

        values = arguments.conditions("where", conditions)
        return self._selection(where(self.records, values), {**self.conditions, **values})

    def subjects(self) -> Self:
        """The same without the reference cases: the yardsticks and the null network."""
        return self._selection([record for record in self.records if record.info.role == "subject"], self.conditions)

    def history(self) -> Sequence[Record]:
        """All records of the store, for the variance between sessions; of a file, those that it holds."""
        if (self.session or self.tag) and self.store is not None and self.store.is_dir():
            return files.load(self.store)[0]
        return self.whole

    def _selection(self, records: Iterable[Record], conditions: Mapping[str, str]) -> Self:
        return type(self)(
            records, self.findings, self.path, whole=self.whole, store=self.store, session=self.session, tag=self.tag,
            conditions=conditions,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        sessions = len({record.session for record in self.records})
        return f"<Results: {len(self.records)} records of {sessions} sessions>"
