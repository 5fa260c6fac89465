"""Which stored records are meant: what was read, how it was chosen, and what else the store holds.

Refuses to know what is made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from levit_bench.store import files

if TYPE_CHECKING:
    from levit_bench.records import Finding, Record


class StoredSelection:
    """Records of one or more sessions, and what was noticed while reading them."""

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
        """One a case and session, the instrument's own included."""
        self.findings = tuple(findings)
        """What was noticed about the files."""
        self.path = path
        """The file, when it is one session."""
        self.whole = self.records if whole is None else tuple(whole)
        """The sessions with all their records, where `records` are those that `where` chose."""
        self.store = store
        """What was read: the folder of sessions, or the one file."""
        self.session = session
        """What the session was asked for by; absent where none was."""
        self.tag = tag
        """The tag that the sessions were asked for by; empty where none was."""
        self.conditions = dict(conditions or {})
        """Fields and values that `where` chose by."""

    def where(self, /, **conditions: object) -> Self:
        """Those records that have these values, such as `where(batch=1, allocator="pinned")`.

        Args:
            conditions: values by the names of `levit_bench.judge.comparability.FIELDS`, compared as text.

        Raises:
            UsageError: there is no such field.
            NothingToShowError: no record is left; the message names the values that exist.
        """
        from levit_bench.judge.comparability import where

        asked = {name: str(value) for name, value in conditions.items()}
        return self._chosen(where(self.records, asked), {**self.conditions, **asked})

    def subjects(self) -> Self:
        """The same without the instrument's own: the yardsticks and the null network."""
        return self._chosen([record for record in self.records if record.info.role == "subject"], self.conditions)

    def history(self) -> Sequence[Record]:
        """All that the store holds, for what one session cannot say of its day; of a file, what it holds."""
        if (self.session or self.tag) and self.store is not None and self.store.is_dir():
            return files.load(self.store)[0]
        return self.whole

    def _chosen(self, records: Iterable[Record], conditions: Mapping[str, str]) -> Self:
        return type(self)(
            records, self.findings, self.path, whole=self.whole, store=self.store, session=self.session, tag=self.tag,
            conditions=conditions,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        sessions = len({record.session for record in self.records})
        return f"<Results: {len(self.records)} records of {sessions} sessions>"
