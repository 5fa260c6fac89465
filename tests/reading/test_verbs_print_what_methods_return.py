"""Each verb that reads prints what the Python method of its name returns, for stored sessions of the repository."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import levit_bench
import msgspec
import pytest
from levit_bench.errors import EXIT_FAILED_CASE, NothingToShowError, UsageError
from levit_bench.judge.comparability import FIELDS_OF_SETTING
from levit_bench.judge.compare.aa import rates
from levit_bench.judge.paired_ratio import Ratio
from levit_bench.judge.verdicts import Verdict
from levit_bench.records import Estimate

from tests.cli.test_cli import run
from tests.house.plan import ROOT
from tests.house.test_reading_needs_no_workshop import FIRST, SCALED, SECOND, SESSIONS
from tests.making import record

SETTING = {"allocator": "pinned", "batch": "1"}
WHERE = ("--where", "allocator=pinned,batch=1")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for session in SESSIONS:
        (path,) = (ROOT / "results").glob(f"*/{session}.jsonl")
        folder = tmp_path / "results" / path.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "results"


def document(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    """What a verb prints for programs."""
    found, out, err = run(capsys, *words, "--json")
    assert found == code, err
    return json.loads(out)


def plain(value: object) -> Any:
    """What JSON makes of it."""
    return json.loads(json.dumps(value))


VIEWS: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    ((), {}),
    (("--instrument",), {"instrument": True}),
    (("--variance",), {"variance": True}),
    (("--percentiles",), {"percentiles": True}),
    (("--cold",), {"cold": True}),
    (("--cross-check",), {"cross_check": True}),
    (("--against", "levit_192"), {"against": "levit_192"}),
    (("--against", "levit_192", "--grid", "levit_128s"), {"against": "levit_192", "grid": "levit_128s"}),
]


@pytest.mark.parametrize(("words", "views"), VIEWS, ids=[" ".join(words) or "plain" for words, _ in VIEWS])
def test_show(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], views: dict[str, Any]) -> None:
    printed = document(capsys, "show", "--session", SCALED, *words)
    view = levit_bench.load("results", SCALED).show(**views)
    assert printed == plain(view.rows())
    assert len(view.to_pandas()) == len(printed)
    _, out, _ = run(capsys, "show", "--session", SCALED, *words)
    headings = [line for line, _ in view.sections()]
    assert headings
    assert all(line.split(" · ")[0] in out for line in headings)


def test_show_of_a_whole_store(capsys: pytest.CaptureFixture[str]) -> None:
    printed = document(capsys, "show", *WHERE)
    assert printed == plain(levit_bench.load("results").where(**SETTING).show().rows())
    assert {row["session"] for row in printed} == set(SESSIONS)


def test_front(capsys: pytest.CaptureFixture[str]) -> None:
    printed = document(capsys, "front", "--session", SECOND, *WHERE, "--out", "printed")
    page = levit_bench.load("results", SECOND).where(**SETTING).front()
    assert printed == plain(page.rows())
    (panel,) = page.drawn
    assert [row["latency_s"] for row in printed] == [point.latency.value for point in panel.points]
    assert {row["network"] for row in printed if row["on_front"]} == {point.case.network for point in panel.front}
    assert [path.name for path in page.write("returned")] == ["front.png", "front.svg", "front.csv", "front.md"]
    for name in ("front.csv", "front.md"):
        assert Path("returned", name).read_text("utf-8") == Path("printed", name).read_text("utf-8")
    with Path("returned/front.csv").open(encoding="utf-8") as file:
        assert len(page.to_pandas()) == len(list(csv.DictReader(file)))


def test_front_holds_panels_against_the_same_one(capsys: pytest.CaptureFixture[str]) -> None:
    printed = document(capsys, "front", "--session", FIRST, "--base", "allocator=shipped", "--metric", "throughput")
    page = levit_bench.load("results", FIRST).front("throughput", base={"allocator": "shipped"})
    assert printed == plain(page.rows())
    assert [base.setting.case.allocator for base in page.bases] == ["shipped"]
    moves = {moved.move.value for group in page.changes for change in group for moved in change.moved}
    assert {row["move"] for row in printed} - {None} == moves


def test_front_with_an_overlay(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("front", "--session", FIRST, "--where", "batch=1", "--overlay", "allocator", "--out", "printed")
    printed = document(capsys, *words)
    page = levit_bench.load("results", FIRST).where(batch=1).front(overlay="allocator")
    assert printed == plain(page.rows())
    (overlay,) = page.overlays
    assert len(overlay.panels) == 2
    on_front = [(row["network"], row["allocator"]) for row in printed if row["overlay_on_front"]]
    assert sorted(on_front) == sorted(
        (point.case.network, panel.setting.case.allocator) for panel, point in overlay.front
    )
    page.write("returned")
    for name in ("front.csv", "front.md", "front.svg"):
        assert Path("returned", name).read_text("utf-8") == Path("printed", name).read_text("utf-8")
    again, anew = (
        line for line in Path("printed/front.md").read_text("utf-8").splitlines() if "levit-bench front" in line
    )
    assert again.strip() == f"levit-bench front --session {FIRST} --where batch=1 --overlay allocator"
    assert anew.strip() == "levit-bench front --session last --where batch=1 --overlay allocator"
    _, out, _ = run(capsys, *words)
    assert "Front over all allocators" in out
    assert run(capsys, "front", "--session", FIRST, "--overlay", "allocator", "--published", "x.csv")[0] == 2
    assert run(capsys, "front", "--session", FIRST, "--overlay", "form")[0] == 3


def test_pick(capsys: pytest.CaptureFixture[str]) -> None:
    printed = document(capsys, "pick", "--max-latency", "40ms", "--session", FIRST, *WHERE)
    results = levit_bench.load("results", FIRST).where(**SETTING)
    picked = results.pick(max_latency="40ms")
    assert picked.answer is not None
    assert printed["answer"]["network"] == picked.answer.case.network
    assert printed["answer"]["latency_s"] == picked.answer.latency.value
    assert [tie["network"] for tie in printed["ties"]] == [tie.point.case.network for tie in picked.ties]
    assert printed["level"] == picked.level
    assert results.pick(max_latency=0.04) == picked
    document(capsys, "pick", "--max-latency", "1us", "--session", FIRST, *WHERE, code=3)
    assert results.pick(max_latency="1us").answer is None


def test_compare(capsys: pytest.CaptureFixture[str]) -> None:
    printed = document(capsys, "compare", FIRST, SECOND, "--min-effect", "50%", *WHERE)
    first, second = (levit_bench.load("results", name).where(**SETTING) for name in (FIRST, SECOND))
    comparison = first.compare(second, min_effect="50%")
    assert printed == plain(comparison.document())
    assert printed["exit_code"] == comparison.exit_code == 0
    ratios = [row.comparison.ratio for row in comparison.report.rows]
    assert [row["ratio"] for row in printed["rows"]] == [ratio and ratio.value for ratio in ratios]
    assert comparison.summary == printed["summary"]


def test_compare_before(capsys: pytest.CaptureFixture[str]) -> None:
    printed = document(capsys, "compare", "before", SECOND, *WHERE, code=3)
    comparison = levit_bench.load("results", SECOND).where(**SETTING).compare_before()
    assert printed == plain(comparison.document())
    assert printed["first"] == [FIRST]


def test_compare_within(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("compare", FIRST, "--networks", "levit_192,efficientnet_b2", *WHERE)
    printed = document(capsys, *words, code=EXIT_FAILED_CASE)
    results = levit_bench.load("results", FIRST).where(**SETTING)
    comparison = results.compare_within("network", "levit_192", "efficientnet_b2")
    assert printed == plain(comparison.document())
    assert [row.comparison.verdict for row in comparison.report.rows] == [Verdict.SLOWER]


def test_compare_with_a_tag(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "tag", "baseline", FIRST, SCALED)[0] == 0
    words = ("compare", "baseline", SECOND, "--min-effect", "50%", "--where", "network=levit_192,allocator=pinned")
    chosen = {"network": "levit_192", "allocator": "pinned"}
    before = levit_bench.load("results", tag="baseline").where(**chosen)
    comparison = before.compare(levit_bench.load("results", SECOND).where(**chosen), min_effect="50%")
    assert document(capsys, *words, code=comparison.exit_code) == plain(comparison.document())
    assert comparison.sides["first"].tag == "baseline"
    assert {record.session for record in levit_bench.load("results", "baseline").records} == {
        record.session for record in before.whole
    }


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("explain", "levit_192", "efficientnet_b2", "--session", FIRST, *WHERE)
    printed = document(capsys, *words)
    found = levit_bench.load("results", FIRST).where(**SETTING).explain("levit_192", "efficientnet_b2")
    assert printed["ratio"]["ratio"] == found.ratio.value
    assert [(one["name"], one["ratio"]) for one in printed["factors"]] == [
        (one.name, one.times.value) for one in found.factors
    ]


def test_scaling(capsys: pytest.CaptureFixture[str]) -> None:
    printed = document(capsys, "scaling", "--session", SCALED)
    steps = [step for curve in levit_bench.load("results", SCALED).scaling() for step in curve.steps]
    assert all(isinstance(step.speedup, Ratio) for step in steps)
    assert [(row["processors"], row["speedup"], row["efficiency"]) for row in printed] == [
        (step.processors, step.speedup and step.speedup.value, step.efficiency) for step in steps
    ]
    assert document(capsys, "scaling") == printed  # the newest of a whole store that has any


def test_aa(capsys: pytest.CaptureFixture[str]) -> None:
    printed = document(capsys, "aa", "--stored", *WHERE)
    found = levit_bench.load("results").where(**SETTING).aa()
    assert [(one["equals"], one["comparisons"]) for one in printed["rates"]] == [
        (rate.kind.value, rate.judged) for rate in rates(found)
    ]
    assert all(isinstance(pair.comparison.ratio, Estimate) for pair in found)


def test_what_verbs_refuse_methods_refuse(capsys: pytest.CaptureFixture[str]) -> None:
    results = levit_bench.load("results", FIRST)
    refusals: list[tuple[tuple[str, ...], type[levit_bench.BenchError], Any]] = [
        (("pick",), UsageError, results.pick),
        (("front", "--overlay", "batch"), UsageError, lambda: results.front(overlay="batch")),
        (("pick", "--min-top1", "0.8"), UsageError, lambda: results.pick(min_top1=0.8)),
        (("pick", "--percentile", "p95"), UsageError, lambda: results.pick(percentile="p95")),
        (
            ("pick", "--max-latency", "1s", "--percentile", "0.95"),
            UsageError,
            lambda: results.pick(max_latency=1, percentile="0.95"),
        ),
        (("show", "--grid", "levit_192"), UsageError, lambda: results.show(grid="levit_192")),
        (("show", "--cold", "--variance"), UsageError, lambda: results.show(cold=True, variance=True)),
        (("show", "--against", "no_such"), NothingToShowError, lambda: results.show(against="no_such")),
        (("show", "--where", "no=1"), UsageError, lambda: results.where(no=1)),
        (("scaling",), NothingToShowError, results.scaling),
        (("explain", "no_such", "x"), NothingToShowError, lambda: results.explain("no_such", "x")),
        (("front", "--set", "no_such"), NothingToShowError, lambda: results.front(on="no_such")),
    ]
    for words, kind, method in refusals:
        with pytest.raises(kind) as refused:
            method()
        code, _, err = run(capsys, *words, "--session", FIRST)
        assert code == refused.value.exit_code, words
        assert err == "".join(f"{line}\n" for line in ("levit-bench: " + str(refused.value)).split("\n")), words


def test_a_view_that_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"there is no view 'colour'. There are: variance, percentiles, cold"):
        levit_bench.load("results", FIRST).show(colour=True)


@pytest.mark.parametrize("session", SESSIONS)
def test_what_show_and_front_call_alike_is_equal_and_of_one_type(session: str) -> None:
    results = levit_bench.load("results", session)
    fields = [name for name in FIELDS_OF_SETTING if name != "side"]
    keys = ("network", "resolution", *fields)
    shown = {tuple(row[key] for key in keys): row for row in results.show().rows()}
    points = results.front().rows()
    assert points
    both = set(points[0]) & set(next(iter(shown.values()))) - {"findings"}
    assert both >= {*fields, "label", "latency_s", "latency_low_s", "runs", "params", "family", "channels"}
    for point in points:
        row = shown[tuple(point[key] for key in keys)]
        assert {key: (type(point[key]), point[key]) for key in both} == {
            key: (type(row[key]), row[key]) for key in both
        }
        assert all(isinstance(point[name], int) for name in ("batch", "threads", "streams"))
        assert point["gpu"] is None
    assert set(FIELDS_OF_SETTING) <= set(results.to_pandas().columns)


def test_one_run_and_a_package_are_the_same_in_show_and_front() -> None:
    made = [record("a", (0.01,), precision="mybf"), record("a", (0.02,), resolution=256, precision="mybf")]
    brought = [
        msgspec.structs.replace(one, info=msgspec.structs.replace(one.info, made_by={"precision": "their 1.0"}))
        for one in made
    ]
    results = levit_bench.Results(brought)
    points, shown = results.front().rows(), results.show().rows()
    names = ("label", "precision", "latency_low_s", "latency_high_s", "runtime_version")
    expected = [(f"a@{pixels}", "mybf (their 1.0)", None, None, None) for pixels in (224, 256)]
    assert [tuple(row[name] for name in names) for row in points] == expected
    assert [tuple(row[name] for name in names) for row in shown] == expected
