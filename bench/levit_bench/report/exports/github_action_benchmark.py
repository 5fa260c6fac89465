"""JSON for the tool `customSmallerIsBetter` of github-action-benchmark: entries of name, value, unit, range and extra.

A case has two entries: its latency, always in milliseconds since the tool compares numbers without their units, and
its ratio to the reference network, which other work on the machine moves less.
"""

from __future__ import annotations

from levit_bench.numbers.units import counted
from levit_bench.records import Estimate
from levit_bench.report.exports.export_request import ExportFiles, ExportRequest, json_text
from levit_bench.report.exports.exported_case import ExportedCase, bounds

NAME = "github-action-benchmark.json"
LATENCY_UNIT, LATENCY_FACTOR = "ms", 1e3
RELATIVE_UNIT = "x reference"
RELATIVE_NAME = "{} vs reference"


def github_action_benchmark(request: ExportRequest) -> ExportFiles:
    """The entries of the cases of one session."""
    entries = [entry for case in request.cases for entry in _entries(case)]
    return ExportFiles({NAME: json_text(entries)})


def _entries(case: ExportedCase) -> list[dict[str, str | float]]:
    out = [_entry(case, case.name, case.latency, LATENCY_UNIT, LATENCY_FACTOR)]
    if case.relative is not None:
        out.append(_entry(case, RELATIVE_NAME.format(case.name), case.relative, RELATIVE_UNIT, 1.0))
    return out


def _entry(case: ExportedCase, name: str, estimate: Estimate, unit: str, factor: float) -> dict[str, str | float]:
    entry: dict[str, str | float] = {"name": name, "value": factor * estimate.value, "unit": unit}
    runs = counted(estimate.n, "fresh run")
    extra = [f"session {case.record.session}, {case.record.info.id}", f"machine {case.record.machine.hardware.id}"]
    if (limits := bounds(estimate)) is None:
        return entry | {"extra": "\n".join([f"no interval: {runs}", *extra])}
    low, high = limits
    # The larger half: the interval is symmetric in ratios, and this text has room for one number.
    entry["range"] = f"± {factor * max(estimate.value - low, high - estimate.value):.3g}"
    interval = f"{100 * estimate.level:g} % interval {factor * low:.6g} to {factor * high:.6g} {unit}, {runs}"
    return entry | {"extra": "\n".join([interval, *extra])}
