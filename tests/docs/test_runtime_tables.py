"""The tables on runtimes, threads and streams are what the stored sessions say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from levit_bench.judge.compare.reference_network import against
from levit_bench.judge.scaling import scaling
from levit_bench.store.files import read_session
from PIL import Image

from tests.docs.blocks import ROOT
from tools.pages import measured_page as measured
from tools.pages import runtime_tables as tables
from tools.simulated.generate_store import PAPER, case_of, write_session


@pytest.mark.parametrize(("page", "marker", "made"), tables.BLOCKS, ids=lambda value: getattr(value, "name", None))
def test_a_block_is_written_from_the_sessions(page: Path, marker: str, made: object) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == tables.written(text, marker, made()), "run: python -m tools.pages.runtime_tables"  # type: ignore[operator]


@pytest.mark.parametrize(("name", "topic"), [("scaling.png", "threads"), ("runtimes.png", "sweep")])
def test_a_picture_comes_from_the_session_of_its_page(name: str, topic: str) -> None:
    with Image.open(ROOT / "docs" / "pictures" / name) as picture:
        assert picture.info["Source"] == f"session {measured.sessions(topic)[0].head.session}"


def test_the_pair_was_measured_in_every_runtime_batch_and_allocator() -> None:
    (session,) = measured.sessions("runtimes")
    found = [one for one in against(measured.subjects([session]), tables.FAST) if not one.is_base]
    assert len(found) == 6 * 2 * 2
    for one in found:
        assert one.ratio is not None, one.record.case.label
        assert one.ratio.low > 1, f"EfficientNet-B2 is the slower one: {one.record.case.label}"


def test_tables_of_a_made_up_session_hold_its_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [
        (case_of(one, runtime=runtime, batch=batch, allocator=allocator), one)
        for one in PAPER
        if one.network in (tables.FAST, tables.SLOW)
        for runtime in ("eager", "compile")
        for batch in (1, 16)
        for allocator in ("pinned", "shipped")
    ]
    made = read_session(write_session(tmp_path, "20260101-x", cases, runs=5))
    monkeypatch.setattr(measured, "sessions", lambda _: (made,))
    lines = tables.readme_lines()
    truth = 0.048 / 0.014
    cells = [cell for line in lines[-2:] for cell in line.strip("| ").split(" | ")[1:]]
    assert len(cells) == 8
    assert [float(cell.split()[0]) for cell in cells] == pytest.approx([truth] * 8, rel=0.05)
    assert "over 5 fresh runs" in " ".join(lines)
    page = "\n".join(tables.page_lines())
    assert "\n".join(tables.pair_lines()) in page
    assert "--runtime eager,compile" in page
    assert f"levit-bench show --session 20260101-x --against {tables.FAST} --grid {tables.SLOW} --markdown" in page
    text = tables.written("a\n<!-- pair -->\nold\n<!-- end -->\nb\n", "pair", tables.pair_lines())
    assert text.splitlines()[2:-2] == tables.pair_lines()


def test_streams_were_held_against_threads() -> None:
    (session,) = measured.sessions("threads")
    steps = [step for curve in scaling(measured.subjects([session])) for step in curve.steps]
    assert any(step.over_threads is not None for step in steps)
    assert all(step.efficiency is not None and step.efficiency < 1.1 for step in steps)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_tools_of_runtimes_can_be_held_against_ours(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("openvino")
    words = ["--networks", "levit_128s", "--repetitions", "2", "--budget", "3s", "--seconds", "1"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "examples" / "agree_with_tools.py"), *words],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT / "bench")}, capture_output=True, text=True,
        check=False, timeout=3600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "agreement.json").read_text(encoding="utf-8"))
    assert {row["runtime"] for row in told["rows"]} == {"eager", "compile", "onnxruntime", "openvino"}
    for row in told["rows"]:
        assert len(row["ours_s"]) == len(row["tool_s"]) == 2
        assert row["low"] < row["ratio"] < row["high"]
        assert 0.2 < row["ratio"] < 5, "seconds and milliseconds were mixed up"
