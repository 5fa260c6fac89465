"""The answer of one measurement of a bisection: how a candidate compares with the good end."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple

from levit_bench.catalog.candidates import Candidate
from levit_bench.records import Estimate

NOT_TOLD_APART = "not told apart within the largest budget"
"""The reason of a candidate that was measured as long as it may be, and skipped all the same."""


class Standing(StrEnum):
    """Where a candidate stands."""

    GOOD = "good"
    """Its time is nearer to that of the good end, surely."""
    BAD = "bad"
    """Its time is nearer to that of the bad end, surely."""
    OPEN = "not told apart"
    """Its interval holds the middle between both."""
    SKIPPED = "skipped"
    """It cannot be built or measured, or was not told apart within the largest budget."""


class Ratio(NamedTuple):
    """How many times as long the second side of a gate takes, in log units."""

    log: float
    low: float
    """95 % limits."""
    high: float

    @classmethod
    def of(cls, estimate: Estimate) -> Ratio:
        """From an estimate with its limits."""
        return cls(
            math.log(estimate.value),
            math.log(estimate.low) if estimate.low > 0 else -math.inf,
            math.log(estimate.high) if estimate.high < math.inf else math.inf,
        )

    @property
    def turned(self) -> Ratio:
        """The same of speed in place of time."""
        return Ratio(-self.log, -self.high, -self.low)


class Probe(NamedTuple):
    """One measurement of two sides."""

    ratio: Ratio | None
    """Absent where the data give none."""
    session: str
    """Name of its session; empty where none was taken."""
    problem: str = ""
    """Why the second side cannot be measured; empty where it was."""


class Answer(NamedTuple):
    """What is known of a candidate."""

    candidate: Candidate
    standing: Standing
    ratio: Ratio | None
    """Of its time to that of the good end; absent where it was not measured."""
    budget_s: float
    """Of its last measurement."""
    session: str
    reason: str = ""
    """Why it was skipped; empty where it was not."""

    @property
    def is_final(self) -> bool:
        """Whether a larger budget would not change it."""
        return self.standing is not Standing.OPEN and self.reason != NOT_TOLD_APART


def standing_of(ratio: Ratio | None, threshold: float) -> Standing:
    """Where a candidate stands by its ratio to the good end.

    Args:
        ratio: of its time, or of its speed where a speed-up is sought.
        threshold: log of the ratio in the middle between both ends.
    """
    if ratio is None or ratio.low <= threshold <= ratio.high:
        return Standing.OPEN
    return Standing.BAD if ratio.low > threshold else Standing.GOOD
