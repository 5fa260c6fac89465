"""What a session would gain by further runs: the widths of its intervals now and then."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from levit_bench.judge.estimates import relative_to_yardstick
from levit_bench.judge.variance.reproducibility import kind_of
from levit_bench.judge.variance.run_scatter import run_scatter
from levit_bench.planning.budget import (
    MIN_RUNS,
    PILOT,
    Costs,
    RunScatter,
    half_width,
    level_at_a_look,
    looks_paid_for,
    plan,
)
from levit_bench.records import Estimate, Record

_TIMES = 3.0
"""Further time, in multiples of what was spent."""


class Longer(NamedTuple):
    """Widths of the intervals of ratios to the yardstick, of the session's middle case."""

    now: float
    """Half of the interval, in log units."""
    then: float
    """Half of it, as expected after the further time; it pays for the look at the results before it."""
    budget_s: float
    """The further time, in seconds."""


def longer(records: Sequence[Record], costs: Costs | None, planned_by: RunScatter = PILOT) -> Longer | None:
    """What further runs would bring, by the scatter of this very session, and planned as they would be.

    None where they would bring nothing: a session that ends at looks is not resumed beyond them, and one with too few
    runs has no scatter.

    Args:
        records: the subjects of one session.
        costs: of a run and a round, as its rehearsal measured them; None where nothing could be measured.
        planned_by: the scatter by which a session of this machine divides its budget into runs and rounds.
    """
    ratios = [estimate for record in records if isinstance(estimate := relative_to_yardstick(record), Estimate)]
    bounded = [estimate for estimate in ratios if math.isfinite(estimate.high) and estimate.n >= MIN_RUNS]
    if costs is None or not bounded or any(record.protocol.looks for record in records):
        return None
    halves = [math.log(estimate.high / estimate.value) for estimate in bounded]
    runs, resumes = max(estimate.n for estimate in bounded), max(record.resumes for record in records)
    rounds = max(1, round(median(len(run.turns) for record in records for run in record.runs if run.turns)))
    scatter = run_scatter(records, [kind_of(record) for record in records])
    budget_s = rounded_up(_TIMES * spent_s(records))
    further = plan(costs, budget_s, planned_by)
    levels = [level_at_a_look(looks_paid_for(0, count)) for count in (resumes, resumes + 1)]
    expected_now = half_width(runs, rounds, levels[0], scatter)
    expected_then = half_width(runs + further.runs, max(rounds, further.rounds), levels[1], scatter)
    then = median(halves) * expected_then / expected_now
    return Longer(median(halves), then, budget_s) if then < median(halves) else None


def spent_s(records: Sequence[Record]) -> float:
    """Seconds of all runs of one session that say when they began and ended; 0 where none does."""
    ends = {
        run.run: run.ended_s - run.began_s
        for record in records
        for run in record.runs
        if run.began_s is not None and run.ended_s is not None
    }
    return math.fsum(ends.values())


def rounded_up(seconds: float) -> float:
    """To whole minutes, or ten seconds below two of them."""
    step = 60.0 if seconds > 120 else 10.0
    return max(step, step * math.ceil(seconds / step - 1e-9))
