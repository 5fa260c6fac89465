"""`levit-bench pick`: one line on stdout, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_cli import document, run, store
from tools.simulated.generate_store import MACHINE

__all__ = ["store"]
ONE = ("--where", f"machine={MACHINE.id}")


def test_pick_answers_on_one_line_and_tells_the_setting_on_stderr(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    code, out, err = run(capsys, "pick", "--max-latency", "1 s", "--store", str(store), *ONE)
    assert code == 0
    assert out.count("\n") == 1
    assert "the most accurate of" in out
    assert "that are sure to take at most 1 s" in out
    assert "Example Xeon" in err


def test_pick_takes_limits_of_both_speeds_together(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    limits = ("--max-latency", "1 s", "--min-throughput", "1")
    code, out, _ = run(capsys, "pick", *limits, "--store", str(store), *ONE)
    assert code == 0
    assert "are sure to take at most 1 s and do at least 1 images/s" in out
    assert run(capsys, "pick", "--max-latency", "1 s", "--min-throughput", "1e6", "--store", str(store), *ONE)[0] == 3


def test_pick_as_a_document_agrees_with_the_line(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    words = ("pick", "--min-top1", "75", "--store", str(store), *ONE)
    told = document(capsys, *words)
    assert told["reason"] + "\n" == run(capsys, *words)[1]
    assert told["goal"] == "speed"
    assert told["answer"]["top1_percent"] >= 75
    rows = document(capsys, "show", "--store", str(store), *ONE)
    fastest = min((row for row in rows if row["latency_s"] and row["top1"] >= 75), key=lambda row: row["latency_s"])
    assert told["answer"]["network"] == fastest["network"]


def test_pick_without_an_answer_ends_with_3_and_names_the_nearest(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    words = ("pick", "--max-latency", "1us", "--store", str(store), *ONE)
    code, out, err = run(capsys, *words)
    assert (code, out) == (3, "")
    assert "takes at most 1 µs. Nearest: " in err
    code, out, _ = run(capsys, *words, "--json")
    told = json.loads(out)
    assert (code, told["answer"], len(told["nearest"])) == (3, None, 1)


def test_pick_refuses_several_settings_and_the_choice_it_offers_works(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("pick", "--max-latency", "1s", "--session", "20261126T000013")
    code, out, err = run(capsys, *words)
    assert (code, out) == (3, "")
    assert "differ in allocator (pinned, shipped)" in err
    offered = err.split("newest session's: ")[1].split()
    assert run(capsys, *words, *offered)[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "pick needs a limit: --max-latency 20ms"),
        (["--max-latency", "20"], "--max-latency: invalid duration '20'"),
        (["--min-top1", "0.8"], "--min-top1 0.8: give percent between 1 and 100"),
        (["--min-throughput", "0"], "--min-throughput 0: give images a second"),
        (["--min-throughput", "inf"], "--min-throughput inf: give images a second"),
        (["--min-throughput", "many"], "is not a valid float"),
    ],
)
def test_pick_refuses_limits_that_make_no_sense(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    code, out, err = run(capsys, "pick", *words)
    assert (code, out) == (2, "")
    assert said in err


def test_pick_without_results_says_how_to_get_some(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = run(capsys, "pick", "--min-top1", "75", "--store", str(tmp_path))
    assert (code, out) == (3, "")
    assert "levit-bench run" in err
