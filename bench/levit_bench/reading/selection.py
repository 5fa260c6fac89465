"""A selection of stored records: the records, the choice that they come from, and findings about their files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from levit_bench.asking import arguments
from levit_bench.numbers.units import counted
from levit_bench.reading.session_choice import SessionChoice
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
        choice: SessionChoice | None = None,
        tag: str = "",
    ) -> None:
        self.records = tuple(records)
        """One a case and session, the reference cases included."""
        self.findings = tuple(findings)
        """Findings about the files."""
        self.path = path
        """The file, when it is one session."""
        self.whole = self.records if whole is None else tuple(whole)
        """The sessions with all their records, where `records` are those that `where` chose."""
        self.choice = SessionChoice(stores=()) if choice is None else choice
        """The stores that were read, and what was chosen in them; no store where the records come from elsewhere."""
        self.tag = tag
        """The tag by which the sessions were chosen; empty where none was."""

    def where(self, /, **conditions: object) -> Self:
        """The records with these values, such as `where(batch=1, allocator=["pinned", "shipped"])`.

        Args:
            conditions: values by the names of `levit_bench.judge.comparability.FIELDS`, compared as text, one or
                several: of several, any of them. None chooses what is not known, and `resolution` may be a pair of
                height and width.

        Raises:
            UsageError: a field does not exist, or a value is neither a text nor a number.
            NothingToShowError: no record has a value, or none is left; the message names the values that exist.
        """
        from levit_bench.judge.comparability import where

        values = arguments.several_conditions("where", conditions)
        together = {**self.choice.conditions, **values}
        return self._selection(where(self.records, values), self.choice._replace(conditions=together))

    def subjects(self) -> Self:
        """The same without the reference cases: the yardsticks and the null network."""
        return self._selection([record for record in self.records if record.info.role == "subject"], self.choice)

    def history(self) -> Sequence[Record]:
        """All records of the stores, for the variance between sessions; of files, those that they hold."""
        folders = [store for store in self.choice.stores if store.is_dir()]
        if (self.choice.names_sessions or self.tag) and folders:
            return files.load(*folders)[0]
        return self.whole

    @property
    def is_one_session(self) -> bool:
        """Whether one session was chosen by its name."""
        return bool(self.choice.sessions) and len({record.session for record in self.whole}) == 1

    def _selection(self, records: Iterable[Record], choice: SessionChoice) -> Self:
        return type(self)(records, self.findings, self.path, whole=self.whole, choice=choice, tag=self.tag)

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        sessions = len({record.session for record in self.records})
        return f"<Results: {counted(len(self.records), 'record')} of {counted(sessions, 'session')}>"
