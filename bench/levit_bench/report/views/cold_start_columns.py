"""A cold start as columns for programs: of `show --cold --json`, and of the data frame.

Knows names and units; refuses to know what stands beside them.
"""

from __future__ import annotations

import math

from levit_bench.judge.cold_starts import cold
from levit_bench.records import Estimate, Finding, Record


def columns(record: Record) -> dict[str, float | None]:
    """Seconds and bytes of a case's cold start by name; what is not known, or not bounded, is absent."""
    one = cold(record)
    return {
        "compile_s": one.compile_s,
        **_limits("load", one.load),
        **_limits("first_pass", one.first_pass),
        "first_pass_times": one.times,
        "grown_bytes": one.grown_bytes,
        "peak_bytes": one.peak_bytes,
        "run_peak_bytes": one.run_peak_bytes,
        "copy_s": one.copy_s,
        "copy_pinned_s": one.copy_pinned_s,
        **_limits("process_start", one.start),
    }


def _limits(name: str, found: Estimate | Finding | None) -> dict[str, float | None]:
    known = found if isinstance(found, Estimate) else None
    bounded = known is not None and math.isfinite(known.high)
    return {
        f"{name}_s": known.value if known else None,
        f"{name}_low_s": known.low if known and bounded else None,
        f"{name}_high_s": known.high if known and bounded else None,
    }
