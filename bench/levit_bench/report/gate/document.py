"""A gate as a JSON document: the same keys in every one, described in docs/gate-reports.md."""

from __future__ import annotations

import json
import math
from collections import Counter

from levit_bench.axes import SAID
from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateReport
from levit_bench.records import Record
from levit_bench.report.gate.case_figures import case_figures
from levit_bench.report.gate.case_latency import latency_s
from levit_bench.report.gate.conditions import title_of
from levit_bench.report.gate.sentence import overall
from levit_bench.report.views.cases import fields

FORMAT = 1
"""Number of the document's format: it grows when a key changes its meaning or goes, and not when one is added."""


def document(report: GateReport) -> dict[str, object]:
    """The gate as data: ratios and seconds unrounded, shares as fractions, what is unknown or unbounded None."""
    told = overall(report)
    counts = Counter(case.verdict for case in report.cases)
    return {
        "format": FORMAT,
        "outcome": report.outcome.value,
        "exit_code": report.exit_code,
        "summary": told.sentence,
        "advice": told.advice,
        "command": told.command or None,
        "session": report.session or None,
        "title": title_of(report) or None,
        "baseline": report.baseline or None,
        "rules": report.rules._asdict(),
        "family": report.family,
        "looks_taken": report.looks_taken,
        "looks_declared": report.looks_declared,
        "counts": {verdict.value: counts[verdict] for verdict in CaseVerdict},
        "sides": [
            {
                "name": side.name, "asked": side.asked, "revision": side.revision, "dirty": side.dirty,
                "python": side.python, "versions": dict(side.versions),
            }
            for side in report.sides
        ],
        "differences": [
            {"kind": one.kind, "name": one.name, "first": one.first, "second": one.second} for one in report.differences
        ],
        "cases": [_case(case) for case in report.cases],
        "controls": [_case(case) for case in report.controls],
        "findings": [{"kind": finding.kind, "message": finding.message} for finding in report.findings],
    }  # fmt: skip


def encoded(report: GateReport) -> str:
    """The document as the text of a file: ASCII, indented, without numbers that JSON lacks."""
    return json.dumps(document(report), indent=2, allow_nan=False) + "\n"


def _case(case: GateCase) -> dict[str, object]:
    record = case.second or case.first
    ratio = case.comparison.ratio if case.comparison else None
    figures = {name: _finite(value) for name, value in case_figures(case).items()}
    return {
        "name": case.name,
        "verdict": case.verdict.value,
        "fails": case.verdict.fails,
        "withdrawn": case.withdrawn.value if case.withdrawn else None,
        "reason": case.reason,
        "network": record.case.network if record else None,
        "label": record.info.label if record else None,
        **_axes(record),
        "first_session": case.first.session if case.first else None,
        "second_session": case.second.session if case.second else None,
        "first_latency_s": latency_s(case.first),
        "second_latency_s": latency_s(case.second),
        "ratio": figures["ratio"],
        "ratio_low": figures["ratio_low"],
        "ratio_high": figures["ratio_high"],
        "level": ratio.level if ratio else None,
        "runs": ratio.n if ratio else 0,
        "method": ratio.method if ratio else None,
        "detectable_ratio": figures["detectable_ratio"],
        "outputs_apart": _finite(case.apart),
        "outputs_allowed": _finite(case.allowed),
    }


def _axes(record: Record | None) -> dict[str, object]:
    """The axes of the case as both sides have them; the side is no property of the pair."""
    if record is None:
        values: dict[str, object] = {axis.name: None for axis in SAID if axis.name != "network"}
    else:
        values = dict(fields(record.case))
    return {name: value for name, value in values.items() if name != "side"}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
