"""The pairs of a gate, judged: the same rules at a look while it is measured, and for its report."""

from __future__ import annotations

from collections.abc import Sequence

from levit_bench.judge.verdicts import Comparison, Effect, Rules, Verdict, judge
from levit_bench.records import Finding


def judged(effects: Sequence[Effect | Finding], rules: Rules, looks: int) -> tuple[Comparison, ...]:
    """A comparison for each pair; *same* only where a slowdown of the margin would have been found.

    Args:
        effects: of side b against side a, one a case.
        rules: what counts as a difference.
        looks: how often the results may be looked at, which the limits allow for.
    """
    return tuple(_if_detectable(comparison) for comparison in judge(effects, rules, looks))


def is_decided(comparison: Comparison) -> bool:
    """Whether further runs are not needed for a case."""
    return comparison.verdict in (Verdict.SLOWER, Verdict.FASTER, Verdict.SAME)


def _if_detectable(comparison: Comparison) -> Comparison:
    """The comparison; inconclusive instead of the same where the runs could not have found what matters."""
    least = comparison.detectable
    if comparison.verdict is not Verdict.SAME or (least is not None and least <= 1 + comparison.margin):
        return comparison
    from msgspec.structs import replace

    from levit_bench.judge.verdicts import percent_above

    found = "no slowdown at all" if least is None else f"only slowdowns of {percent_above(least)}"
    reason = f"{comparison.reason}, but four times in five such runs find {found}: more than the margin"
    return replace(comparison, verdict=Verdict.INCONCLUSIVE, reason=reason)
