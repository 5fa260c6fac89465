"""The formats that cases can be exported to, by name."""

from __future__ import annotations

import difflib

from levit_bench.errors import UsageError
from levit_bench.report.exports.asv import asv
from levit_bench.report.exports.bencher import bencher
from levit_bench.report.exports.codspeed import codspeed
from levit_bench.report.exports.export_request import ExportFormat
from levit_bench.report.exports.github_action_benchmark import github_action_benchmark
from levit_bench.report.exports.otava import otava
from levit_bench.report.exports.pytest_benchmark import pytest_benchmark

FORMATS = {
    "pytest-benchmark": ExportFormat("JSON as pytest-benchmark 5.3 saves it", pytest_benchmark),
    "github-action-benchmark": ExportFormat("JSON for its tool customSmallerIsBetter", github_action_benchmark),
    "bencher": ExportFormat("Bencher Metric Format", bencher),
    "codspeed": ExportFormat("a file of CodSpeed's walltime results", codspeed),
    "asv": ExportFormat("airspeed velocity's results folder", asv, is_history=True, is_folder=True),
    "otava": ExportFormat("CSV files and their YAML for Apache Otava", otava, is_history=True, is_folder=True),
}


def format_named(name: str) -> ExportFormat:
    """The format of a name.

    Raises:
        UsageError: there is none; the message has the nearest, and all.
    """
    if name not in FORMATS:
        near = difflib.get_close_matches(name, FORMATS, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"there is no format {name[:80]!r}. {hint}Choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]
