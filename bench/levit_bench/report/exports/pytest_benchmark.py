"""JSON as pytest-benchmark 5.3 saves it: for its `compare`, for github-action-benchmark and Nyrkiö (`pytest`), and for
Bencher (`python_pytest`).

`stats` describe the timed passes as pytest-benchmark would, all but `ops`, which is 1 / our latency: it is the figure
that github-action-benchmark draws and judges. No value is null: one makes Bencher drop the whole file.
"""

from __future__ import annotations

from typing import Any

from levit_bench.axes import setting_words
from levit_bench.judge.throughput import throughput
from levit_bench.records import Estimate, Record
from levit_bench.report.exports.case_facts import case_facts
from levit_bench.report.exports.export_request import ExportFiles, ExportRequest, json_text
from levit_bench.report.exports.exported_case import ExportedCase
from levit_bench.report.exports.pass_statistics import pass_statistics
from levit_bench.report.views import cases
from levit_bench.report.words.safe_text import visible

FORMAT_VERSION = "5.3.1"
"""Release of pytest-benchmark that this is written as."""
NAME = "0001_levit-bench.json"
"""As pytest-benchmark names its own files: its `compare` takes the number and the rest apart."""
UNKNOWN = "unknown"


def pytest_benchmark(request: ExportRequest) -> ExportFiles:
    """The document of the cases of one session."""
    first = request.cases[0]
    judged = next((case for case in request.cases if case.record.case.side == "b"), first)
    document = {
        "machine_info": _machine_info(first.record),
        "commit_info": _commit_info(judged, request.commit),
        "benchmarks": [_benchmark(case, request.commit) for case in request.cases],
        "datetime": first.record.conditions.taken_at.removesuffix("Z") + "+00:00",
        "version": FORMAT_VERSION,
    }
    return ExportFiles({NAME: json_text(document)})


def _machine_info(record: Record) -> dict[str, Any]:
    """The machine in the fields of pytest-benchmark; its `node` is our id of the machine, and no host's name."""
    machine, conditions = record.machine, record.conditions
    system, _, release = conditions.os.partition(" ")
    model = visible(machine.cpu_model)
    return {
        "node": machine.hardware.id, "processor": model, "machine": visible(machine.isa),
        "python_version": visible(conditions.python), "system": visible(system), "release": visible(release),
        "cpu": {"arch": visible(machine.isa), "brand_raw": model, "brand": model, "count": machine.logical_cores},
    }  # fmt: skip


def _commit_info(case: ExportedCase, commit: str | None) -> dict[str, Any]:
    """The one commit that the format has: of a gate that of the judged side; each benchmark has its own beside it."""
    return {
        "id": commit or case.commit or UNKNOWN, "time": case.record.conditions.taken_at,
        "dirty": commit is None and case.is_dirty,
        "project": "levit-bench" if commit is None and case.is_of_suite else UNKNOWN, "branch": UNKNOWN,
    }  # fmt: skip


def _benchmark(case: ExportedCase, commit: str | None) -> dict[str, Any]:
    record, rate = case.record, throughput(case.record)
    durations = case.duration_s
    statistics = pass_statistics(durations)
    facts = case_facts(record, case.latency, rate if isinstance(rate, Estimate) else None, case.relative)
    facts |= {"commit": visible(commit or case.commit or UNKNOWN), "dirty": int(commit is None and case.is_dirty)}
    return {
        "group": visible(setting_words(lambda axis: getattr(record.case, axis))),
        "name": case.name,
        "fullname": case.name,
        "params": {"network": visible(record.case.network), **cases.fields(record.case)},
        "param": case.name,
        "extra_info": facts,
        "options": {"disable_gc": False, "timer": "levit-bench", "warmup": case.settle_passes > 0},
        "stats": {
            **statistics._asdict(), "ops": 1 / case.latency.value, "data": durations, "iterations": 1,
        },
    }  # fmt: skip
