"""`levit-bench import`: a file of pytest-benchmark becomes published figures that `front` draws."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_cli import run
from tools.simulated.generate_store import PAPER, case_of, write_session


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A store, and what it exports as somebody else's file."""
    monkeypatch.chdir(tmp_path)
    write_session(Path("results"), "20260101-a", [(case_of(one), one) for one in PAPER[:3]])
    assert run(capsys, "export", "--to", "pytest-benchmark", "--out", "theirs.json")[0] == 0


def test_figures_are_printed_or_written(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "import", "theirs.json")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("model,infer_img_size,")
    code, written, err = run(capsys, "import", "theirs.json", "--out", "theirs.csv")
    assert (code, written, err.strip()) == (0, "", "wrote theirs.csv")
    assert Path("theirs.csv").read_text(encoding="utf-8") == out


def test_front_shows_them_as_somebody_elses(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "import", "theirs.json", "--out", "theirs.csv")
    code, out, _ = run(capsys, "front", "--published", "theirs.csv", "--json")
    assert code == 0
    rows = [row for row in json.loads(out) if row["kind"] == "published"]
    assert {row["network"] for row in rows} == {one.network for one in PAPER[:3]}
    assert {(row["source"], row["machine"], row["latency_low_s"]) for row in rows} == {
        ("theirs.csv", "Example Xeon Gold 6999X", None)
    }
    assert {row["on_front"] for row in rows} == {None}


def test_json_says_what_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "import", "theirs.json", "--as", "batch=threads", "--out", "theirs.csv", "--json")
    assert code == 0
    document = json.loads(out)
    assert [figure["network"] for figure in document["figures"]] == [one.network for one in PAPER[:3]]
    assert document["machine"] == "Example Xeon Gold 6999X"
    assert document["left_out"] == []


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("theirs.json", "--as", "batch=bs"), 3, "it has no field 'bs': name it with --as batch=FIELD"),
        (("theirs.json", "--where", "batch=3"), 3, "--where chooses no benchmark"),
        (("none.json",), 2, "there is no file 'none.json'"),
        (("theirs.json", "--json"), 2, "Name one with --out"),
        (("theirs.json", "--as", "batch"), 2, "--as 'batch' has no value"),
        (("theirs.json", "--out", "nowhere/x.csv"), 1, "cannot write nowhere/x.csv"),
        ((), 2, "FILE"),
    ],
    ids=["field", "where", "missing", "json", "as", "folder", "nothing"],
)
def test_what_cannot_be_done_is_refused(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, message: str
) -> None:
    found, out, err = run(capsys, "import", *words)
    assert (found, out) == (code, "")
    assert message in " ".join(err.split())
