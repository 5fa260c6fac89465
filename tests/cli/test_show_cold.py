"""`levit-bench show --cold`: what it prints, hands to programs and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import levit_bench
import msgspec
import pytest
from levit_bench.records import CaseLine, ColdStart, Line, RunEndLine, RunStartLine
from levit_bench.store.files import SessionWriter, read_session

from tests.cli.test_cli import run
from tools.simulated.generate_store import Truth, case_of, write_session

OLD, NEW = "20260101-before", "20260102-after"
TRUTH = Truth("levit_192", "LeViT", 0.02, 80.0)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A session from before there were cold starts, and one with a process for its one network."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    root = Path("results")
    case = case_of(TRUTH)
    write_session(root, OLD, [(case, TRUTH)])
    drafted = read_session(write_session(Path("draft"), NEW, [(case, TRUTH)]))
    writer = SessionWriter.create(root, drafted.head)
    of_runs = sorted((*drafted.starts, *drafted.turns, *drafted.ends), key=lambda line: line.run)
    for line in (*drafted.cases, *of_runs):
        writer.append(_with_cold(line, case.id))
    writer.close()
    return root


def _with_cold(line: Line, key: str) -> Line:
    """The line as a newer version writes it: the first pass of each run takes 0.2 s, and 40 processes load."""
    if isinstance(line, CaseLine):
        return msgspec.structs.replace(line, compile_s=0.5)
    if isinstance(line, RunStartLine):
        seat = msgspec.structs.replace(line.seats[0], cases=(key,), peak_bytes=300 << 20, load_s=4.0)
        cold = {key: ColdStart(load_s=0.4, first_pass_s=0.2 + line.run / 1000, grown_bytes=50 << 20)}
        return msgspec.structs.replace(line, seats=(seat, *[line.seats[0]] * 39), cold=cold)
    if isinstance(line, RunEndLine):
        return msgspec.structs.replace(line, peak_bytes=(310 << 20,))
    return line


def test_it_shows_what_a_case_cost_before_its_first_timed_pass(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    code, out, err = run(capsys, "show", "--cold")
    assert code == 0
    assert NEW in out
    assert OLD not in out
    assert " ".join(out.split()).count("levit_192 500 ms 400 ms 201 ms 4.00 s 50 MiB 300 MiB") == 1
    assert "x a pass" in out
    assert "loaded-together: 40 processes" in " ".join(err.split())


def test_programs_and_data_frames_get_every_number(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    code, out, _ = run(capsys, "show", "--cold", "--json", "--session", NEW)
    (row,) = json.loads(out)
    assert code == 0
    assert row["first_pass_low_s"] < row["first_pass_s"] < row["first_pass_high_s"]
    assert row["first_pass_times"] == pytest.approx(row["first_pass_s"] / row["latency_s"])
    assert (row["peak_bytes"], row["run_peak_bytes"]) == (300 << 20, 310 << 20)
    assert row["process_start_s"] == pytest.approx(4.0)
    assert "loaded-together" in {finding["kind"] for finding in row["findings"]}
    frame = levit_bench.load(store).to_pandas()
    subjects = frame[frame.role == "subject"].set_index("session")
    assert subjects.loc[NEW, "load_s"] == pytest.approx(row["load_s"])
    assert subjects.loc[NEW, "compile_s"] == 0.5
    assert subjects.loc[OLD, ["load_s", "peak_bytes", "compile_s"]].isna().all()


def test_sessions_that_were_stored_before_say_so_and_what_to_do(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    code, out, err = run(capsys, "show", "--cold", "--session", OLD)
    assert (code, out) == (3, "")
    assert "hold no cold starts" in " ".join(err.split())
    assert "--isolation alone" in " ".join(err.split())
