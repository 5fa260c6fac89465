"""`levit-bench trend`: what it prints, writes and ends with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_cli import run
from tools.simulated.generate_store import PAPER
from tools.simulated.nights_store import name_of, write_nights

NAMES = [truth.network for truth in PAPER[:3]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("nights") / "store"
    write_nights(root, PAPER[:3], range(20), {12: {NAMES[0]: 1.07}}, {12: {"numpy": "2.1"}})
    return root


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_it_prints_a_row_a_case_and_a_sentence_an_event_and_ends_with_1(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    code, out, _ = run(capsys, "trend", "--store", str(store))
    assert code == 1
    assert all(name in out for name in NAMES)
    flat = " ".join(out.split())
    assert (
        f"between {name_of(10)} and {name_of(12)}, most likely just before {name_of(12)}: 2 other cases did not" in flat
    )
    assert "so the network." in flat
    assert "changed there, too: numpy – → 2.1" in flat
    assert "1 new alert in 3 cases. Acknowledge a known one in trend.toml" in flat


def test_an_acknowledged_alert_ends_with_0_and_is_still_told(
    capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path
) -> None:
    code, out, _ = run(capsys, "trend", "--store", str(store), "--json")
    (alert,) = json.loads(out)["new"]
    assert code == 1
    text = f'[[alert]]\nid = "{alert}"\nverdict = "expected"\nwho = "mk"\nwhy = "a wider layer"\n'
    (tmp_path / "trend.toml").write_text(text)
    code, out, _ = run(capsys, "trend", "--store", str(store))
    assert code == 0
    assert f"{alert} is expected: a wider layer (mk)" in " ".join(out.split())
    assert run(capsys, "trend", "--store", str(store), "--acknowledged", "none.toml")[0] == 2


def test_json_is_one_document_and_out_writes_files(
    capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path
) -> None:
    out_folder = tmp_path / "out"
    code, out, err = run(capsys, "trend", "--store", str(store), "--json", "--out", str(out_folder), "--each")
    held = json.loads(out)
    assert held == json.loads((out_folder / "trend.json").read_text())
    assert (code, held["exit_code"]) == (1, 1)
    assert len(list(out_folder.glob("case-*.png"))) == 3
    assert "wrote" in err
    (event,) = held["events"]
    assert event["alerts"][0]["ratio"] == pytest.approx(1.07, abs=0.02)


def test_choosing_a_case_leaves_the_others_out_and_since_forgets_old_alerts(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    code, out, _ = run(capsys, "trend", "--store", str(store), "--where", f"network={NAMES[1]}")
    assert code == 0
    assert NAMES[0] not in out
    assert "No new alert in 1 case." in out
    assert run(capsys, "trend", "--store", str(store), "--since", "2026-01-01")[0] == 0


@pytest.mark.parametrize(
    "words",
    [("--since", "soon"), ("--min-effect", "many"), ("--reference", "1999"), ("--where", "network")],
)
def test_bad_options_end_with_2(capsys: pytest.CaptureFixture[str], store: Path, words: tuple[str, ...]) -> None:
    code, out, err = run(capsys, "trend", "--store", str(store), *words)
    assert (code, out) == (2, "")
    assert err.startswith("levit-bench: ")


def test_one_session_ends_with_3_and_a_file_that_cannot_be_written_with_1(
    capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path
) -> None:
    (path, *_) = sorted(store.rglob("*.jsonl"))
    code, out, err = run(capsys, "trend", "--store", str(path))
    assert (code, out) == (3, "")
    assert "7 are needed before a change can be found" in err
    (tmp_path / "file").write_text("")
    assert run(capsys, "trend", "--store", str(store), "--out", str(tmp_path / "file"))[0] == 1


def test_of_chosen_cases_alone_the_others_alerts_are_counted_and_each_id_has_its_case(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_nights(tmp_path / "store", PAPER[:3], range(24), {12: dict.fromkeys(NAMES, 1.1)})
    store = ("--store", str(tmp_path / "store"))
    code, out, _ = run(capsys, "trend", *store)
    flat = " ".join(out.split())
    assert code == 1
    assert "3 of 3 cases (3 networks) changed by" in flat
    assert "3 new alerts in 3 cases." in flat
    held = json.loads(run(capsys, "trend", *store, "--json")[1])
    pairs = {alert["id"]: alert["case"] for event in held["events"] for alert in event["alerts"]}
    assert all(f"{name} {case}" in flat for name, case in pairs.items())
    code, out, _ = run(capsys, "trend", *store, "--where", f"network={NAMES[0]}")
    flat = " ".join(out.split())
    assert code == 1
    assert "1 new alert in 1 case." in flat
    assert "2 alerts of cases that were not chosen" in flat
    listed = ", ".join(f'"{name}"' for name in pairs)
    (tmp_path / "seen.toml").write_text(
        f'[[alert]]\nid = [{listed}]\nverdict = "expected"\nwho = "mk"\nwhy = "meant"\n'
    )
    code, out, _ = run(capsys, "trend", *store, "--acknowledged", str(tmp_path / "seen.toml"))
    flat = " ".join(out.split())
    assert code == 0
    assert flat.count("are expected: meant (mk)") == 1
    assert run(capsys, "trend", *store, "--acknowledged", str(tmp_path))[0] == 2
