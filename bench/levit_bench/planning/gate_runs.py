"""The fewest runs from which a gate may call a case.

Student's t takes a run's log ratio for normal. Processes that fall into one of two states, such as pages that lie well
or badly in memory, make it a third thing: three runs all of whose ratios are one state over the other scatter by
nothing but the rest of the noise, and no quantile of t repairs that. Side a is in one state and side b in the other
with a probability of at most a quarter, so that n runs agree by chance in at most 2 / 4^n of all cases.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from levit_bench.planning.budget import MIN_RUNS
from levit_bench.records import Case, Protocol

_ALPHA = 0.05
"""False alarms of a gate: as `levit_bench.judge.verdicts.ALPHA`, of which this may take all."""


def fewest_runs(comparisons: int) -> int:
    """Runs below which processes in two states would give more false alarms than are promised.

    Args:
        comparisons: that share the error rate: cases, times looks.
    """
    return max(MIN_RUNS, math.ceil(math.log(2 * max(1, comparisons) / _ALPHA, 4) - 1e-9))


def runs_needed(protocol: Protocol, cases: Iterable[Case]) -> int:
    """Runs without which a session has no answer: of a gate those for one look at its cases, else `MIN_RUNS`."""
    if protocol.goal != "gate":
        return MIN_RUNS
    return fewest_runs(sum(case.side == "b" for case in cases))
