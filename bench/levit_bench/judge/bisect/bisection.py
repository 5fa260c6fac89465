"""What a bisection came to."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple

from levit_bench.catalog.candidates import Candidate
from levit_bench.errors import EXIT_DONE, EXIT_NOTHING
from levit_bench.judge.bisect.answers import Answer, Ratio, Standing


class BisectOutcome(StrEnum):
    """What it came to."""

    FOUND = "found"
    """One candidate is the first slow one, and was proven against the one before it."""
    RANGE = "found between"
    """The first slow one is among several that cannot be measured; their neighbours were proven."""
    NOTHING = "no regression"
    """The two ends do not differ by as much as is sought: nothing was bisected."""
    UNTOLD = "not told apart"
    """Whether the two ends differ is not known within the largest budget: nothing was bisected."""
    UNCONFIRMED = "not confirmed"
    """The pair that was found did not differ when it was measured once more."""


class Bisection(NamedTuple):
    """The question, the answers, and what they come to."""

    case: str
    """The case in words."""
    good: Candidate
    bad: Candidate
    is_faster: bool
    """Whether a speed-up was sought and not a slowdown."""
    least: float
    """Least difference of the ends that counts, as a share of the time."""
    ends: Answer
    """The bad end against the good one."""
    answers: tuple[Answer, ...] = ()
    """Of the candidates between, in the order in which they were asked."""
    history: tuple[Answer, ...] = ()
    """The same and the bad end's, from the oldest candidate to the newest."""
    possible: tuple[Candidate, ...] = ()
    """Those that may be the first bad one, the oldest first; the last of them is bad for sure."""
    last_good: Candidate | None = None
    """The nearest that is good."""
    confirmation: Answer | None = None
    """The pair that was found, measured side by side once more; absent where nothing was found."""

    @property
    def outcome(self) -> BisectOutcome:
        """What it came to."""
        if self.ends.standing is Standing.GOOD:
            return BisectOutcome.NOTHING
        if self.ends.standing is not Standing.BAD:
            return BisectOutcome.UNTOLD
        if self.confirmation is None or self.confirmation.standing is not Standing.BAD:
            return BisectOutcome.UNCONFIRMED
        return BisectOutcome.FOUND if len(self.possible) == 1 else BisectOutcome.RANGE

    @property
    def share(self) -> float | None:
        """Share of the difference of the ends that the pair found accounts for, in log units; absent without a pair."""
        pair, ends = None if self.confirmation is None else self.confirmation.ratio, self.ends.ratio
        return None if pair is None or ends is None or not ends.log else pair.log / ends.log

    @property
    def exit_code(self) -> int:
        """0 where it was found and proven, also between candidates that were skipped; else 3, as where no candidate at
        all had an answer, so that nothing was narrowed.
        """
        is_narrowed = any(one.standing in (Standing.GOOD, Standing.BAD) for one in self.answers)
        is_found = self.outcome is BisectOutcome.FOUND or (self.outcome is BisectOutcome.RANGE and is_narrowed)
        return EXIT_DONE if is_found else EXIT_NOTHING


def middle(ends: Ratio) -> float:
    """Log of the ratio in the middle between both ends: a candidate above it is as slow as the bad one."""
    return ends.log / 2


def sought(least: float) -> float:
    """Log of the least ratio that counts."""
    return math.log1p(least)
