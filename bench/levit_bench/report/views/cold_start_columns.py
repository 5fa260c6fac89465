"""A cold start as columns of `show --cold --json` and of the data frame."""

from __future__ import annotations

import math

from levit_bench.judge.cold_starts import cold
from levit_bench.records import Estimate, Finding, Record


def columns(record: Record) -> dict[str, float | str | None]:
    """Seconds and bytes of a case's cold start by name; figures that are unknown or unbounded are None."""
    figures = cold(record)
    return {
        "compile_s": figures.compile_s,
        "compiled_at": figures.compiled_at,
        **_limits("load", figures.load),
        **_limits("first_pass", figures.first_pass),
        "first_pass_times": figures.times,
        "grown_bytes": figures.grown_bytes,
        "peak_bytes": figures.peak_bytes,
        "run_peak_bytes": figures.run_peak_bytes,
        "copy_s": figures.copy_s,
        "copy_pinned_s": figures.copy_pinned_s,
        **_limits("process_start", figures.start),
    }


def _limits(name: str, figure: Estimate | Finding | None) -> dict[str, float | None]:
    estimate = figure if isinstance(figure, Estimate) else None
    bounded = estimate is not None and math.isfinite(estimate.high)
    return {
        f"{name}_s": estimate.value if estimate else None,
        f"{name}_low_s": estimate.low if estimate and bounded else None,
        f"{name}_high_s": estimate.high if estimate and bounded else None,
    }
