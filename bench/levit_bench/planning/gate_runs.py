"""The fewest runs from which a gate may call a case.

Student's t takes a run's log ratio for normal. Processes that fall into one of two states, such as pages that lie well
or badly in memory, make it a third thing: three runs all of whose ratios are one state over the other scatter by
nothing but the rest of the noise, and no quantile of t repairs that. Side a is in one state and side b in the other
with a probability of at most a quarter, so that n runs agree by chance in at most 2 / 4^n of all cases.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from levit_bench.planning.budget import MIN_RUNS, Costs
from levit_bench.records import Case, Protocol

GOOD_ROUNDS = 4
"""Rounds from which the median of a run sheds a turn beside which something else ran. The plan's variances are those of
medians of many rounds; of two rounds, the median is the mean, and on two cores it scattered by 2.8 % where three had
1.7 and five 1.3 % (docs/decisions/0020)."""
_ALPHA = 0.05
"""False alarms of a gate: as `levit_bench.judge.verdicts.ALPHA`, of which this may take all."""


def fewest_runs(comparisons: int) -> int:
    """Runs below which processes in two states would give more false alarms than are promised.

    Args:
        comparisons: that share the error rate: cases, times looks.
    """
    return max(MIN_RUNS, math.ceil(math.log(2 * max(1, comparisons) / _ALPHA, 4) - 1e-9))


def costs_of(costs: Costs, protocol: Protocol, cases: Iterable[Case]) -> Costs:
    """The costs, and for a gate how many runs and rounds it needs.

    Args:
        costs: what a start and a round take here.
        protocol: of the session.
        cases: that can be timed, those of the instrument among them.
    """
    if protocol.goal != "gate":
        return costs
    return costs._replace(least_runs=fewest_runs(sum(case.side == "b" for case in cases)), good_rounds=GOOD_ROUNDS)
