"""Turns of one case in one run as a compact sequence: the figures of each turn at hand, the turns made when asked for.

Ten thousand cases have hundreds of thousands of turns, and most readers need the median of each alone.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, Self, overload

import msgspec

from levit_bench.numbers.statistics import log_median
from levit_bench.records import TurnLine

_COLUMNS = (
    "round", "position", "seat", "at_s", "settle_s", "duration_s", "minor_faults", "major_faults", "cpu_s", "device_s",
    "others_cpu_s", "witness_s",
)  # fmt: skip
"""The fields of a turn, without its case and run, which the turns of a sequence share."""
_row = attrgetter(*_COLUMNS)
assert {*_COLUMNS, "case", "run"} == {*TurnLine.__struct_fields__}
_MOST_MADE = 1024  # As many cases and runs as a large session has: findings of a session ask for its turns repeatedly.
_PASSES = [_COLUMNS.index(name) for name in ("settle_s", "duration_s", "device_s")]


class TurnFigures(NamedTuple):
    """What most readers need of the turns of one case in one run."""

    rounds: list[int]
    """Round of each turn."""
    logs: list[float | None]
    """Log of the median timed pass in seconds of each turn; None where a turn has no pass."""
    log: float | None
    """Log of the median timed pass in seconds over all turns; None where there is no pass."""
    passes: int
    """Number of timed passes."""
    total_s: float
    """Their sum in seconds, rounded once."""

    @classmethod
    def of(cls, turns: Iterable[TurnLine]) -> Self:
        """The figures of some turns."""
        turns = list(turns)
        durations = [duration for turn in turns for duration in turn.duration_s]
        return cls(
            [turn.round for turn in turns], [log_median(turn.duration_s) for turn in turns], log_median(durations),
            len(durations), math.fsum(durations),
        )  # fmt: skip


class StoredTurns(Sequence[TurnLine]):
    """The turns of one case in one run, in the order they were taken; equal to a tuple of the same turns."""

    __slots__ = ("_case", "_rows", "_run", "_turns", "figures")

    def __init__(self, case: str, run: int, figures: TurnFigures, rows: bytes) -> None:
        """Take turns that `packed` made compact."""
        self._case = case
        self._run = run
        self._rows = rows
        self._turns: tuple[TurnLine, ...] | None = None
        self.figures = figures
        """The figures of these turns."""

    def __len__(self) -> int:
        return len(self.figures.rounds)

    @overload
    def __getitem__(self, index: int) -> TurnLine: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[TurnLine, ...]: ...
    def __getitem__(self, index: int | slice) -> TurnLine | tuple[TurnLine, ...]:
        return self._all()[index]

    def __iter__(self) -> Iterator[TurnLine]:
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredTurns | tuple) and self._all() == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # equal to tuples, and dear to hash

    def __repr__(self) -> str:
        return repr(self._all())

    def _all(self) -> tuple[TurnLine, ...]:
        turns = self._turns
        if turns is None:
            turns = tuple(_turn(self._case, self._run, row) for row in msgspec.msgpack.decode(self._rows))
            self._turns = turns
            _recent.append(self)
            while len(_recent) > _MOST_MADE:
                _recent.popleft()._turns = None
        return turns


_recent: deque[StoredTurns] = deque()
"""Those whose turns are made, the oldest first."""


def packed(turns: Iterable[TurnLine]) -> bytes:
    """The turns of one case in one run, as `StoredTurns` takes them."""
    return msgspec.msgpack.encode([*map(_row, turns)])


def _turn(case: str, run: int, row: list[Any]) -> TurnLine:
    for place in _PASSES:
        row[place] = tuple(row[place])
    return TurnLine(case=case, run=run, **dict(zip(_COLUMNS, row, strict=True)))
