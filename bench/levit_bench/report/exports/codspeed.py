"""JSON of CodSpeed's walltime instrument, one file of `$CODSPEED_PROFILE_FOLDER/results`.

The format has statistics of rounds and no place for an interval: all of them describe the timed passes.
"""

from __future__ import annotations

from typing import Any

from levit_bench.report.exports.export_request import ExportFiles, ExportRequest, json_text
from levit_bench.report.exports.exported_case import ExportedCase
from levit_bench.report.exports.pass_statistics import beyond, pass_statistics
from levit_bench.version import VERSION

NAME = "results/levit-bench.json"
NANOSECONDS = 1e9
_DEVIATIONS = 3.0
"""Standard deviations from the mean beyond which CodSpeed calls a round an outlier."""
_NO_PROCESS = 0
"""The format wants the number of the process; sessions record none, and it says nothing of a speed."""


def codspeed(request: ExportRequest) -> ExportFiles:
    """The document of the cases of one session."""
    document = {
        "creator": {"name": "levit-bench", "version": VERSION, "pid": _NO_PROCESS},
        "instrument": {"type": "walltime"},
        "benchmarks": [_benchmark(case) for case in request.cases],
    }
    return ExportFiles({NAME: json_text(document)})


def _benchmark(case: ExportedCase) -> dict[str, Any]:
    durations = case.duration_s
    of = pass_statistics(durations)
    spread = _DEVIATIONS * of.stddev
    return {
        "name": case.name,
        "uri": f"levit-bench::{case.name}",
        "config": {},
        "stats": {
            "min_ns": NANOSECONDS * of.min, "max_ns": NANOSECONDS * of.max, "mean_ns": NANOSECONDS * of.mean,
            "stdev_ns": NANOSECONDS * of.stddev, "q1_ns": NANOSECONDS * of.q1, "median_ns": NANOSECONDS * of.median,
            "q3_ns": NANOSECONDS * of.q3, "rounds": of.rounds, "total_time": of.total,
            "iqr_outlier_rounds": of.iqr_outliers,
            "stdev_outlier_rounds": beyond(durations, of.mean - spread, of.mean + spread),
            "iter_per_round": 1, "warmup_iters": case.settle_passes,
        },
    }  # fmt: skip
