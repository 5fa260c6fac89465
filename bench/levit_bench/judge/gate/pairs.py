"""The pairs of a gate, judged: the same rules at a look while it is measured, and for its report."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from levit_bench.judge.verdicts import Comparison, Effect, Rules, Verdict, judge, percent_above
from levit_bench.numbers.units import counted, significant
from levit_bench.planning.gate_runs import fewest_runs
from levit_bench.records import Finding


def judged(effects: Sequence[Effect | Finding], rules: Rules, looks: int) -> tuple[Comparison, ...]:
    """A comparison for each pair; *same* only where a slowdown of the margin would have been found.

    Args:
        effects: of side b against side a, one a case.
        rules: what counts as a difference.
        looks: how often the results may be looked at, which the limits allow for.
    """
    return tuple(_if_detectable(_if_enough(comparison)) for comparison in judge(effects, rules, looks))


def is_decided(comparison: Comparison) -> bool:
    """Whether further runs are not needed for a case."""
    return comparison.verdict in (Verdict.SLOWER, Verdict.FASTER, Verdict.SAME)


def finds_margin(comparison: Comparison) -> bool:
    """Whether its runs find a slowdown of the margin four times in five: without that, *same* says nothing."""
    return comparison.detectable is not None and comparison.detectable <= 1 + comparison.margin


def _if_enough(comparison: Comparison) -> Comparison:
    """The comparison; inconclusive where processes in two states could make so few runs agree by chance."""
    ratio, least = comparison.ratio, fewest_runs(comparison.family)
    if ratio is None or ratio.n >= least:
        return comparison
    reason = (
        f"takes {significant(ratio.value)} times as long in {counted(ratio.n, 'run')}, and a verdict needs {least}: "
        "processes that are fast or slow from their start would make fewer agree by chance"
    )
    return msgspec.structs.replace(comparison, verdict=Verdict.INCONCLUSIVE, reason=reason, detectable=None)


def _if_detectable(comparison: Comparison) -> Comparison:
    """The comparison; inconclusive instead of the same where the runs could not have found what matters."""
    if comparison.verdict is not Verdict.SAME or finds_margin(comparison):
        return comparison
    least = comparison.detectable
    found = "no slowdown at all" if least is None else f"only slowdowns of {percent_above(least)}"
    reason = f"{comparison.reason}, but four times in five such runs find {found}: more than the margin"
    return msgspec.structs.replace(comparison, verdict=Verdict.INCONCLUSIVE, reason=reason)
