"""The consumers themselves read what is exported, where they are installed; their rules are in `test_formats.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.report.exports.made import files, measured, with_conditions


def written(folder: Path, made: dict[str, str]) -> Path:
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def ran(folder: Path, module: str, *words: str, **variables: str) -> str:
    """The output of a program of Python that must end well."""
    done = subprocess.run(
        [sys.executable, "-m", module, *words], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "COLUMNS": "200", "PYTHONIOENCODING": "utf-8", **variables},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(name="two_files")
def _two_files(tmp_path: Path) -> Path:
    pytest.importorskip("pytest_benchmark", reason="its own compare reads the files")
    for name, factor in (("0001_before", 1.0), ("0002_after", 1.1)):
        runs = tuple(factor * seconds for seconds in (0.010, 0.011, 0.0105))
        (text,) = files("pytest-benchmark", measured(runs=runs), measured("resnet", batch=16)).values()
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    return tmp_path


def test_pytest_benchmark_compares_between_two_sessions(two_files: Path) -> None:
    names = ("0001_before.json", "0002_after.json")
    out = ran(two_files, "pytest_benchmark", "compare", "--between", "median,ops", *names)
    (row,) = [line for line in out.splitlines() if line.startswith("levit_192 224px b1 t1 pinned")]
    assert "+10.0%" in row
    assert "-9.1%" in row
    assert "N/A" not in out


@pytest.mark.parametrize("by", ["group", "fullname", "func", "param", "param:network,param:batch"])
def test_pytest_benchmark_groups_by_any_field(two_files: Path, by: str) -> None:
    out = ran(two_files, "pytest_benchmark", "compare", "--group-by", by, "--csv", "out.csv", "0001_before.json")
    assert "resnet 224px b16 t1 pinned" in out
    assert "resnet 224px b16 t1 pinned" in (two_files / "out.csv").read_text(encoding="utf-8")


def test_asv_loads_its_results_and_benchmarks(tmp_path: Path) -> None:
    results = pytest.importorskip("asv.results", reason="asv is no dependency of this suite")
    benchmarks = pytest.importorskip("asv.benchmarks")
    util = pytest.importorskip("asv.util")
    folder = written(tmp_path, files("asv", measured()))
    described = util.load_json(str(folder / "benchmarks.json"), api_version=benchmarks.Benchmarks.api_version)
    (found,) = results.iter_results(str(folder))
    assert found.commit_hash == "b" * 40
    assert sorted(found.get_result_keys(described)) == sorted(described)
    (stats,) = found.get_result_stats("latency.levit_192-224px-b1-t1-pinned", [])
    assert 0 < stats["ci_99_a"] < stats["ci_99_b"]


def test_otava_analyzes_its_series(tmp_path: Path) -> None:
    pytest.importorskip("otava", reason="Otava is no dependency of this suite")
    records = []
    for night in range(20):
        runs = [(1.5 if night > 9 else 1.0) * seconds for seconds in (0.010, 0.0101, 0.0102)]
        moment = f"2026-01-{night + 1:02d}T03:04:05Z"
        records.append(with_conditions(measured(session=f"s{night:02d}", runs=runs), taken_at=moment))
    folder = written(tmp_path, files("otava", *records))
    name = f"levit_192 224px b1 t1 pinned, {measured().machine.hardware.id}"
    out = ran(folder, "otava.main", "analyze", name, OTAVA_CONFIG=str(folder / "otava.yaml"))
    assert "+50" in out
