"""Expected precision of a plan: half width, and the least detectable ratio within a session and between two."""

from __future__ import annotations

import math
from typing import NamedTuple

from levit_bench.judge.variance.session_scatter import FREEDOM, PRIOR
from levit_bench.judge.verdicts import METHOD_PAIRS, Effect, Rules, detectable
from levit_bench.planning.budget import MIN_RUNS, Plan, half_width, level_at_a_look, standard_error

_PAIR = 4 / 3
"""Variance of the ratio of two networks over that of one to the yardstick: 1 + 1 against 1 + 1/2, as the yardstick is
timed twice a round and its two logs are averaged."""


class Reach(NamedTuple):
    """Expected precision of a session as planned."""

    half_width: float
    """Half the 95 % interval of a ratio to the yardstick, in log units; wider where looks were declared."""
    side_by_side: float | None
    """The least true ratio above 1 of two networks of the session that is found slower four times in five; absent where
    it is beyond all bounds."""
    between_sessions: float | None
    """The least of one network in two sessions, however large their budgets."""


def reach(what: Plan, session_scatter: float = PRIOR, freedom: float = FREEDOM) -> Reach | None:
    """Expected precision of a plan, for one pair; None where its runs are too few.

    Args:
        what: the plan, with the scatter that it was made with.
        session_scatter: standard deviation between sessions of a log ratio to the yardstick, in log units.
        freedom: its degrees of freedom.
    """
    if what.runs < MIN_RUNS:
        return None
    looks = max(1, len(what.looks))
    error = standard_error(what.runs, what.rounds, what.scatter)
    pair = Effect(0.0, math.sqrt(_PAIR) * error, what.runs - 1, what.runs, METHOD_PAIRS)
    return Reach(
        half_width=half_width(what.runs, what.rounds, level_at_a_look(looks), what.scatter),
        side_by_side=detectable(pair, looks, Rules()),
        between_sessions=least_between_sessions(session_scatter, freedom, looks=looks),
    )


def least_between_sessions(
    session_scatter: float,
    freedom: float = FREEDOM,
    *,
    error: float = 0.0,
    looks: int = 1,
    rules: Rules = Rules(),  # noqa: B008 - immutable
) -> float | None:
    """The least true ratio above 1 that two single sessions of a case find slower four times in five.

    In logs about (t + z) sqrt(2 (s² + error²)), where t is Student's 97.5 % quantile, z the normal 80 % one and s the
    scatter between sessions; exactly by the noncentral t distribution, as `levit_bench.judge.verdicts.detectable` has
    it.

    Args:
        session_scatter: s, a standard deviation in log units.
        freedom: degrees of freedom of s.
        error: standard error of one session's log ratio to the yardstick by its runs; 0: however large its budget.
        looks: how often each session may be looked at, or how many cases are judged; each costs confidence.
        rules: what counts as a difference.

    Returns:
        The ratio; None where it is beyond all bounds.
    """
    both = Effect(0.0, math.sqrt(2) * math.hypot(session_scatter, error), freedom, MIN_RUNS, "t over sessions")
    return detectable(both, looks, rules)
