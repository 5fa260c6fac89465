"""Files of pytest-benchmark as published figures: what is read, what is left out, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from levit_bench.catalog import timm_results
from levit_bench.catalog.pytest_benchmark_figures import ImportedFigure, read
from levit_bench.errors import StoreError, UsageError

MACHINE = {"node": "secret-host", "processor": "x86_64", "python_version": "3.10.1", "cpu": {"brand": "Example i9"}}


def benchmark(name: str = "test_net[a]", median: Any = 0.02, **params: Any) -> dict[str, Any]:
    usual = {"model": "levit_192", "img_size": 224, "batch_size": 4}
    return {"name": name, "fullname": f"t.py::{name}", "params": usual | params, "stats": {"median": median}}


@pytest.fixture(name="write")
def _write(tmp_path: Path) -> Any:
    def write(*benchmarks: dict[str, Any], version: Any = "4.0.0", **more: Any) -> Path:
        path = tmp_path / "theirs.json"
        document = {
            "version": version, "machine_info": MACHINE, "datetime": "2024-03-01T10:00:00", "benchmarks": benchmarks,
        }  # fmt: skip
        path.write_text(json.dumps(document | more), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("version", ["3.0.0", "3.4.1", "4.0.0", "5.1.0", "5.3.1"])
def test_a_figure_is_the_median_of_a_benchmark(write: Any, version: str) -> None:
    found = read(write(benchmark(), version=version))
    assert found.figures == (ImportedFigure("levit_192", 224, 4, 0.02),)
    assert found.machine == "Example i9"
    assert found.conditions == f"pytest-benchmark {version} Python 3.10.1 2024-03-01"


def test_the_reader_of_published_speeds_reads_them_with_their_conditions(write: Any, tmp_path: Path) -> None:
    found = read(write(benchmark(), benchmark(model="resnet50", median=0.1)))
    path = tmp_path / "theirs.csv"
    path.write_text(found.csv(), encoding="utf-8")
    published = timm_results.read(path)
    assert [(one.model, one.resolution, one.batch) for one in published.speeds] == [
        ("levit_192", 224, 4),
        ("resnet50", 224, 4),
    ]
    assert published.speeds[0].latency_s == pytest.approx(0.02)
    assert published.speeds[0].throughput == pytest.approx(200)
    assert published.name_facts.words == ("Example i9", found.conditions)
    assert published.findings == ()


def test_no_name_of_a_host_is_kept(write: Any) -> None:
    assert "secret-host" not in read(write(benchmark())).csv()


def test_fields_are_named_or_stated(write: Any) -> None:
    bare = {"fullname": "t.py::x", "params": {"n": "levit_192"}, "stats": {"median": 0.02}}
    fields = {"network": "n", "resolution": "224", "batch": "1"}
    assert read(write(bare), fields).figures == (ImportedFigure("levit_192", 224, 1, 0.02),)
    assert read(write(bare | {"param": "resnet50"}), fields | {"network": "param"}).figures[0].network == "resnet50"


def test_extra_information_counts_as_parameters_do(write: Any) -> None:
    extra = {"network": "levit_192", "resolution": "224x224", "batch": "16"}
    one = {"fullname": "x", "params": None, "extra_info": extra, "stats": {"median": 0.02}}
    assert read(write(one)).figures == (ImportedFigure("levit_192", 224, 16, 0.02),)


def test_benchmarks_are_chosen_by_their_parameters(write: Any) -> None:
    path = write(benchmark("a", device="cpu"), benchmark("b", device="cuda", median=0.001))
    both = read(path)
    assert both.figures == ()
    assert "2 benchmarks are of levit_192 at 224 pixels, batch 4: choose one with --where" in both.left_out[0][1]
    assert read(path, where={"device": ("cpu",)}).figures[0].median_s == 0.02


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"params": {"model": "x", "img_size": 224}}, "nothing says its batch: name it with --as batch=FIELD"),
        ({"params": None}, "nothing says its network"),
        ({"stats": {"median": None}}, "median is no positive number"),
        ({"stats": {"median": -1}}, "median is no positive number"),
        ({"stats": {"median": True}}, "median is no positive number"),
        ({"stats": None}, "median is no positive number"),
        ({"params": {"model": "x", "img_size": "192x256", "batch": 1}}, "no height and width in pixels of a square"),
        ({"params": {"model": "x", "img_size": 224, "batch": 0}}, "no whole number of images"),
        ({"params": {"model": "x", "img_size": 224, "batch": 1.5}}, "no whole number of images"),
    ],
)
def test_what_is_no_figure_is_left_out_with_the_reason(write: Any, change: dict[str, Any], reason: str) -> None:
    found = read(write(benchmark() | change))
    assert found.figures == ()
    ((name, why),) = found.left_out
    assert name == "t.py::test_net[a]"
    assert reason in why


def test_a_field_that_no_benchmark_has_is_named(write: Any) -> None:
    ((_, why),) = read(write(benchmark()), {"batch": "bs"}).left_out
    assert "it has no field 'bs'" in why
    assert "Its parameters are batch_size, img_size, model" in why


@pytest.mark.parametrize("version", ["2.5.0", "6.0.0", None, "x"])
def test_files_of_other_releases_are_refused(write: Any, version: Any) -> None:
    with pytest.raises(UsageError, match="3 to 5 are read"):
        read(write(benchmark(), version=version))


@pytest.mark.parametrize(
    ("raw", "error", "message"),
    [
        (b"{", UsageError, "is no JSON"),
        (b"[]", UsageError, "has no list 'benchmarks'"),
        (b'{"benchmarks": {}}', UsageError, "has no list 'benchmarks'"),
        (b"[" * 100_000, UsageError, "is no JSON"),
        (b"\xff\xfe{\x00", StoreError, "UTF-16"),
    ],
    ids=["broken", "list", "mapping", "deep", "utf-16"],
)
def test_files_of_another_kind_are_refused(tmp_path: Path, raw: bytes, error: type[Exception], message: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(raw)
    with pytest.raises(error, match=message):
        read(path)


def test_a_missing_file_a_folder_and_an_unknown_figure_are_refused(tmp_path: Path, write: Any) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        read(tmp_path / "none.json")
    with pytest.raises(UsageError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(UsageError, match="--as 'top1': a figure has network, resolution, batch"):
        read(write(benchmark()), {"top1": "x"})


def test_no_name_is_a_formula_for_a_spreadsheet(write: Any) -> None:
    path = write(benchmark(model="=HYPERLINK(1)"), machine_info={"processor": "@SUM(1)"})
    _, row = read(path).csv().splitlines()
    cells = row.split(",")
    assert (cells[0], cells[5]) == ("'=HYPERLINK(1)", "'@SUM(1)")
