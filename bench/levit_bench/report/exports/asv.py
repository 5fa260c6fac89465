"""The results folder of airspeed velocity (asv), format 2: `benchmarks.json`, and of each machine `machine.json` and
one file a commit and environment.

A case is two benchmarks, `latency.…` in seconds and `relative.…`, the ratio to the reference network. The samples of
a benchmark are the medians of its fresh runs, since asv tests samples as independent; their quartiles are of the same
medians, and the 99 % limits are ours.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from levit_bench.judge.estimates import counted_runs, limits_at, ratios_by_run
from levit_bench.records import Estimate
from levit_bench.report.exports.case_names import case_names, stems
from levit_bench.report.exports.export_request import Commit, ExportFiles, ExportRequest, json_text
from levit_bench.report.exports.exported_case import ExportedCase, LeftOut, finite_limits
from levit_bench.report.exports.pass_statistics import quartiles
from levit_bench.report.words.safe_text import visible

BENCHMARKS_VERSION, MACHINE_VERSION, RESULTS_VERSION = 2, 1, 2
LEVEL = 0.99
BENCHMARK_VERSION = "levit-bench-1"
"""Of every benchmark: asv ignores results of another one, so it changes when what is measured does."""
COLUMNS = (
    "result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b", "stats_q_25",
    "stats_q_75", "stats_number", "stats_repeat", "samples",
)  # fmt: skip
_COMMIT_DIGITS = 8
_MILLISECONDS = 1000


class _Place(NamedTuple):
    """What one file of results is about."""

    machine: str
    commit: Commit
    environment: str


class _Figure(NamedTuple):
    """The two benchmarks of a case have one each."""

    kind: str
    unit: str
    estimate: Estimate
    samples: list[float]


def asv(request: ExportRequest) -> ExportFiles:
    """The folder of the cases of any sessions; of two sessions of a commit and environment the newer one counts."""
    placed, left_out = _placed(request)
    kept, older = _newest(placed)
    left_out += older
    if not kept:
        return ExportFiles({}, tuple(left_out))
    stem_of = stems(list(dict.fromkeys(case.name for _, case in kept)))
    benchmarks: dict[str, Any] = {}
    rows: dict[_Place, dict[str, Any]] = {}
    first: dict[_Place, ExportedCase] = {}
    for place, case in kept:
        first.setdefault(place, case)
        for figure in _figures(case):
            key = f"{figure.kind}.{stem_of[case.name]}"
            benchmarks[key] = _benchmark(key, case.name, figure)
            rows.setdefault(place, {})[key] = _row(case, figure)
    files = {"benchmarks.json": json_text({**benchmarks, "version": BENCHMARKS_VERSION})}
    for place, case in first.items():
        files[f"{place.machine}/machine.json"] = json_text({**_machine(case), "version": MACHINE_VERSION})
        name = f"{place.machine}/{place.commit.digest[:_COMMIT_DIGITS]}-{place.environment}.json"
        files[name] = json_text(_results(place, case, rows[place]), indent=None)
    return ExportFiles(files, tuple(left_out), tuple(stem_of))


def _placed(request: ExportRequest) -> tuple[list[tuple[_Place, ExportedCase]], list[LeftOut]]:
    """The cases each with its place, renamed where the place tells the sides of a gate apart; and those without one."""
    groups: dict[tuple[str, _Place], list[ExportedCase]] = {}
    left_out = []
    for case in request.cases:
        place = _place(case, request)
        if isinstance(place, str):
            left_out.append(LeftOut(case.name, place))
        else:
            groups.setdefault((case.record.session, place), []).append(case)
    placed = []
    for (_, place), members in groups.items():
        names = case_names([case.record for case in members])
        placed += [(place, case._replace(name=name)) for case, name in zip(members, names, strict=True)]
    return placed, left_out


def _place(case: ExportedCase, request: ExportRequest) -> _Place | str:
    """Where the results of a case are filed, or why nowhere: asv files everything under a commit."""
    named = request.commit or case.commit
    if named is None or (request.commit is None and case.why_no_commit is not None):
        return str(case.why_no_commit)
    commit = request.find_commit(named)
    if commit is None:
        return (
            f"the repository has no commit {named} of session {case.record.session}: name the repository with "
            "--repository, or the commit with --commit"
        )
    words = [f"python{case.python}", *([f"torch{case.torch}"] if case.torch else [])]
    # Settings of a session that are no axis of its cases, where they are not as usual: other times, another line.
    words += ["bound"] if case.record.affinity == "bound" else []
    words += [case.record.allowance] if case.record.allowance != "all" else []
    return _Place(
        case.record.machine.hardware.id, commit, re.sub(r"[^A-Za-z0-9.+_-]+", "_", "-".join(words)).strip("_")
    )


def _newest(placed: Sequence[tuple[_Place, ExportedCase]]) -> tuple[list[tuple[_Place, ExportedCase]], list[LeftOut]]:
    """Of the cases of one name and place the one of the newest session, and the others with the reason."""
    newest: dict[tuple[_Place, str], ExportedCase] = {}
    older = []
    for place, case in sorted(placed, key=lambda pair: pair[1].record.session, reverse=True):
        kept = newest.setdefault((place, case.name), case)
        if kept is not case:
            reason = f"session {case.record.session}: {kept.record.session} is newer, and asv holds one of a commit"
            older.append(LeftOut(case.name, reason))
    return [(place, case) for (place, _), case in newest.items()], older


def _figures(case: ExportedCase) -> list[_Figure]:
    medians = [math.exp(run.case) for run in counted_runs(case.record)]
    out = [_Figure("latency", "seconds", case.latency, medians)]
    if case.relative is not None:
        ratios = [math.exp(ratio) for ratio in ratios_by_run(case.record).values()]
        out.append(_Figure("relative", "x reference", case.relative, ratios))
    return out


def _benchmark(key: str, name: str, figure: _Figure) -> dict[str, Any]:
    """The entry of `benchmarks.json`; `code` is shown as the source of the benchmark."""
    return {
        "name": key, "pretty_name": f"{figure.kind} of {name}", "code": f"levit-bench: {name}", "params": [],
        "param_names": [], "type": "time" if figure.kind == "latency" else "track", "unit": figure.unit,
        "version": BENCHMARK_VERSION, "timeout": 60.0,
    }  # fmt: skip


def _row(case: ExportedCase, figure: _Figure) -> list[Any]:
    """One result in the order of `COLUMNS`; what follows the duration is left out where there are no limits."""
    began = datetime.fromisoformat(case.record.conditions.taken_at)
    row: list[Any] = [
        [figure.estimate.value], [], BENCHMARK_VERSION, _MILLISECONDS * round(began.timestamp()),
        math.fsum(case.duration_s),
    ]  # fmt: skip
    limits = finite_limits(*limits_at(figure.estimate, LEVEL))
    if limits is None:
        return row
    q25, q75 = quartiles(sorted(figure.samples))
    return [*row, [limits[0]], [limits[1]], [q25], [q75], [1], [len(figure.samples)], [figure.samples]]


def _machine(case: ExportedCase) -> dict[str, str]:
    """The machine in the fields of asv, its name our id: no name of a host."""
    machine = case.record.machine
    ram = "" if machine.memory_bytes is None else f"{machine.memory_bytes >> 20} MiB"
    return {
        "machine": machine.hardware.id, "os": visible(case.record.conditions.os), "arch": visible(machine.isa),
        "cpu": visible(machine.cpu_model), "num_cpu": str(machine.logical_cores), "ram": ram,
    }  # fmt: skip


def _results(place: _Place, case: ExportedCase, rows: dict[str, Any]) -> dict[str, Any]:
    """One file of results: `date` is that of the commit, as asv orders by it."""
    requirements = {"torch": case.torch} if case.torch else {}
    return {
        "commit_hash": place.commit.digest, "env_name": place.environment,
        "date": _MILLISECONDS * place.commit.at_s, "params": {**_machine(case), "python": case.python, **requirements},
        "python": case.python, "requirements": requirements, "env_vars": {}, "result_columns": list(COLUMNS),
        "results": rows, "durations": {}, "version": RESULTS_VERSION,
    }  # fmt: skip
