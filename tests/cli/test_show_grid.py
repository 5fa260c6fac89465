"""`levit-bench show --against A --grid B`: one network against another by runtime, batch and allocator."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
from levit_bench.cli import main

from tools.simulated.generate_store import PAPER, case_of, write_session

FAST = next(one for one in PAPER if one.network == "levit_192")
HEAVY = next(one for one in PAPER if one.network == "efficientnet_b2")
PAIR = ("--against", "levit_192", "--grid", "efficientnet_b2")
RUNTIMES = ("eager", "channels-last", "onnxruntime")


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store of two sessions: the pair in every setting, and in the usual one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    axes = product((FAST, HEAVY), RUNTIMES, (1, 16), ("shipped", "pinned"))
    cases = [(case_of(one, runtime=name, batch=n, allocator=kind), one) for one, name, n, kind in axes]
    write_session(Path("results"), "20260102-b", cases, runs=5)
    write_session(Path("results"), "20260101-a", [(case_of(one), one) for one in (FAST, HEAVY)], runs=5)


def show(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["show", *words])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, " ".join(err.split())


def test_the_grid_of_a_session_fits_eighty_columns_and_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = show(capsys, "--session", "last", *PAIR)
    assert code == 0
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines()) <= 80
    rows = [line.split()[0] for line in out.splitlines() if line.split()[:1] and line.split()[0] in RUNTIMES]
    assert rows == list(RUNTIMES)
    assert "How many times as long efficientnet_b2 takes as levit_192" in " ".join(out.split())


def test_every_session_has_its_grid_under_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = show(capsys, *PAIR)
    assert out.index("20260101-a ·") < out.index("20260102-b ·")


def test_markdown_holds_the_truth_in_every_cell(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = show(capsys, "--session", "last", *PAIR, "--markdown")
    assert code == 0
    head, _, *rows = [line for line in out.splitlines() if line.startswith("|")]
    assert head == "| runtime | batch 1, pinned | batch 1, shipped | batch 16, pinned | batch 16, shipped |"
    truth = HEAVY.latency_s / FAST.latency_s
    for row in rows:
        for cell in row.strip("| ").split(" | ")[1:]:
            assert float(cell.split()[0]) == pytest.approx(truth, rel=0.05)
    assert len(rows) == len(RUNTIMES)


def test_a_document_has_the_same_cases(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = show(capsys, "--session", "last", *PAIR, "--json")
    rows = json.loads(out)
    assert {row["network"] for row in rows} == {"efficientnet_b2"}
    assert len(rows) == 12


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--grid", "levit_192"], 2, "--grid levit_192 needs a network to compare with: --against NETWORK."),
        (["--markdown"], 2, "--markdown prints what --grid shows"),
        ([*PAIR, "--markdown", "--json"], 2, "--markdown prints what --grid shows, and no JSON."),
        (["--against", "levit_192", "--grid", "x"], 3, "no case of 'x' was measured beside the base."),
        (["--against", "x", "--grid", "levit_192"], 3, "no stored case is of 'x'"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    ended, out, err = show(capsys, *words)
    assert (ended, out) == (code, "")
    assert said in err
