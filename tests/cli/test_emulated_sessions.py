"""A store with a session of an emulated process beside one of a machine: kept, shown, and never a speed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from levit_bench import pytest_plugin
from levit_bench.measuring import devices
from levit_bench.measuring.session.session import _about_emulation
from levit_bench.records import Machine
from levit_bench.store.files import is_emulated
from levit_bench.store.lookup import resolve_session

from tests.cli.test_cli import document, run
from tools.simulated.generate_store import CONDITIONS, MACHINE, PAPER, case_of, write_session

EMULATED = msgspec.structs.replace(CONDITIONS, emulated=True)
BOARD = Machine(cpu_model="Example EPYC", isa="aarch64", logical_cores=2, memory_bytes=8 << 30)
NATIVE, TRANSLATED = "20260101-native", "20260102-emulated"


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The emulated session is the newest."""
    monkeypatch.chdir(tmp_path)
    pairs = [(case_of(one, threads=threads), one) for one in PAPER[:3] for threads in (1, 2)]
    write_session(Path("results"), NATIVE, pairs)
    write_session(Path("results"), TRANSLATED, pairs, machine=BOARD, conditions=EMULATED)
    return Path("results")


def test_the_last_session_is_the_newest_that_was_not_emulated(both: Path) -> None:
    assert resolve_session(both, "last").stem == NATIVE
    assert resolve_session(both, "last", emulated=True).stem == TRANSLATED
    assert resolve_session(both, TRANSLATED).stem == TRANSLATED
    (both / MACHINE.id / f"{NATIVE}.jsonl").unlink()
    assert resolve_session(both, "last").stem == TRANSLATED


@pytest.mark.parametrize("text", ["", "not json\n", "[1]\n", '{"conditions": 3}\n', '{"conditions": {}}\n', "{}\n"])
def test_a_first_line_that_cannot_be_read_is_no_reason_to_pass_a_session_over(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.jsonl"
    assert not is_emulated(path)
    path.write_text(text)
    assert not is_emulated(path)


def test_show_keeps_its_cases_and_says_why_they_have_no_time(both: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = {(row["session"], row["latency_s"] is None) for row in document(capsys, "show")}
    assert rows == {(NATIVE, False), (TRANSLATED, True)}
    code, out, _ = run(capsys, "show", "--session", TRANSLATED)
    assert code == 0
    cells = [line.split() for line in out.splitlines() if line.startswith(" levit_")]
    assert len(cells) == 6
    assert " ".join(out.split()).count("an instruction-set emulator") == 1, "the reason stands once, for all of them"
    assert all("emulated" in words and "done" not in words for words in cells)


def test_a_front_and_a_pick_are_made_without_it(both: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = document(capsys, "front", "--where", "threads=1")
    assert {row["machine"] for row in rows if row["latency_s"] is not None} == {MACHINE.id}
    answer = document(capsys, "pick", "--min-top1", "70", "--where", "threads=1")["answer"]
    assert answer["network"] == PAPER[0].network
    for words in (["front"], ["pick", "--min-top1", "70"]):
        code, out, err = run(capsys, *words, "--session", TRANSLATED, "--where", "threads=1")
        assert (code, out) == (3, "")
        assert "instruction-set emulator" in " ".join(err.split())


def test_a_panel_of_an_emulated_session_is_a_sentence_that_says_why_nothing_is_drawn(
    both: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "front", "--where", "threads=1")
    assert code == 0
    assert out.count("dominated by") == 1, "no table without a row"
    (sentence,) = (part for part in " ".join(out.split()).split("not drawn: ")[1:])
    assert BOARD.cpu_model in sentence
    assert "3 cases are left out: " in sentence
    assert "instruction-set emulator" in sentence
    assert "instruction-set emulator" in Path("reports/front.md").read_text(encoding="utf-8")


def test_no_ratio_is_made_of_it(both: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "compare", NATIVE, TRANSLATED)[:2] == (3, "")
    network = PAPER[0].network
    against = document(capsys, "show", "--session", TRANSLATED, "--against", network)
    assert {row["ratio"] for row in against if row["network"] != network} == {None}
    out = run(capsys, "show", "--session", TRANSLATED, "--against", network)[1]
    assert "too few runs" not in out
    assert {row["session"] for row in document(capsys, "scaling")} == {NATIVE}
    code, out, err = run(capsys, "scaling", "--session", TRANSLATED)
    assert (code, out) == (3, "")
    assert "taken under an instruction-set emulator" in " ".join(err.split())


def test_a_session_of_an_emulated_process_begins_with_a_finding() -> None:
    assert _about_emulation(CONDITIONS) == []
    (finding,) = _about_emulation(EMULATED)
    assert finding.kind == "emulated"


def test_a_suite_about_a_device_is_skipped_under_an_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "resolve", lambda _name: "cpu")
    assert pytest_plugin.declare(["levit_128s"], {"device": "arm"}, {})
    monkeypatch.setattr(pytest_plugin, "is_emulated", lambda: True)
    with pytest.raises(pytest_plugin.NotAskedError, match="instruction-set emulator"):
        pytest_plugin.declare(["levit_128s"], {"device": "arm"}, {})
