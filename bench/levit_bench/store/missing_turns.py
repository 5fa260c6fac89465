"""Finds turns and runs that are missing from a session, such as lines that were removed.

In every round, every case of the run has one turn, in positions from 0 without a gap, unless it failed: then it has no
turn in the round in which it failed and in none that follows. Of a run that was broken off, the last round may end
early. Runs have numbers from 0 without a gap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from levit_bench.records import CaseLine, Line, RunEndLine, RunStartLine, TurnLine


class Hole(NamedTuple):
    """Missing turns of one round, or of several consecutive rounds without any turn."""

    first: int
    """Number of the round within its run, from 0."""
    last: int
    """Number of the last round; equal to `first` for one round."""
    turns: int
    """At least how many turns are missing."""
    cases: tuple[str, ...]
    """Ids of the cases that have no turn there, and had not failed; one that failed later may lack a turn, too."""


class Missing(NamedTuple):
    """Turns or runs that a session must have had and that are missing."""

    number: int
    """Number of the line that begins the run; for whole runs, of the line that begins the next one."""
    run: int
    """Number of the run."""
    last: int
    """Number of the last run; equal to `run` for one run."""
    hole: Hole | None
    """Where turns are missing; None where the runs are missing as a whole."""


class _Run(NamedTuple):
    """One run as a file holds it."""

    start: int
    """Number of its first line."""
    end: int
    """Number of its last line."""
    line: RunStartLine
    turns: list[TurnLine]
    failed: dict[str, int]
    """Cases that had failed by its end, with the round of the last turn before a failure within the run, else 0."""
    ended: bool
    """Whether it was completed; otherwise it was broken off."""


def missing(
    lines: Sequence[tuple[int, Line]], uncounted: Sequence[tuple[int, Line]], unreadable: Collection[int]
) -> list[Missing]:
    """Missing turns and runs of one session that no other finding explains.

    Args:
        lines: that count, with their numbers, in the order of the file: turns stand behind the start of their run.
        uncounted: lines that do not count, as other findings say, without copies of others.
        unreadable: numbers of lines that cannot be read, as other findings say.
    """
    of_runs = Counter(line.run for _, line in uncounted if isinstance(line, RunStartLine | TurnLine | RunEndLine))
    out = []
    begun, over = 0, 0
    for run in _runs(lines):
        number = run.line.run
        is_explained = any(over < line_number < run.start for line_number in unreadable)
        if number > begun and not is_explained and not any(begun <= run_number < number for run_number in of_runs):
            out.append(Missing(run.start, begun, number - 1, None))
        begun, over = number + 1, run.end
        cases = tuple(dict.fromkeys(case for seat in run.line.seats for case in seat.cases))
        run_holes = holes(run.turns, cases, run.failed, ended=run.ended)
        explained_turns = (
            of_runs[number] + sum(run.start < line_number < run.end for line_number in unreadable) if run_holes else 0
        )
        if sum(hole.turns for hole in run_holes) > explained_turns:
            out += [Missing(run.start, number, number, hole) for hole in run_holes]
    return out


def _runs(lines: Sequence[tuple[int, Line]]) -> Iterator[_Run]:
    failed: dict[str, int] = {}
    begun: tuple[int, RunStartLine] | None = None
    turns: list[TurnLine] = []
    for number, line in lines:
        if type(line) is TurnLine:
            turns.append(line)
            continue
        if isinstance(line, RunStartLine | RunEndLine):
            if isinstance(line, RunEndLine):
                failed = dict.fromkeys(line.failed, 0) | failed
            if begun is not None:
                ended = isinstance(line, RunEndLine) and line.outcome == "done"
                yield _Run(begun[0], number, begun[1], turns, failed, ended)
            begun, turns = ((number, line) if isinstance(line, RunStartLine) else None), []
            failed = dict.fromkeys(failed, 0)
        elif isinstance(line, CaseLine) and line.outcome != "done":
            failed[line.id] = turns[-1].round if turns else 0
    if begun is not None:
        yield _Run(begun[0], lines[-1][0], begun[1], turns, failed, ended=False)


def holes(turns: Sequence[TurnLine], cases: Sequence[str], failed: Mapping[str, int], *, ended: bool) -> list[Hole]:
    """Rounds of one run that lack turns.

    Args:
        turns: of the run; no two of them share round and case, or round and position.
        cases: ids of the cases that its seats hold.
        failed: ids of the cases that had failed by its end, with the round of the last turn before the failure.
        ended: whether it was completed; otherwise its last round may lack turns.
    """
    last = max((turn.round for turn in turns), default=0)
    if len(turns) == len(cases) * (last + 1) and all(turn.position < len(cases) for turn in turns):
        return []  # As many as there can be: none is missing.
    rounds: dict[int, dict[str, int]] = {}
    for turn in turns:
        rounds.setdefault(turn.round, {})[turn.case] = turn.position
    alive = tuple(case for case in cases if case not in failed)
    # A case that fails has a position in its last round, and no turn.
    lasted = {case: number + 1 for number in sorted(rounds) for case in rounds[number]}
    gave_up = Counter(max(lasted.get(case, 0), failed[case]) for case in cases if case in failed)
    out = []
    before = -1
    for number in sorted(rounds):
        if number > before + 1:
            out.append(_empty(before + 1, number - 1, alive))
        before = number
        positions = rounds[number]
        absent = tuple(case for case in alive if case not in positions) if ended or number < last else ()
        gaps = max(positions.values()) + 1 - len(positions) - gave_up[number]
        if absent or gaps > 0:
            out.append(Hole(number, number, max(gaps, len(absent)), absent))
    if ended and alive and not rounds:
        out.append(_empty(0, 0, alive))
    return out


def _empty(first: int, last: int, alive: tuple[str, ...]) -> Hole:
    return Hole(first, last, max(len(alive), 1) * (last - first + 1), alive)
