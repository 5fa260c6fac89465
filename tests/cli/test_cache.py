"""`levit-bench cache` shows and removes what is kept, and sessions use it through the real command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from levit_bench.measuring.preparing.artifact_cache import ArtifactCache
from levit_bench.paths.cache_folder import VARIABLE
from levit_bench.paths.kept_files import KeptFiles, key_of
from levit_bench.store.files import read_session

from tests.cli.test_cli import run
from tests.measuring.networks.test_code_inputs import NETS
from tests.measuring.preparing.test_artifact_cache import CASE, PREPARED
from tests.programs import output


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with one artifact and one file of what was read, which the environment names."""
    kept, artifact = tmp_path / "kept", tmp_path / "artifact"
    artifact.mkdir()
    (artifact / "weights").write_bytes(b"\0" * (3 << 20))
    ArtifactCache(kept, seed=0).keep(CASE, (1, 16), artifact, PREPARED)
    KeptFiles(kept).keep(key_of("session"), b"\0" * (1 << 20))
    monkeypatch.setenv(VARIABLE, str(kept))
    return kept


def test_it_lists_what_is_kept_with_its_size_and_days(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, err = run(capsys, "cache")
    assert code == 0
    (line,) = [line for line in out.splitlines() if "levit_128s" in line]
    assert "eager 224px b1,16 shipped fp32" in line
    assert "3 MiB" in line
    assert " ".join(err.split()) == (
        f"1 prepared network, 3 MiB of at most 4 GiB, in {folder} 1 reading of stored sessions, 1 MiB of at most 1 GiB"
    )


def test_the_document_holds_the_same_as_numbers(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    document = json.loads(run(capsys, "cache", "--json")[1])
    (artifact,) = document["artifacts"]
    assert (document["folder"], document["bytes"], artifact["bytes"]) == (str(folder), 3 << 20, 3 << 20)
    assert document["readings"] == {"files": 1, "bytes": (1 << 20) + 32, "limit_bytes": 1 << 30}
    assert (artifact["network"], artifact["batches"], artifact["prepare_s"]) == ("levit_128s", [1, 16], 2.0)


def test_clearing_removes_it_and_says_how_much(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, _, err = run(capsys, "cache", "--clear")
    assert (code, err.splitlines()[0]) == (0, "removed 1 prepared network, 1 reading and 0 environments")
    document = json.loads(run(capsys, "cache", "--json")[1])
    assert (document["artifacts"], document["readings"]["files"]) == ([], 0)


def test_environments_of_gates_are_listed_and_cleared(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    place = folder / "environments" / "0123456789abcdef"
    place.mkdir(parents=True)
    (place / "ready.json").write_text('{"requirements": ["timm==1.0.20"]}', encoding="utf-8")
    (place / "package").write_bytes(b"\0" * (2 << 20))
    err = run(capsys, "cache")[2]
    assert "1 environment of gates, 2 MiB, at most 6 of them:" in err
    assert "timm==1.0.20, 2 MiB, used" in err
    (one,) = json.loads(run(capsys, "cache", "--json")[1])["environments"]
    assert one["requirements"] == ["timm==1.0.20"]
    assert "and 1 environment" in run(capsys, "cache", "--clear")[2].splitlines()[0]
    assert json.loads(run(capsys, "cache", "--json")[1])["environments"] == []
    assert not place.exists()


def test_another_folder_is_looked_at_by_name(capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path) -> None:
    assert json.loads(run(capsys, "cache", "--json", "--cache", str(tmp_path / "none"))[1])["artifacts"] == []
    assert len(json.loads(run(capsys, "cache", "--json", "--cache", str(folder))[1])["artifacts"]) == 1


def test_where_nothing_is_kept_that_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "")
    code, _, err = run(capsys, "cache")
    assert (code, "LEVIT_BENCH_CACHE is empty, so nothing is kept. Name a folder with --cache." in err) == (2, True)


def _prepared_at(folder: Path, *words: str) -> dict[str, str | None]:
    """When each network of a session was prepared, by its name without digest; None where the session did it."""
    command = [
        sys.executable, "-m", "levit_bench", "run", "--networks", "nets.py:build@64,levit_128s", "--budget", "auto",
        "--thin", "--store", "store", *words,
    ]  # fmt: skip
    output(command, cwd=folder, env={VARIABLE: str(folder / "kept")})
    newest = max((folder / "store").rglob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    lines = [line for line in read_session(newest).cases if line.role == "subject"]
    assert all(line.outcome == "done" for line in lines)
    return {line.case.network.partition(":")[0].partition("#")[0]: line.prepared_at for line in lines}


@pytest.mark.slow
def test_a_second_session_uses_what_is_unchanged_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text("WIDTH = 10\n", encoding="utf-8")
    (tmp_path / "nets.py").write_text(NETS, encoding="utf-8")
    assert _prepared_at(tmp_path) == {"nets.py": None, "levit_128s": None}
    second = _prepared_at(tmp_path)
    assert all(second.values())
    assert _prepared_at(tmp_path, "--fresh") == {"nets.py": None, "levit_128s": None}
    (tmp_path / "layers.py").write_text("WIDTH = 20\n", encoding="utf-8")
    third = _prepared_at(tmp_path)
    assert third["nets.py"] is None
    assert third["levit_128s"] is not None
