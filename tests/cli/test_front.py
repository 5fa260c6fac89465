"""`levit-bench front` of many panels: pages, runtimes and machines side by side, and who joins and who leaves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from levit_bench.cli import main
from levit_bench.records import Machine

from tools.simulated.generate_store import CONDITIONS, MACHINE, PAPER, Truth, case_of, write_session


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, stdout, and stderr on one line."""
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, " ".join(err.split())


def document(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(capsys, "front", "--json")[1])
    return found


def files() -> set[str]:
    return {path.name for path in Path("reports").iterdir()}


ONE_PAGE = {"front.png", "front.svg", "front.csv", "front.md"}
SLOW = Truth("levit_192", "LeViT", 0.1, 80.0)
BOARD = Machine(cpu_model="Example Board", isa="aarch64", logical_cores=4, memory_bytes=8 << 30)


def test_a_front_of_more_panels_than_fit_is_that_of_the_newest_session(capsys: pytest.CaptureFixture[str]) -> None:
    for at in range(9):
        write_session(Path("results"), f"2026010{at}-x", [(case_of(one, batch=at + 1), one) for one in PAPER[:3]])
    code, out, err = run(capsys, "front", "--json")
    assert code == 0
    assert {row["batch"] for row in json.loads(out)} == {9}
    assert "The store holds 9 panels, 8 fit into a picture: this is its newest session, 20260108-x." in err


def test_a_session_of_many_panels_is_drawn_on_pages_and_those_of_an_older_front_go(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pairs = [(case_of(one, batch=at, threads=t), one) for at in range(1, 9) for t in (1, 2) for one in PAPER[:2]]
    write_session(Path("results"), "20260101-x", pairs)
    code, _, err = run(capsys, "front")
    assert code == 0
    assert "newest session" not in err
    assert "front-2.png" in err
    page = Path("reports/front.md").read_text(encoding="utf-8")
    assert page.index("**1 thread (page 1 of 2)**") < page.index("(front.svg)") < page.index("(front-2.svg)")
    assert files() == {*ONE_PAGE, "front-2.png", "front-2.svg"}
    assert run(capsys, "front", "--where", "threads=1")[0] == 0
    assert files() == ONE_PAGE


def test_more_panels_than_anybody_compares_are_refused_with_what_differs(capsys: pytest.CaptureFixture[str]) -> None:
    write_session(Path("results"), "20260101-x", [(case_of(PAPER[0], batch=at), PAPER[0]) for at in range(1, 34)])
    code, out, err = run(capsys, "front")
    assert (code, out) == (3, "")
    assert "the records differ in batch (1, 2, 3, 4, 5, 6 and 27 more). Choose with --where" in err
    assert not Path("reports").exists()


def test_a_front_of_several_panels_says_who_joins_and_who_leaves(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [(case_of(one), one) for one in PAPER]
    pairs += [(case_of(one, runtime="compile"), SLOW if one.network == "levit_192" else one) for one in PAPER]
    write_session(Path("results"), "20260101-x", pairs, runs=5)
    code, out, _ = run(capsys, "front")
    assert code == 0
    assert "Against runtime eager, whose front is levit_128s," in " ".join(out.split())
    moves = out.partition("Against runtime eager")[2].splitlines()
    (row,) = [line for line in moves if line.strip().startswith("runtime compile ")]
    assert row.split()[-1] == "levit_192"
    assert max(map(len, out.splitlines())) <= 80
    assert "\x1b" not in out
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(capsys, "front")[1] == out
    assert "| runtime compile |" in Path("reports/front.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("chosen", [["runtime=compile,batch=1"], ["runtime=compile", "batch=1"]])
def test_the_base_is_chosen_by_its_fields(capsys: pytest.CaptureFixture[str], chosen: list[str]) -> None:
    pairs = [(case_of(one), one) for one in PAPER]
    pairs += [(case_of(one, runtime="compile"), SLOW if one.network == "levit_192" else one) for one in PAPER]
    write_session(Path("results"), "20260101-x", pairs, runs=5)
    words = [word for one in chosen for word in ("--base", one)]
    _, out, _ = run(capsys, "front", *words, "--json")
    moved = {row["network"]: (row["runtime"], row["move"]) for row in json.loads(out) if row["move"]}
    assert moved["levit_192"] == ("eager", "joins")
    code, out, err = run(capsys, "front", "--base", "runtime=x")
    assert (code, out) == (2, "")
    assert "--base runtime=x: no panel has it; it is compile, eager." in err


def test_machines_whose_folders_were_copied_together_have_a_panel_each_and_their_fronts_are_compared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fast = [(case_of(one), one) for one in PAPER]
    slow = [(case, SLOW if one.network == "levit_192" else one) for case, one in fast]
    # Each machine has a store of its own at first.
    write_session(Path("here"), "20260101-x", fast, runs=5)
    write_session(Path("there"), "20260101-y", slow, runs=5, machine=BOARD)
    for store in ("here", "there"):
        shutil.copytree(store, "results", dirs_exist_ok=True)
    code, out, _ = run(capsys, "front", "--where", "batch=1")
    assert code == 0
    assert "Against Example Board (4 logical cores), whose front is" in " ".join(out.split())
    rows = document(capsys)
    assert {row["machine"] for row in rows} == {BOARD.id, MACHINE.id}
    moved = {row["network"]: (row["machine"], row["move"]) for row in rows if row["move"]}
    assert moved["levit_192"] == (MACHINE.id, "joins")
    page = Path("reports/front.md").read_text(encoding="utf-8")
    assert "## Who joins, who leaves" in page
    for name in ("Example Board (4 logical cores)", "Example Xeon Gold 6999X (16 logical cores)"):
        assert f"**{name} ·" in page


def test_an_emulated_machine_has_no_panel_no_row_and_no_move_but_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    cases = [(case_of(one), one) for one in PAPER]
    write_session(Path("results"), "20260101-x", cases, runs=5)
    state = msgspec.structs.replace(CONDITIONS, emulated=True)
    write_session(Path("results"), "20260102-y", cases, runs=5, machine=BOARD, conditions=state)
    code, out, err = run(capsys, "front")
    assert code == 0
    assert "12 cases are left out: emulated" in " ".join(out.split())
    assert "Against" not in out
    assert "emulated: session 20260102-y was taken under an instruction-set emulator." in err
    assert {row["sessions"] for row in document(capsys)} == {"20260101-x"}
    assert "20260102-y" not in Path("reports/front.csv").read_text(encoding="utf-8")
    code, out, err = run(capsys, "front", "--session", "20260102")
    assert (code, out) == (3, "")
    assert "Left out: deit_small_patch16_224@224, deit_tiny_patch16_224@224," in err
    assert "and 9 more: emulated:" in err
