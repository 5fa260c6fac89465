"""What each consumer's parser demands of a file, as rules: read in their sources, and held against ours."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import yaml
from levit_bench.cli.verbs.export import NAMES
from levit_bench.judge.estimates import latency, limits_at, relative_to_yardstick
from levit_bench.records import Estimate, Record
from levit_bench.report.exports.export_request import ExportRequest
from levit_bench.report.exports.exported_case import select_cases
from levit_bench.report.exports.registry import FORMATS

from tests.making import record
from tests.report.exports.made import (
    COMMITS,
    RUNS,
    assert_no_null,
    decoded,
    document,
    files,
    labelled,
    measured,
    of_side,
    with_conditions,
)

NAME = "levit_192 224px b1 t1 pinned"
HOSTILE = [
    measured(),
    measured(runs=(0.01,)),
    measured(runs=(0.01, 0.02)),
    measured(yardsticks=(0.0, 0.0, 0.0)),
    measured(streams=2, batch=256, threads=4),
    measured(top1=None, torch="2.13.0+cpu"),
    labelled(measured("nets.py:build#3f2a91"), "ours \u202e/ \"x\": 'y', {{ ${z} }}\n<b>"),
    measured(runs=(1e-9, 2e-9, 3e-9)),
    measured(runs=(1.0, 1e6, 1e12)),
]
ONE_FILE = [name for name, one in FORMATS.items() if not one.is_folder]


def estimates(made: Record) -> tuple[Estimate, Estimate]:
    time, ratio = latency(made), relative_to_yardstick(made)
    assert isinstance(time, Estimate)
    assert isinstance(ratio, Estimate)
    return time, ratio


def test_the_option_names_every_format() -> None:
    assert tuple(FORMATS) == NAMES


@pytest.mark.parametrize("to", ONE_FILE)
@pytest.mark.parametrize("made", HOSTILE, ids=range(len(HOSTILE)))
def test_no_file_holds_null_or_a_number_that_is_none(to: str, made: Record) -> None:
    assert_no_null(document(to, made))


@pytest.mark.parametrize("made", HOSTILE, ids=range(len(HOSTILE)))
def test_no_file_of_asv_holds_null_or_a_number_that_is_none(made: Record) -> None:
    for text in files("asv", made).values():
        assert_no_null(decoded(text))


def test_a_failed_case_is_left_out_with_its_reason() -> None:
    failed = measured("broken", outcome="failed", reason="it raised ValueError")
    selection = select_cases([measured(), failed])
    assert [case.name for case in selection.cases] == [NAME]
    assert selection.left_out == (("broken 224px b1 t1 pinned", "failed: it raised ValueError"),)


def test_reference_cases_controls_and_emulated_cases_are_never_exported() -> None:
    records = [measured(role="yardstick"), measured(role="null"), of_side("control", "base"), measured(emulated=True)]
    selection = select_cases(records)
    assert selection.cases == ()
    assert [one.reason.partition(":")[0] for one in selection.left_out] == ["emulated"]


# pytest-benchmark, github-action-benchmark (`pytest`), Bencher (`python_pytest`)


def test_ops_is_the_reciprocal_of_our_latency_and_the_rest_describes_passes() -> None:
    made = measured()
    (benchmark,) = document("pytest-benchmark", made)["benchmarks"]
    passes = [s for run in made.runs for turn in run.turns for s in turn.duration_s]
    assert benchmark["stats"]["ops"] == pytest.approx(1 / estimates(made)[0].value)
    assert benchmark["stats"]["data"] == passes
    assert benchmark["stats"]["mean"] == pytest.approx(sum(passes) / len(passes))
    assert benchmark["stats"]["rounds"] == len(passes)


def test_what_github_action_benchmark_draws_of_pytest() -> None:
    made = measured()
    (found,) = [
        {"name": one["fullname"], "value": one["stats"]["ops"], "range": f"stddev: {one['stats']['stddev']}"}
        for one in document("pytest-benchmark", made)["benchmarks"]
    ]
    assert found["name"] == NAME
    assert 1 / found["value"] == pytest.approx(estimates(made)[0].value)


@pytest.mark.parametrize("made", HOSTILE, ids=range(len(HOSTILE)))
def test_bencher_reads_the_file_of_pytest_benchmark(made: Record) -> None:
    found = document("pytest-benchmark", made)
    assert isinstance(found["machine_info"], dict)
    assert isinstance(found["commit_info"], dict)
    for benchmark in found["benchmarks"]:
        assert 0 < len(benchmark["fullname"].encode()) <= 1024
        for name in ("mean", "stddev", "median", "iqr"):
            value = benchmark["stats"][name]
            assert isinstance(value, int | float)
            Decimal(value)


def test_extra_information_and_parameters_say_the_setting() -> None:
    (benchmark,) = document("pytest-benchmark", measured(batch=16))["benchmarks"]
    assert benchmark["params"]["network"] == "levit_192"
    assert benchmark["params"]["batch"] == benchmark["extra_info"]["batch"] == 16
    assert benchmark["extra_info"]["latency_low_s"] < benchmark["extra_info"]["latency_s"]
    assert benchmark["group"] == "cpu, eager, 1 thread, batch 16, allocator pinned"


def test_the_commit_is_that_of_the_side() -> None:
    assert document("pytest-benchmark", of_side("b", "head"))["commit_info"]["id"] == "head"
    assert document("pytest-benchmark", measured(commit=None))["commit_info"]["id"] == "unknown"


def test_each_benchmark_has_the_commit_of_its_side_and_whether_it_was_dirty() -> None:
    found = document("pytest-benchmark", of_side("a", "base"), of_side("b", "head", dirty=True))
    assert (found["commit_info"]["id"], found["commit_info"]["dirty"]) == ("head", True), "that of the judged side"
    facts = [one["extra_info"] for one in found["benchmarks"]]
    assert [(one["commit"], one["dirty"]) for one in facts] == [("base", 0), ("head", 1)]


def of_user(revision: str | None, *, dirty: bool | None = None) -> Record:
    """A case of a user's network, in a session that this package's checkout `head` measured."""
    return msgspec.structs.replace(measured("nets.py:build#94d38b"), revision=revision, dirty=dirty)


def test_a_users_network_has_the_commit_of_the_users_repository() -> None:
    info = document("pytest-benchmark", of_user("base", dirty=False))["commit_info"]
    assert (info["id"], info["dirty"], info["project"]) == ("base", False, "unknown")
    assert document("pytest-benchmark", measured())["commit_info"]["project"] == "levit-bench"
    _, tables = history(of_user("base"))
    assert [row["commit"] for rows in tables.values() for row in rows] == ["base"]
    (one,) = results_of(files("asv", of_user("base"))).values()
    assert one["commit_hash"] == "a" * 40


def test_a_users_network_is_never_filed_under_this_packages_commit() -> None:
    unknown = of_user(None)
    assert document("pytest-benchmark", unknown)["commit_info"]["id"] == "unknown"
    _, tables = history(unknown)
    assert [row["commit"] for rows in tables.values() for row in rows] == ["unknown"]
    (left,) = FORMATS["asv"].make(ExportRequest(select_cases([unknown]).cases, None, COMMITS.get)).left_out
    assert left.reason.endswith("recorded no commit of your repository: name the one that was measured, such as with "
                                "--commit HEAD")  # fmt: skip
    # What this package's own checkout held says nothing of the user's files.
    assert history(with_conditions(of_user("base", dirty=False), dirty=True))[1]


@pytest.mark.parametrize("to", ["asv", "otava"])
def test_a_dirty_case_is_no_point_of_a_history_unless_its_commit_is_named(to: str) -> None:
    records = [of_side("a", "base"), of_side("b", "head", dirty=True), of_user("head", dirty=True)]
    selection = select_cases([msgspec.structs.replace(one, session=f"s{at}") for at, one in enumerate(records)])
    made = FORMATS[to].make(ExportRequest(selection.cases, None, COMMITS.get))
    assert ["changes that head does not hold" in left.reason for left in made.left_out] == [True, True]
    assert made.files
    named = FORMATS[to].make(ExportRequest(selection.cases[1:2], "head", COMMITS.get))
    assert named.left_out == ()
    assert FORMATS[to].make(ExportRequest(selection.cases[1:2], None, COMMITS.get)).files == {}


# github-action-benchmark (`customSmallerIsBetter`)


def test_entries_of_github_action_benchmark_have_fixed_units_and_our_interval() -> None:
    made = measured()
    time, ratio = estimates(made)
    first, second = document("github-action-benchmark", made)
    assert {*first} <= {"name", "value", "unit", "range", "extra"}
    assert (first["name"], first["unit"]) == (NAME, "ms")
    assert first["value"] == pytest.approx(1e3 * time.value)
    assert float(first["range"].removeprefix("± ")) == pytest.approx(1e3 * (time.high - time.value), rel=0.01)
    assert f"95 % interval {1e3 * time.low:.6g} to {1e3 * time.high:.6g} ms, 3 fresh runs" in first["extra"]
    assert made.session in first["extra"]
    assert (second["name"], second["unit"]) == (f"{NAME} vs reference", "x reference")
    assert second["value"] == pytest.approx(ratio.value)


def test_an_interval_that_one_run_cannot_give_is_left_out() -> None:
    (entry, _) = document("github-action-benchmark", measured(runs=(0.01,)))
    assert "range" not in entry
    assert entry["extra"].startswith("no interval: 1 fresh run")


@pytest.mark.parametrize("seconds", [1e-6, 1e-3, 1.0, 100.0])
def test_units_do_not_change_with_the_size_of_a_number(seconds: float) -> None:
    (entry, _) = document("github-action-benchmark", measured(runs=(seconds,) * 3))
    assert (entry["unit"], entry["value"]) == ("ms", pytest.approx(1e3 * seconds))


# Bencher Metric Format


def test_measures_of_bencher_have_our_limits() -> None:
    made = measured()
    time, ratio = estimates(made)
    found = document("bencher", made)
    assert found == {
        NAME: {
            "latency": {
                "value": pytest.approx(1e9 * time.value), "lower_value": pytest.approx(1e9 * time.low),
                "upper_value": pytest.approx(1e9 * time.high),
            },
            "relative": {
                "value": pytest.approx(ratio.value), "lower_value": pytest.approx(ratio.low),
                "upper_value": pytest.approx(ratio.high),
            },
        }
    }  # fmt: skip


def test_a_case_without_a_yardstick_has_no_relative_measure() -> None:
    assert [*document("bencher", measured(yardsticks=(0.0, 0.0, 0.0)))[NAME]] == ["latency"]


# CodSpeed walltime

_FLOATS = ("min_ns", "max_ns", "mean_ns", "stdev_ns", "q1_ns", "median_ns", "q3_ns", "total_time")
_WHOLE = ("rounds", "iqr_outlier_rounds", "stdev_outlier_rounds", "iter_per_round", "warmup_iters")


@pytest.mark.parametrize("made", HOSTILE, ids=range(len(HOSTILE)))
def test_codspeed_reads_its_results(made: Record) -> None:
    found = document("codspeed", made)
    assert {*found["creator"]} == {"name", "version", "pid"}
    assert 0 <= found["creator"]["pid"] < 1 << 32
    assert found["instrument"] == {"type": "walltime"}
    assert found["benchmarks"]
    for benchmark in found["benchmarks"]:
        assert benchmark["uri"] == f"levit-bench::{benchmark['name']}"
        assert isinstance(benchmark["config"], dict)
        assert {*benchmark["stats"]} == {*_FLOATS, *_WHOLE}
        assert all(isinstance(benchmark["stats"][name], float) for name in _FLOATS)
        assert all(type(benchmark["stats"][name]) is int and benchmark["stats"][name] >= 0 for name in _WHOLE)


def test_times_of_codspeed_are_nanoseconds_and_the_total_is_seconds() -> None:
    (benchmark,) = document("codspeed", measured(runs=(0.01,) * 3))["benchmarks"]
    assert benchmark["stats"]["median_ns"] == pytest.approx(1e7)
    assert benchmark["stats"]["total_time"] == pytest.approx(6 * 0.031)
    assert benchmark["stats"]["warmup_iters"] == 6


# asv, results format 2


def results_of(made: dict[str, str]) -> dict[str, Any]:
    """The files of results by their path, each row with the names of its columns."""
    out = {}
    for path, text in made.items():
        if not path.endswith(("machine.json", "benchmarks.json")):
            found = decoded(text)
            columns = found["result_columns"]
            rows = {key: dict(zip(columns, row, strict=False)) for key, row in found["results"].items()}
            out[path] = found | {"results": rows}
    return out


def test_asv_files_a_case_under_machine_commit_and_environment() -> None:
    made = files("asv", measured())
    machine = measured().machine.hardware.id
    results = f"{machine}/{'b' * 8}-python3.12.3-torch2.13.0.json"
    assert {*made} == {"benchmarks.json", f"{machine}/machine.json", results}
    assert decoded(made[f"{machine}/machine.json"])["machine"] == machine
    (found,) = results_of(made).values()
    assert found["commit_hash"] == "b" * 40
    assert found["params"]["machine"] == machine
    assert found["version"] == 2


def test_asv_has_our_99_percent_limits_and_the_medians_of_runs_as_samples() -> None:
    made = measured()
    (found,) = results_of(files("asv", made)).values()
    row = found["results"]["latency.levit_192-224px-b1-t1-pinned"]
    time, ratio = estimates(made)
    assert row["result"] == [pytest.approx(time.value)]
    assert (row["stats_ci_99_a"], row["stats_ci_99_b"]) == tuple([pytest.approx(x)] for x in limits_at(time, 0.99))
    assert row["samples"] == [pytest.approx(list(RUNS))]
    assert row["stats_repeat"] == [3]
    relative = found["results"]["relative.levit_192-224px-b1-t1-pinned"]
    assert relative["result"] == [pytest.approx(ratio.value)]


def test_every_result_of_asv_is_a_benchmark_of_the_same_version() -> None:
    made = files("asv", measured(), measured("efficientnet_b0"))
    benchmarks = decoded(made["benchmarks.json"])
    assert benchmarks.pop("version") == 2
    for found in results_of(made).values():
        for key, row in found["results"].items():
            assert benchmarks[key]["version"] == row["version"]
            assert benchmarks[key]["params"] == row["params"] == []


def test_the_sides_of_a_gate_are_two_commits_of_one_benchmark() -> None:
    found = results_of(files("asv", of_side("a", "base"), of_side("b", "head"), of_side("control", "base")))
    assert sorted(one["commit_hash"] for one in found.values()) == ["a" * 40, "b" * 40]
    first, second = (one["results"] for one in found.values())
    assert {*first} == {*second}
    assert all(one["requirements"] == {"torch": "2.12.0"} for one in found.values())


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (measured(commit=None), "recorded no commit"),
        (measured(commit="feed"), "the repository has no commit feed"),
        (with_conditions(measured(), dirty=True), "changes that head does not hold"),
    ],
    ids=["none", "unknown", "dirty"],
)
def test_asv_takes_no_case_without_a_commit_of_the_repository(made: Record, reason: str) -> None:
    selection = select_cases([made])
    found = FORMATS["asv"].make(ExportRequest(selection.cases, None, COMMITS.get))
    assert found.files == {}
    (left,) = found.left_out
    assert reason in left.reason
    assert "--commit" in left.reason or "--repository" in left.reason


def test_a_commit_that_the_user_names_is_taken_for_any_case() -> None:
    dirty = with_conditions(measured(commit=None), dirty=True)
    (found,) = results_of(files("asv", dirty, commit="base")).values()
    assert found["commit_hash"] == "a" * 40


def test_of_two_sessions_of_a_commit_asv_has_the_newer() -> None:
    old, new = measured(session="s1"), measured(session="s2", runs=(0.02, 0.021, 0.0205))
    for order in ((old, new), (new, old)):
        (found,) = results_of(files("asv", *order)).values()
        assert found["results"]["latency.levit_192-224px-b1-t1-pinned"]["result"] == [
            pytest.approx(estimates(new)[0].value)
        ]


# Otava


def history(*records: Record) -> tuple[dict[str, Any], dict[str, list[dict[str, str]]]]:
    """The tests of the YAML, and the rows of each CSV file."""
    made = files("otava", *records)
    tests = yaml.safe_load(made.pop("otava.yaml"))["tests"]
    return tests, {path: list(csv.DictReader(io.StringIO(text))) for path, text in made.items()}


def nights(count: int, month: int = 1, **fields: Any) -> list[Record]:
    return [
        with_conditions(measured(session=f"s{month}{n}", **fields), taken_at=f"2026-{month:02d}-{n + 1:02d}T03:04:05Z")
        for n in range(count)
    ]


def test_otava_has_a_row_a_session_in_the_order_of_time() -> None:
    tests, tables = history(*reversed(nights(3)))
    ((name, test),) = tests.items()
    assert name == f"{NAME}, {measured().machine.hardware.id}"
    rows = tables[test["file"]]
    assert [row["session"] for row in rows] == ["s10", "s11", "s12"]
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    assert float(rows[0]["latency_s"]) == pytest.approx(estimates(measured())[0].value)


@pytest.mark.parametrize("made", HOSTILE, ids=range(len(HOSTILE)))
def test_otava_finds_every_column_and_a_number_in_every_cell(made: Record) -> None:
    tests, tables = history(made, *nights(2))
    assert {test["file"] for test in tests.values()} == {*tables}
    for test in tests.values():
        assert test["type"] == "csv"
        for row in tables[test["file"]]:
            assert all(row[name] for name in (test["time_column"], *test["attributes"]))
            for metric in test["metrics"].values():
                assert metric["direction"] == -1
                assert float(row[metric["column"]]) > 0


def test_a_series_with_a_session_without_a_yardstick_has_no_relative_metric() -> None:
    tests, _ = history(*nights(2), measured(session="s9", yardsticks=(0.0, 0.0, 0.0)))
    ((_, test),) = tests.items()
    assert [*test["metrics"]] == ["latency"]


def test_another_machine_or_isolation_is_another_series_and_another_torch_is_not() -> None:
    bound = [
        msgspec.structs.replace(one, protocol=msgspec.structs.replace(one.protocol, bound=True)) for one in nights(2, 2)
    ]
    tests, _ = history(*nights(2), *bound, *nights(2, 3, torch="2.12.0"))
    machine = measured().machine.hardware.id
    assert {*tests} == {f"{NAME}, {machine}", f"{NAME}, {machine}, affinity bound"}


def test_records_of_other_roles_make_no_file() -> None:
    assert select_cases([record(role="yardstick")]).cases == ()
