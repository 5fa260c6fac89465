"""Summaries of sessions: what readers need of a session's file, kept in the user's cache so that it is parsed once.

A summary holds everything that the file holds: its lines, those of turns in a compact form with the figures that most
readers need of them. It is found by the digest of the file's bytes and of the code that made it. A file of which
anything does not count has no summary: each reading parses it, and says what is wrong with it.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from levit_bench.paths.kept_files import KeptFiles, key_of
from levit_bench.paths.own_code import code_identity
from levit_bench.records import CaseLine, Finding, RunEndLine, RunStartLine, SessionLine, TurnLine
from levit_bench.store.stored_turns import StoredTurns, TurnFigures, packed

_CODE = ("axes.py", "records.py", "version.py", "numbers", "paths", "store")
"""Everything of this package that decides what is in a summary."""


class SessionSummary(NamedTuple):
    """One session with its turns by case and run."""

    head: SessionLine
    cases: tuple[CaseLine, ...]
    starts: tuple[RunStartLine, ...]
    ends: tuple[RunEndLine, ...]
    turns: Mapping[tuple[str, int], Sequence[TurnLine]]
    """Turns by the id of their case and the number of their run, in the order of the file."""
    findings: tuple[Finding, ...] = ()
    """Problems of the file itself."""

    @property
    def turn_count(self) -> int:
        """The number of its turns."""
        return sum(map(len, self.turns.values()))


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """A summary as it is kept: fields as of `SessionSummary`, and each group of turns with its case and run."""

    head: SessionLine
    cases: tuple[CaseLine, ...]
    starts: tuple[RunStartLine, ...]
    ends: tuple[RunEndLine, ...]
    turns: list[tuple[str, int, TurnFigures, bytes]]


_decoder = msgspec.msgpack.Decoder(_Kept)


def summary_key(data: bytes) -> str:
    """The key of a session's summary: the file's content, and what reads it."""
    return key_of(
        "session", hashlib.sha256(data).hexdigest(), code_identity(*_CODE), sys.version, msgspec.__version__
    )  # fmt: skip


def kept_summary(files: KeptFiles, key: str) -> SessionSummary | None:
    """The summary that is kept under a key, if there is one."""
    content = files.read(key)
    if content is None:
        return None
    try:
        kept = _decoder.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    turns = {(case, run): StoredTurns(case, run, figures, rows) for case, run, figures, rows in kept.turns}
    return SessionSummary(kept.head, kept.cases, kept.starts, kept.ends, turns)


def keep_summary(files: KeptFiles, key: str, summary: SessionSummary) -> SessionSummary:
    """Keep the summary of a file of which every line counts; returns it with compact turns."""
    turns = [(case, run, TurnFigures.of(turns), packed(turns)) for (case, run), turns in summary.turns.items()]
    kept = _Kept(summary.head, summary.cases, summary.starts, summary.ends, turns)
    files.keep(key, msgspec.msgpack.encode(kept))
    compact = {(case, run): StoredTurns(case, run, figures, rows) for case, run, figures, rows in turns}
    return summary._replace(turns=compact)
