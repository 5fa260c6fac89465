"""A folder for Apache Otava (formerly Hunter): a CSV file a case and setting with a row a session, and the YAML that
names them as tests.

Every metric is better where it is smaller, and every cell is filled: one empty cell makes Otava refuse a series.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import NamedTuple

from levit_bench.axes import BY_NAME
from levit_bench.judge.comparability import FIELDS_OF_SETTING, columns, differing, setting
from levit_bench.report.exports.case_names import LONGEST_BYTES, stems, within_bytes
from levit_bench.report.exports.export_request import ExportFiles, ExportRequest
from levit_bench.report.exports.exported_case import ExportedCase, LeftOut
from levit_bench.report.exports.pytest_benchmark import UNKNOWN
from levit_bench.report.words.safe_text import csv_cell, visible

YAML_NAME = "otava.yaml"
FOLDER = "series"
TIME = "time"
ATTRIBUTES = ("commit", "session", "torch", "runtime_version")
METRICS = {"latency": "latency_s", "relative": "relative"}
"""Names of metrics, each with its column."""
_HISTORY = ("torch", "runtime_version")
"""Fields of a setting that a history is about: a new version is a change to find, not another series."""
_USUAL = {"affinity": "system", "allowance": "all", "shell": "plain"}
"""Values of a session's setting that a name does not say."""
_APART = tuple(name for name in FIELDS_OF_SETTING if name not in (*BY_NAME, *_HISTORY, *_USUAL, "machine"))
_MADE = ("device", "form", "precision")
"""Axes that may be brought by a package, whose version their value has in a setting."""


class _Series(NamedTuple):
    """The cases of one name and setting."""

    name: str
    cases: list[ExportedCase]


def otava(request: ExportRequest) -> ExportFiles:
    """The folder of the cases of any sessions, in the order of time."""
    kept, left_out = _kept(request)
    if not kept:
        return ExportFiles({}, tuple(left_out))
    series = _series(kept)
    stem_of = stems([one.name for one in series])
    files = {f"{FOLDER}/{stem_of[one.name]}.csv": _csv(one, request.commit) for one in series}
    tests = "".join(_yaml(one, f"{FOLDER}/{stem_of[one.name]}.csv") for one in series)
    return ExportFiles({YAML_NAME: f"tests:\n{tests}", **files}, tuple(left_out), names=tuple(stem_of))


def _kept(request: ExportRequest) -> tuple[list[ExportedCase], list[LeftOut]]:
    """The cases but for those with changes that their commit does not hold: a point under that commit would be wrong.

    One without a commit stays: `unknown` is what its attribute says, and its session and time place it.
    """
    kept, left_out = [], []
    for case in request.cases:
        reason = case.why_no_commit if request.commit is None and case.is_dirty else None
        if reason is None:
            kept.append(case)
        else:
            left_out.append(LeftOut(case.name, reason))
    return kept, left_out


def _series(cases: Sequence[ExportedCase]) -> list[_Series]:
    """The cases by name, machine and setting; where a name still has several, what differs is put behind it."""
    groups: dict[str, dict[tuple[tuple[str, str], ...], list[ExportedCase]]] = {}
    for case in sorted(cases, key=lambda one: (one.record.conditions.taken_at, one.record.session)):
        values = {name: str(value) for name, value in columns(setting(case.record)).items()}
        unusual = [f"{name} {values[name]}" for name, usual in _USUAL.items() if values[name] != usual]
        rest = tuple((name, values[name]) for name in (*_APART, *_MADE))
        name = ", ".join([case.name, case.record.machine.hardware.id, *unusual])
        groups.setdefault(name, {}).setdefault(rest, []).append(case)
    out = []
    for name, by_setting in groups.items():
        apart = differing([dict(rest) for rest in by_setting])
        for rest, members in by_setting.items():
            words = [f"{field} {value}" for field, value in rest if field in apart]
            out.append(_Series(within_bytes(visible(", ".join([name, *words])), LONGEST_BYTES), members))
    return out


def _csv(series: _Series, commit: str | None) -> str:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    metrics = _metrics(series)
    writer.writerow([TIME, *(METRICS[name] for name in metrics), *ATTRIBUTES])
    for case in series.cases:
        conditions = case.record.conditions
        figures = {"latency": case.latency, "relative": case.relative}
        runtime = case.record.runtime_version or case.torch  # Runtimes of torch itself have its version.
        attributes = (commit or case.commit, case.record.session, case.torch, runtime)
        numbers = [repr(estimate.value) for name in metrics if (estimate := figures[name]) is not None]
        writer.writerow([conditions.taken_at, *numbers, *(csv_cell(text or UNKNOWN) for text in attributes)])
    return table.getvalue()


def _metrics(series: _Series) -> list[str]:
    """The metrics that all cases have; the ratio is none where a session timed no yardstick."""
    has_relative = all(case.relative is not None for case in series.cases)
    return ["latency", *(["relative"] if has_relative else [])]


def _yaml(series: _Series, file: str) -> str:
    """The entry of one test; texts are quoted as in JSON, which YAML reads."""
    lines = [
        f"  {json.dumps(series.name)}:", "    type: csv", f"    file: {json.dumps(file)}", f"    time_column: {TIME}",
        f"    attributes: [{', '.join(ATTRIBUTES)}]", "    metrics:",
    ]  # fmt: skip
    for name in _metrics(series):
        lines += [f"      {name}:", f"        column: {METRICS[name]}", "        direction: -1", "        scale: 1"]
    return "\n".join(lines) + "\n"
