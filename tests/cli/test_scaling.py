"""`levit-bench scaling`: what it prints, draws and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.test_cli import run
from tools.simulated.generate_store import Noise, Truth, case_of, write_session


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    pairs = []
    for network, seconds in (("levit_192", 0.03), ("efficientnet_b2", 0.06)):
        for threads, streams, factor in ((1, 1, 1.0), (2, 1, 0.6), (1, 2, 1.1)):
            truth = Truth(network, "F", factor * seconds, 80.0)
            pairs.append((case_of(truth, threads=threads, streams=streams), truth))
    noise = Noise(session=0.1, run=0.02, case_run=0.004, one_pass=0.005)
    write_session(Path("results"), "20260101-scaled", pairs, runs=5, noise=noise)
    return Path("results")


def test_it_shows_speed_up_efficiency_and_streams_against_threads(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    code, out, _ = run(capsys, "scaling", "--out", "scaling.png")
    assert code == 0
    assert "2 streams  " in out
    assert "83 %" in out
    assert "levit_192 b1 pinned: 2 streams do 1." in out
    assert max(len(line.rstrip()) for line in out.splitlines() if "times as many images" not in line) <= 80
    with Image.open("scaling.png") as picture:
        assert picture.size[0] > 500
        assert "20260101-scaled" in picture.info["Source"]


def test_programs_get_every_number(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    code, out, _ = run(capsys, "scaling", "--json", "--where", "network=levit_192")
    rows = json.loads(out)
    assert code == 0
    assert [(row["threads"], row["streams"], row["processors"]) for row in rows] == [(1, 1, 1), (2, 1, 2), (1, 2, 2)]
    assert rows[1]["speedup_low"] < rows[1]["speedup"] < rows[1]["speedup_high"]
    assert rows[1]["efficiency"] == pytest.approx(rows[1]["speedup"] / 2)
    assert rows[2]["images_per_s"] == pytest.approx(2 / rows[2]["latency_s"], rel=0.05)
    assert rows[1]["images_per_s"] / rows[0]["images_per_s"] == pytest.approx(rows[1]["speedup"])


def test_what_cannot_be_scaled_or_drawn_is_refused(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    code, _, err = run(capsys, "scaling", "--where", "threads=1", "--where", "streams=1")
    assert code == 3
    assert "--threads 1,2" in err
    assert run(capsys, "scaling", "--out", "scaling.txt")[0] == 2


def test_every_curve_is_named(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    _, out, _ = run(capsys, "scaling")
    lines = [line.strip() for line in out.splitlines()]
    assert "levit_192 b1 pinned" in lines
    assert any(line.startswith("efficientnet_b2 b1") for line in lines)
    assert sum(line.startswith("2 threads") for line in lines) == 2
