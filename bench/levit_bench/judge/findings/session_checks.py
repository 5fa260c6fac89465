"""Findings that need several sessions: one case measured with and without neighbours, or by other versions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from levit_bench.judge.estimates import counts, no_speed, run_ratio
from levit_bench.judge.findings.shapes import scatter
from levit_bench.records import Finding, Record

DIFFERS = 0.10
"""Log units between a case alone in its process and with neighbours: a panel keeps them apart for less."""
SURE = 4.0
"""Standard errors of it: all cases of a store are tested."""
FEWEST = 3
"""Runs that either side needs."""


def sharing_differs_from_alone(records: Sequence[Record]) -> Finding | None:
    """Finding of a case that takes longer or shorter in a shared process than alone, on one machine and torch."""
    if {record.isolation for record in records} < {"shared", "alone"}:
        return None  # As nearly always, and then no ratio need be computed.
    shared, alone = (_ratios(records, isolation) for isolation in ("shared", "alone"))
    if min(len(shared), len(alone)) < FEWEST:
        return None
    gap = fmean(shared) - fmean(alone)
    error = math.hypot(scatter(shared) / math.sqrt(len(shared)), scatter(alone) / math.sqrt(len(alone)))
    if abs(gap) < max(DIFFERS, SURE * error):
        return None
    word = "slower" if gap > 0 else "faster"
    message = (
        f"is {math.expm1(abs(gap)):.0%} {word} beside other cases in one process ({len(shared)} runs) than alone in it "
        f"({len(alone)}), as multiples of the yardstick. Quote the one that your use resembles."
    )
    return Finding(kind="sharing-differs-from-alone", message=message, case=records[0].info.id)


def engine_changed(records: Sequence[Record]) -> Finding | None:
    """Finding of sessions that are joined on one scale and were measured by different versions of this suite."""
    versions = {(record.bench, record.conditions.commit) for record in records}
    if len(versions) < 2 or len({record.session for record in records}) < 2:
        return None
    names = sorted(
        " ".join(word for word in (bench, commit and f"at {commit[:7]}") if word) for bench, commit in versions
    )
    named = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    message = (
        f"sessions of different versions of the suite stand on one scale: {named}. What they time should be the same, "
        "and is not bound to be. Choose one session with --session, or measure the rivals again together."
    )
    return Finding(kind="engine-changed", message=message)


def _ratios(records: Sequence[Record], isolation: str) -> list[float]:
    runs = [run for r in records if r.isolation == isolation and no_speed(r) is None for run in r.runs if counts(run)]
    return [ratio for run in runs if (ratio := run_ratio(run)) is not None]
