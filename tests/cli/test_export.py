"""`levit-bench export`: what is printed, what is written, what is left out, and how each ends."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import levit_bench
import pytest
from levit_bench.errors import NothingToShowError, StoreError, UsageError
from levit_bench.report.exports.registry import FORMATS

from tests.cli.test_cli import run
from tools.simulated.generate_store import PAPER, case_of, write_session

ONE_FILE = [name for name, one in FORMATS.items() if not one.is_folder]
HISTORIES = [name for name, one in FORMATS.items() if one.is_history]
LEVIT = next(one for one in PAPER if one.network == "levit_192")
NAME = "levit_192 224px b1 t1 pinned"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store of two sessions, two cases in the older one."""
    monkeypatch.chdir(tmp_path)
    write_session(Path("results"), "20260101-a", [(case_of(LEVIT, batch=n), LEVIT) for n in (1, 16)])
    write_session(Path("results"), "20260102-b", [(case_of(LEVIT), LEVIT)])


@pytest.mark.parametrize("to", ONE_FILE)
def test_a_format_of_one_file_is_printed_and_is_of_the_newest_session(
    capsys: pytest.CaptureFixture[str], to: str
) -> None:
    code, out, err = run(capsys, "export", "--to", to)
    assert (code, err) == (0, "")
    json.loads(out)
    assert NAME in out
    assert "b16" not in out
    assert levit_bench.load("results", "last").export(to).text == out


@pytest.mark.parametrize("to", ONE_FILE)
def test_it_is_written_to_a_file_or_into_a_folder(capsys: pytest.CaptureFixture[str], to: str) -> None:
    _, printed, _ = run(capsys, "export", "--to", to)
    assert run(capsys, "export", "--to", to, "--out", "new/file.json")[:2] == (0, "")
    assert Path("new/file.json").read_text(encoding="utf-8") == printed
    code, _, err = run(capsys, "export", "--to", to, "--out", "folder/")
    assert code == 0
    (path,) = (path for path in Path("folder").rglob("*") if path.is_file())
    assert f"wrote {path}" in err
    assert path.read_text(encoding="utf-8") == printed


def test_a_session_and_cases_are_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "export", "--to", "bencher", "--session", "20260101", "--where", "batch=16")
    assert code == 0
    assert [*json.loads(out)] == ["levit_192 224px b16 t1 pinned"]


@pytest.mark.parametrize("to", ONE_FILE)
def test_two_sessions_are_refused_where_a_file_holds_one(capsys: pytest.CaptureFixture[str], to: str) -> None:
    code, out, err = run(capsys, "export", "--to", to, "--session", "20260101", "--session", "20260102")
    assert (code, out) == (2, "")
    assert "holds one session, and these are of 20260101-a, 20260102-b. Choose one with --session" in err


@pytest.mark.parametrize("to", HISTORIES)
def test_a_history_needs_a_folder(capsys: pytest.CaptureFixture[str], to: str) -> None:
    code, _, err = run(capsys, "export", "--to", to)
    assert code == 2
    assert "Name a folder for them with --out" in err
    with pytest.raises(UsageError, match="is several files"):
        levit_bench.load("results", "last").export("otava").text  # noqa: B018


def test_otava_gets_all_sessions(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "export", "--to", "otava", "--out", "history", "--json")
    assert code == 0
    document = json.loads(out)
    assert {Path(path) for path in document["files"]} == {p for p in Path("history").rglob("*") if p.is_file()}
    assert len(document["cases"]) == 2
    assert document["left_out"] == []
    lines = [path.read_text(encoding="utf-8").splitlines() for path in Path("history/series").iterdir()]
    assert sorted(map(len, lines)) == [2, 3]
    assert "wrote" in err


def test_asv_files_a_session_under_a_commit_of_the_repository(capsys: pytest.CaptureFixture[str]) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    for words in (("init", "-q"), (*identity, "commit", "-q", "--allow-empty", "-m", "one"), ("tag", "v1")):
        subprocess.run(["git", *words], check=True)
    digest = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    base = ("export", "--to", "asv", "--out", "asv", "--session", "last")
    code, out, err = run(capsys, *base)
    assert (code, out) == (3, "")
    assert "recorded no commit: name the one that was measured, such as with --commit HEAD" in err
    assert run(capsys, *base, "--commit", "v1")[0] == 0
    (path,) = Path("asv").glob(f"*/{digest[:8]}-*.json")
    assert json.loads(path.read_text(encoding="utf-8"))["commit_hash"] == digest
    assert run(capsys, *base, "--commit", "v2")[0] == 3
    assert run(capsys, *base, "--commit", "--output=x")[0] == 3
    assert run(capsys, *base, "--commit", "v1", "--repository", "nowhere")[0] == 3
    assert run(capsys, "export", "--to", "asv", "--out", "asv", "--commit", "v1")[0] == 2


def test_failed_cases_are_named_and_alone_they_end_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    path = next(Path("results").rglob("20260101-a.jsonl"))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    failed = next(line["id"] for line in lines if line["kind"] == "case" and line["case"].get("batch") == 16)
    for line in lines:
        if line.get("id") == failed:
            line |= {"outcome": "failed", "reason": "it raised"}
    kept = [line for line in lines if line.get("case") != failed]
    path.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
    code, out, err = run(capsys, "export", "--to", "bencher", "--session", "20260101")
    assert (code, [*json.loads(out)]) == (0, [NAME])
    assert "left out: levit_192 224px b16 t1 pinned: failed: it raised" in " ".join(err.split())
    code, out, err = run(capsys, "export", "--to", "bencher", "--session", "20260101", "--where", "batch=16")
    assert (code, out) == (3, "")
    assert "levit_192 224px b16 t1 pinned: failed: it raised" in err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--to", "benchr"), 2, "Did you mean 'bencher'? Choose one of pytest-benchmark"),
        ((), 2, "--to"),
        (("--to", "bencher", "--json"), 2, "Name a file with --out"),
        (("--to", "bencher", "--store", "nowhere"), 3, "nowhere"),
        (("--to", "bencher", "--where", "batch=3"), 3, "no stored case has batch=3"),
        (("--to", "otava", "--out", "taken"), 2, "--out taken is a file"),
        (("--to", "bencher", "--out", "taken/x.json"), 1, "cannot write taken: File exists"),
    ],
    ids=["misspelled", "absent", "json", "store", "where", "file", "folder"],
)
def test_what_cannot_be_done_is_refused(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, message: str
) -> None:
    Path("taken").write_text("", encoding="utf-8")
    found, out, err = run(capsys, "export", *words)
    assert (found, out) == (code, "")
    assert message in " ".join(err.split())


def test_python_refuses_alike(tmp_path: Path) -> None:
    results = levit_bench.load("results")
    with pytest.raises(UsageError, match="there is no format 'x'"):
        results.export("x")
    with pytest.raises(UsageError, match="to=3: give a text"):
        results.export(3)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="holds one session"):
        results.export("bencher")
    with pytest.raises(NothingToShowError, match="can be exported to asv"):
        results.export("asv", repository=tmp_path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot write"):
        results.export("otava").write(tmp_path / "file" / "below")
