"""Texts of a page that many of its parts share, each written once and referred to by its number."""

from __future__ import annotations

from collections.abc import Iterable

from levit_bench.records import Finding


class Findings:
    """Findings in the order in which they were first met."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}

    def numbers(self, findings: Iterable[Finding]) -> list[int]:
        """The numbers of some findings, each once."""
        keys = dict.fromkeys((finding.kind, finding.message) for finding in findings)
        return [self._numbers.setdefault(key, len(self._numbers)) for key in keys]

    def document(self) -> list[dict[str, str]]:
        """All of them, by number."""
        return [{"kind": kind, "text": text} for kind, text in self._numbers]
