"""Checks the order of a session's lines, splits joined files into sessions, and leaves out lines in wrong places.

    session, its cases, then for each run in ascending number: run-start, its turns, run-end

Lines that were joined to a file, copied or moved within it would count measurements twice, or give a case the times of
another one. Lines that cannot have been written at their place are left out, with the reason; exact copies of a line
count once. Missing lines are reported (`store/missing_turns.py`), and the rest counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

import msgspec

from levit_bench.records import CaseLine, Line, RunEndLine, RunStartLine, SessionLine, TurnLine
from levit_bench.store.migrations import modern
from levit_bench.store.missing_turns import Missing, missing

_COPIES = "repeats an earlier line, which counts once"
_Numbered = list[tuple[int, Line | None]]
_CLASH = "shares run, round and case, or run, round and position, with another turn: none of them counts"


class LeftOut(NamedTuple):
    """Lines that do not count, for one reason."""

    first: int
    """Number of the first of them in the file, from 1."""
    last: int
    """Number of the last."""
    lines: int
    """Number of lines."""
    why: str
    """The reason, the same for all of them."""


class Part(NamedTuple):
    """One session of a file."""

    first: int
    """Number of its first line in the file, from 1."""
    lines: list[Line]
    """Its lines that count, in the order of the file and in the current format; the first is its session line."""
    left_out: tuple[LeftOut, ...]
    missing: tuple[Missing, ...]
    """Missing turns and runs that neither lines left out nor unreadable ones explain."""


def parts(lines: Iterable[tuple[int, Line | None]], unreadable: Collection[int] = ()) -> list[Part]:
    """The sessions of a file.

    Args:
        lines: with their numbers, in the order of the file; the first is a session line. None stands for a session line
            that cannot be read: the lines after it belong to an unknown session.
        unreadable: numbers of the lines that cannot be read.
    """
    groups: list[_Numbered] = []
    for number, line in lines:
        # Two session lines in one file are two sessions, as 'cat' joins them.
        if isinstance(line, SessionLine) and not (groups and groups[-1][0][1] == line):
            groups.append([])
        groups[-1].append((number, line))
    return [_part(group, unreadable) for group in groups]


def _part(group: _Numbered, unreadable: Collection[int]) -> Part:
    # Ids are checked as they were written: migrating an older format changes them.
    wrong = {number for number, line in group if isinstance(line, CaseLine) and line.id != line.case.id}
    present = iter(modern([line for number, line in group if line is not None and number not in wrong]))
    session = _Session(group[0][0], next(present))
    for number, line in group:
        if number in wrong and isinstance(line, CaseLine):
            session.leave_out(number, f"gives {line.id} as the id of a case whose id is {line.case.id}")
    for number, line in group[1:]:
        if number not in wrong:
            session.add(number, None if line is None else next(present))
    return session.part(unreadable)


class _Session:
    """Collects the lines of one session in the order of the file."""

    def __init__(self, first: int, head: Line) -> None:
        self._first = first
        self._lines: list[tuple[int, Line]] = [(first, head)]
        self._withdrawn: set[int] = set()
        """Indices into `_lines` of turns that do not count after all."""
        self._out: dict[str, list[int]] = {}
        self._uncounted: list[tuple[int, Line]] = []
        """Lines that do not count, except copies of others."""
        self._cases: dict[str, list[CaseLine]] = {}
        """Declarations of each case, by id; the last one counts."""
        self._starts: dict[int, RunStartLine] = {}
        self._ends: dict[int, RunEndLine] = {}
        self._streams: dict[str, int] = {}
        """Number of streams by case."""
        self._turns: dict[tuple[int, int, str | int], int] = {}
        """Index of each turn in `_lines`, by run, round and case, and by run, round and position."""
        self._open: int | None = None
        self._holds: dict[str, set[int]] = {}
        """Seats of the current run that hold each case."""
        self._foreign = ""
        """Why no further line counts; empty while the lines belong to this session."""

    def add(self, number: int, line: Line | None) -> None:
        """Add a line, or leave it out."""
        reason = self._foreign or (self._turn(line) if type(line) is TurnLine else self._objection(line))
        if reason:
            self.leave_out(number, reason)
            if line is not None and reason != _COPIES:
                self._uncounted.append((number, line))
        elif line is not None:
            self._lines.append((number, self._cases[line.id][-1] if isinstance(line, CaseLine) else line))

    def part(self, unreadable: Collection[int]) -> Part:
        """Lines that count, lines left out and missing ones, given the numbers of the lines that cannot be read."""
        left_out = [LeftOut(min(numbers), max(numbers), len(numbers), why) for why, numbers in self._out.items()]
        counted = [taken_line for index, taken_line in enumerate(self._lines) if index not in self._withdrawn]
        uncounted = [*self._uncounted, *(self._lines[index] for index in self._withdrawn)]
        gaps = missing(counted, uncounted, unreadable)
        return Part(self._first, [line for _, line in counted], tuple(sorted(left_out)), tuple(gaps))

    def leave_out(self, number: int, why: str) -> None:
        """Record why a line does not count."""
        self._out.setdefault(why, []).append(number)

    def _objection(self, line: Line | None) -> str:
        """Why a line other than a turn does not count; empty where it does."""
        if isinstance(line, CaseLine):
            return self._case(line)
        if isinstance(line, RunStartLine):
            return self._start(line)
        if isinstance(line, RunEndLine):
            return self._end(line)
        if line is None:
            return self._over("follows the first line of another session, which cannot be read")
        return _COPIES

    def _over(self, why: str) -> str:
        self._foreign = why
        return why

    def _case(self, line: CaseLine) -> str:
        declarations = self._cases.get(line.id, [])
        if line in declarations:
            return _COPIES
        if line.outcome == "done":
            if self._starts:
                return self._over("declares a case after the first run: it and what follows are of another session")
            if declarations:
                return f"declares the case {line.id} again, and otherwise"
        elif declarations and _declared(line) != _declared(declarations[-1]):
            # A failure always counts: a case that failed has no time.
            line = msgspec.structs.replace(declarations[-1], outcome=line.outcome, reason=line.reason)
        self._cases[line.id] = [*declarations, line]
        self._streams[line.id] = line.case.streams
        return ""

    def _start(self, line: RunStartLine) -> str:
        if self._starts.get(line.run) == line:
            return _COPIES
        if line.run <= max(self._starts, default=-1):
            return self._over(f"begins run {line.run} once more: it and what follows are of another session")
        self._starts[line.run] = line
        self._open = line.run
        self._holds = {}
        for seat in line.seats:
            for case in seat.cases:
                self._holds.setdefault(case, set()).add(seat.seat)
        return ""

    def _end(self, line: RunEndLine) -> str:
        if self._ends.get(line.run) == line:
            return _COPIES
        if line.run != self._open:
            return f"ends run {line.run}, {self._state(line.run)}"
        self._ends[line.run] = line
        self._open = None
        return ""

    def _turn(self, line: TurnLine) -> str:
        run, case = line.run, line.case
        key, place = (run, line.round, case), (run, line.round, line.position)
        same_case, same_place = self._turns.get(key), self._turns.get(place)
        if same_case is not None and self._lines[same_case][1] == line:
            return _COPIES
        if run != self._open:
            return f"is a turn of run {run}, {self._state(run)}"
        streams = self._streams.get(case)
        if streams is None:
            return f"is a turn of the case {case}, which no line before it declares"
        if line.seat not in self._holds.get(case, ()):
            return f"is a turn of {case} in worker {line.seat}, which does not hold it in run {run}"
        passes = len(line.duration_s)
        if passes % streams or len(line.device_s) not in (0, passes):
            return f"has {passes} passes of {streams} streams, and {len(line.device_s)} times of the device"
        if same_case is not None or same_place is not None:
            # Either may be the wrong one, so neither counts.
            for index in (same_case, same_place):
                if index is not None and index not in self._withdrawn:
                    self._withdrawn.add(index)
                    self.leave_out(self._lines[index][0], _CLASH)
            return _CLASH
        self._turns[key] = self._turns[place] = len(self._lines)
        return ""

    def _state(self, run: int) -> str:
        if run in self._ends:
            return "which had ended"
        return "which had been broken off" if run in self._starts else "which had not started"


def _declared(line: CaseLine) -> tuple[object, ...]:
    """The fields that all declarations of a case share; a resumed session prepares it again, in another time."""
    return line.role, line.accuracy, line.family, line.params, line.macs
