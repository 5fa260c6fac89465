"""The passes that a case lacks for a percentile, and the time that takes them."""

from __future__ import annotations

import math
from typing import NamedTuple

from levit_bench.judge.estimates import counts, no_speed
from levit_bench.judge.percentiles import counted_passes, needed
from levit_bench.judge.variance.longer_session import rounded_up, spent_s
from levit_bench.numbers.quantiles import student_t
from levit_bench.planning.budget import MIN_RUNS, level_at_a_look, looks_paid_for
from levit_bench.records import Record

_MOST = 100
"""Times as many passes as a case has that are still worth a forecast."""


class MissingPasses(NamedTuple):
    """What a case has and lacks for a percentile with both limits."""

    session: str
    """Name of its session."""
    passes: int
    """Timed passes that it has."""
    needed: int
    """Passes from which the percentile has both limits, were passes of one run as independent as those of many."""
    further_s: float | None
    """Budget of `run --resume` that adds the difference at the session's own pace, in seconds, rounded up; absent where
    the session cannot be resumed, its time is not known, or it would take too long to forecast."""


def missing_passes(record: Record, share: float, level: float) -> MissingPasses | None:
    """What a case lacks for the percentile of a share of its passes; None where it has no time, or lacks nothing.

    A session that is resumed has more runs, and pays for the look at its results: both count.

    Args:
        record: the case in one session.
        share: of the passes, such as 0.95.
        level: of the interval that is to have both limits.
    """
    passes, runs = counted_passes(record), sum(1 for run in record.runs if counts(run) and run.turns)
    if no_speed(record) is not None or not passes:
        return None
    looks = looks_paid_for(len(record.protocol.looks), record.resumes + 1)
    enough = _enough(passes / runs, runs, share, level_at_a_look(looks, level))
    if enough is not None and enough <= passes:
        return None
    spent = spent_s([record])
    further = None
    if enough is not None and spent > 0 and not record.protocol.looks:
        further = rounded_up(spent * (enough - passes) / passes)
    return MissingPasses(record.session, passes, needed(share) if enough is None else enough, further)


def _enough(passes_a_run: float, runs: int, share: float, level: float) -> int | None:
    """Passes of as many runs as hold them, from those there are on; None beyond `_MOST` times as many."""
    fewest = max(runs, MIN_RUNS)
    for count in range(max(fewest, math.ceil(needed(share) / passes_a_run)), _MOST * fewest):
        passes = math.ceil(count * passes_a_run)
        half = student_t(count - 1, (1 + level) / 2) * math.sqrt(share * (1 - share) / passes)
        if math.ceil((share + half) * passes) + 1 <= passes:
            return passes
    return None
