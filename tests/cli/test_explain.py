"""`levit-bench explain`: what it prints where, what it refuses, and what it keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from levit_bench.measuring.profiling import profiled_cases
from levit_bench.measuring.profiling.profiled_cases import Taken
from levit_bench.measuring.workers.messages import Prepared
from levit_bench.records import Case

from tests.cli.test_cli import document, run
from tests.judge.explain.test_profile import PROFILE
from tests.profiled_networks import KERNELS, RESOLUTION
from tools.simulated.generate_store import Noise, Truth, case_of, write_session

SESSION = "20260101-made"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    truths = [Truth("fast", "F", 0.01, 80.0), Truth("slow", "F", 0.02, 80.0)]
    cases = [(case_of(truth, batch=batch), truth) for truth in truths for batch in (1, 16)]
    noise = Noise(session=0.1, run=0.02, case_run=0.004, one_pass=0.005)
    write_session(tmp_path / "results", SESSION, cases, noise=noise)
    write_session(tmp_path / "results", "20250101-older", cases[:1], noise=noise)
    return tmp_path / "results"


def test_the_newest_session_is_explained_and_the_equation_comes_last(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "explain", "fast", "slow", "--where", "batch=16")
    assert (code, err) == (0, "")
    assert out.startswith(SESSION)
    lines = out.splitlines()
    (start,) = (at for at, line in enumerate(lines) if line.startswith("slow takes 2.0"))
    closing = " ".join(line.strip() for line in lines[start:])
    assert "(work) × " in closing
    assert closing.endswith(").")
    assert max(len(line.rstrip()) for line in lines) <= 80


def test_each_side_may_be_told_apart_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    told = document(capsys, "explain", "fast:batch=1", "slow:batch=16")
    assert (told["first"]["batch"], told["second"]["batch"]) == (1, 16)
    work, left = told["factors"]
    assert (work["name"], work["ratio"]) == ("work", pytest.approx(32, rel=1e-6))
    assert work["log"] + left["log"] == pytest.approx(told["ratio"]["log"])
    assert "profile" not in told["first"]


def test_a_picture_is_drawn_where_it_is_asked_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = run(capsys, "explain", "fast", "slow", "--where", "batch=1", "--out", "why.svg")
    assert (code, err) == (0, "wrote why.svg\n")
    assert (tmp_path / "why.svg").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["fast", "slow"], 2, "'fast' is 2 stored cases, which differ in batch (1, 16)"),
        (["fast:batch=1", "fast:batch=1"], 2, "are the same case, fast 224px b1 t1 pinned. Name two different ones"),
        (["fat", "slow"], 3, "no stored case is of 'fat'. Did you mean 'fast'? Stored are: fast, slow."),
        (["fast", "slow", "--where", "batch=2"], 3, "no stored case has batch=2. Stored are: 1, 16."),
        (["fast", "slow", "--where", "batch"], 2, "--where 'batch' has no value"),
        (["fast", "slow", "--session", "2027"], 2, "no session matches '2027'"),
        (["fast", "slow", "--session", "20250101"], 3, "no stored case is of 'slow'"),
        (["fast", "slow", "--store", "nowhere"], 3, "no results at nowhere"),
        (["fast:batch=1", "slow:batch=1", "--out", "why.txt"], 2, "--out 'why.txt': choose a file that ends in .png"),
        (["fast:batch=1", "slow:batch=1", "--out", "no/why.png"], 1, "cannot write no/why.png"),
        (["fast"], 2, "Missing argument"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    found, _, err = run(capsys, "explain", *words)
    assert found == code
    assert said in " ".join(err.split())


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What profiles are found, by network; nothing is measured."""
    found: dict[str, Any] = {}

    def profiles(cases: list[Case], _protocol: object, told: Any) -> dict[str, Any]:
        told("profiling", cases[0])
        return {case.id: found[case.network] for case in cases}

    monkeypatch.setattr(profiled_cases, "profiles", profiles)
    return found


def _taken(params: int = 1, macs: int = 1) -> Taken:
    return Taken(
        PROFILE,
        Prepared(sha256="0", params=params, macs=macs, logits_std=1.0, seconds=1.0, compile_s=0.1, distinct_images=9),
    )


def test_profiles_are_shown_and_what_sets_them_apart_from_the_session_is_said(
    capsys: pytest.CaptureFixture[str], taken: dict[str, Any]
) -> None:
    taken |= {"fast": _taken(), "slow": _taken()}
    words = ("explain", "fast", "slow", "--where", "batch=1", "--profile")
    code, out, err = run(capsys, *words)
    assert code == 0
    assert ["kernels a pass" in out, "matmul" in out, "blocks.1" in out] == [True] * 3
    assert "profiling fast" in err
    assert "profiled-elsewhere: slow 224px b1 t1 pinned was profiled under other conditions" in " ".join(err.split())
    assert document(capsys, *words)["second"]["profile"]["kernels"] == 5


def test_a_case_without_a_profile_ends_with_1_and_its_reason(
    capsys: pytest.CaptureFixture[str], taken: dict[str, Any]
) -> None:
    taken |= {"fast": _taken(), "slow": "it raised \x1b[31m"}
    words = ("explain", "fast", "slow", "--where", "batch=1", "--profile")
    code, out, _ = run(capsys, *words)
    assert code == 1
    assert "slow: it raised \\x1b[31m" in out
    code, out, _ = run(capsys, *words, "--json")
    assert (code, json.loads(out)["second"]["no_profile"]) == (1, "it raised \x1b[31m")


@pytest.mark.slow
def test_a_stored_network_is_profiled_for_real_and_nothing_is_stored(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    truth = Truth("tests.profiled_networks:counted", "F", 0.01, 80.0, RESOLUTION)
    cases = [(case_of(truth, batch=batch), truth) for batch in (1, 2)]
    write_session(store, "20270101-tiny", cases)
    before = sorted(store.rglob("*"))
    one, other = (f"{truth.network}:batch={batch}" for batch in (1, 2))
    code, out, _ = run(capsys, "explain", one, other, "--profile", "--json")
    assert code == 0
    told = json.loads(out)
    for side in ("first", "second"):
        assert told[side]["profile"]["kernels"] == sum(KERNELS.values())
        assert told[side]["profile"]["matrix_share"] > 0
    assert sorted(store.rglob("*")) == before
