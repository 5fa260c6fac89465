"""A case as exports have it: its name, its estimates and its passes; and why other cases are left out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from levit_bench.judge.estimates import counts, latency, relative_to_yardstick
from levit_bench.records import Estimate, Finding, Record, Side
from levit_bench.report.exports.case_names import case_names
from levit_bench.report.words.safe_text import visible

CONTROL = "control"
"""The side of a gate that is side `a` a second time: an instrument, as yardsticks are, and never exported."""


_NAMING = "such as with --commit HEAD"
_SHOWN = 12
"""Digits of a commit that a message names."""


class LeftOut(NamedTuple):
    """A stored case that an export has not."""

    name: str
    """As the export would have called it."""
    reason: str
    """Why it is not there."""


class ExportedCase(NamedTuple):
    """A case with a latency."""

    name: str
    """Unique in its session, and the same in every session: `levit_bench.report.exports.case_names`."""
    record: Record
    latency: Estimate
    """Seconds a batch."""
    relative: Estimate | None
    """Latency as a multiple of the yardstick's; absent where no yardstick was timed."""

    @property
    def duration_s(self) -> list[float]:
        """Timed passes in seconds, in the order taken, of the runs behind the latency."""
        return [s for run in self.record.runs if counts(run) for turn in run.turns for s in turn.duration_s]

    @property
    def settle_passes(self) -> int:
        """Passes before the timed ones, which count nowhere, of the same runs."""
        return sum(len(turn.settle_s) for run in self.record.runs if counts(run) for turn in run.turns)

    @property
    def side(self) -> Side | None:
        """Its side of a gate; absent in other sessions."""
        return next((side for side in self.record.sides if side.name == self.record.case.side), None)

    @property
    def is_of_suite(self) -> bool:
        """Whether its code is this suite's, whose commit it is then filed under: neither of a gate nor the user's."""
        return self.side is None and not self.record.case.is_of_user

    @property
    def commit(self) -> str | None:
        """The commit that was measured: of a gate that of its side, of a user's network that of the user's repository,
        else that of this package's own checkout.
        """
        if self.is_of_suite:
            return self.record.conditions.commit
        return self.record.revision if self.side is None else self.side.revision

    @property
    def is_dirty(self) -> bool:
        """Whether there were changes that this commit does not hold."""
        if self.is_of_suite:
            return bool(self.record.conditions.dirty)
        return bool(self.record.dirty if self.side is None else self.side.dirty)

    @property
    def why_no_commit(self) -> str | None:
        """Why it can be filed under no commit unless the user names one; None where it can."""
        if self.commit is None:
            whose = "" if self.is_of_suite else " of your repository"
            return f"session {self.record.session} recorded no commit{whose}: name the one that was measured, {_NAMING}"
        if self.is_dirty:
            side = f", side {self.record.case.side}," if self.side is not None else ""
            return (
                f"session {self.record.session}{side} was measured with changes that {self.commit[:_SHOWN]} does not "
                f"hold: name a commit, {_NAMING}"
            )
        return None

    @property
    def python(self) -> str:
        """Version of the interpreter that it ran in."""
        return self.record.conditions.python if self.side is None else self.side.python

    @property
    def torch(self) -> str | None:
        """Version of torch that it ran with, where recorded."""
        return (self.record.conditions.versions if self.side is None else self.side.versions).get("torch")


class CaseSelection(NamedTuple):
    """The cases of an export, and those that it leaves out."""

    cases: tuple[ExportedCase, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def select_cases(records: Iterable[Record]) -> CaseSelection:
    """The cases with a latency, session by session, in their order; reference cases and controls are not counted."""
    sessions: dict[str, list[Record]] = {}
    for record in records:
        if record.info.role == "subject" and record.case.side != CONTROL:
            sessions.setdefault(record.session, []).append(record)
    cases, left_out = [], []
    for members in sessions.values():
        for record, name in zip(members, case_names(members), strict=True):
            found = latency(record)
            if isinstance(found, Finding):
                left_out.append(LeftOut(name, visible(found.message)))
            elif not _is_usable(found):
                left_out.append(LeftOut(name, f"its latency of {found.value!r} s is no positive, finite number"))
            else:
                cases.append(ExportedCase(name, record, found, _relative(record)))
    return CaseSelection(tuple(cases), tuple(left_out))


def _relative(record: Record) -> Estimate | None:
    ratio = relative_to_yardstick(record)
    return ratio if isinstance(ratio, Estimate) and _is_usable(ratio) else None


def _is_usable(estimate: Estimate) -> bool:
    """Whether it can be written as a number, and so can its reciprocal."""
    return 0 < estimate.value < math.inf and math.isfinite(1 / estimate.value)


def bounds(estimate: Estimate) -> tuple[float, float] | None:
    """Its limits; None where the data bound it on neither side."""
    return finite_limits(estimate.low, estimate.high)


def finite_limits(low: float, high: float) -> tuple[float, float] | None:
    """Two limits where both are numbers that a file can hold."""
    return (low, high) if 0 < low <= high < math.inf else None
