"""JSON in Bencher's own format, *Bencher Metric Format*: `{name: {measure: {value, lower_value, upper_value}}}`.

`latency` is Bencher's own measure, in nanoseconds; `relative` is the ratio to the reference network. The values between
the bounds are ours: the 95 % interval over fresh runs, left out where the data give none.
"""

from __future__ import annotations

from levit_bench.records import Estimate
from levit_bench.report.exports.export_request import ExportFiles, ExportRequest, json_text
from levit_bench.report.exports.exported_case import ExportedCase, bounds

NAME = "bencher.json"
NANOSECONDS = 1e9


def bencher(request: ExportRequest) -> ExportFiles:
    """The measures of the cases of one session."""
    return ExportFiles({NAME: json_text({case.name: _measures(case) for case in request.cases})})


def _measures(case: ExportedCase) -> dict[str, dict[str, float]]:
    measures = {"latency": _metric(case.latency, NANOSECONDS)}
    return measures if case.relative is None else measures | {"relative": _metric(case.relative, 1.0)}


def _metric(estimate: Estimate, factor: float) -> dict[str, float]:
    value = {"value": factor * estimate.value}
    limits = bounds(estimate)
    if limits is None:
        return value
    return value | {"lower_value": factor * limits[0], "upper_value": factor * limits[1]}
