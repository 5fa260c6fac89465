"""`levit-bench pick`: one line and its tables on stdout, and how it ends."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from levit_bench.numbers.units import parse_duration

from tests.cli.test_cli import document, run, store
from tools.simulated.generate_store import MACHINE

__all__ = ["store"]
ONE = ("--where", f"machine={MACHINE.id}")


def test_pick_answers_on_one_line_before_its_tables_and_tells_the_setting_on_stderr(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    code, out, err = run(capsys, "pick", "--max-latency", "1 s", "--store", str(store), *ONE)
    assert code == 0
    answer, *tables = out.splitlines()
    assert "the most accurate of" in answer
    assert tables[0].strip() == "the others", "one setting needs no table of settings"
    assert "that are sure to take at most 1 s (median)" in answer
    assert "Example Xeon" in err


def test_pick_takes_limits_of_both_speeds_together(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    limits = ("--max-latency", "1 s", "--min-throughput", "1")
    code, out, _ = run(capsys, "pick", *limits, "--store", str(store), *ONE)
    assert code == 0
    assert "are sure to take at most 1 s (median) and do at least 1 images/s" in out
    assert run(capsys, "pick", "--max-latency", "1 s", "--min-throughput", "1e6", "--store", str(store), *ONE)[0] == 3


def test_pick_as_a_document_agrees_with_the_line(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    words = ("pick", "--min-top1", "75", "--store", str(store), *ONE)
    told = document(capsys, *words)
    assert told["reason"] == run(capsys, *words)[1].splitlines()[0]
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
    assert "takes at most 1 µs (median). Nearest: " in err
    assert err.count("too slow") == 11, "every network is named with the reason"
    code, out, _ = run(capsys, *words, "--json")
    told = json.loads(out)
    assert (code, told["answer"], len(told["nearest"])) == (3, None, 1)


RUNTIMES = ("--session", "20261126T191425", "--where", "allocator=pinned")
"""A stored session of the paper's networks in every runtime."""
PASSES = ("--session", "20261124T074210")
"""A stored session with hundreds of passes of each network."""


def test_pick_answers_across_runtimes_with_the_best_of_each_and_why_the_others_lost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("pick", "--max-latency", "30ms", "--min-top1", "78", *RUNTIMES)
    code, out, _ = run(capsys, *words)
    assert code == 0
    answer, *tables = out.splitlines()
    told = document(capsys, *words)
    chosen = told["answer"]
    assert answer == told["reason"]
    assert f"{chosen['label']} · " in answer
    assert {setting["runtime"] for setting in told["settings"]} >= {"eager", "onnxruntime", "openvino"}
    assert tables[0].strip() == "best of each setting"
    rows = document(capsys, "show", *RUNTIMES)
    fitting = [row for row in rows if row["latency_s"] and row["top1"] and row["latency_high_s"] <= 0.029]
    best = max(fitting, key=lambda row: (round(row["top1"], 1), -row["latency_s"]))
    assert (chosen["network"], chosen["top1_percent"]) == (best["network"], best["top1"])
    best_of = {each["setting"]["runtime"]: each["network"] for each in told["by_setting"]}
    for runtime, network in best_of.items():
        own = [row for row in fitting if row["runtime"] == runtime and row["top1"] >= 78]
        top1 = max((round(row["top1"], 1) for row in own), default=None)
        assert (network and round(network["top1_percent"], 1)) == top1
    others = {row["network"] for row in rows if row["latency_s"] and row["top1"]} - {chosen["network"]}
    assert {rival["network"] for rival in told["rivals"]} == others
    assert {rival["standing"] for rival in told["rivals"]} == {"too slow", "less accurate", "not accurate enough"}
    assert out.count("too slow") == sum(rival["standing"] == "too slow" for rival in told["rivals"])


def test_pick_takes_a_percentile_where_the_passes_suffice_and_says_what_it_would_need(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("pick", "--max-latency", "100ms", *PASSES)
    median, slow = document(capsys, *words), document(capsys, *words, "--percentile", "p90")
    assert (median["limits"]["percentile"], slow["limits"]["percentile"]) == (None, 0.9)
    assert "at most 100 ms (p90)" in slow["reason"]
    assert "p90 " in slow["reason"]
    shown = {
        (row["network"], row["runtime"]): row["p90_s"] for row in document(capsys, "show", *PASSES, "--percentiles")
    }
    chosen = slow["answer"]
    runtime = next(each["setting"]["runtime"] for each in slow["by_setting"] if each["network"] == chosen)
    assert chosen["latency_s"] == shown[chosen["network"], runtime]
    code, out, err = run(capsys, *words, "--percentile", "p99.9")
    assert (code, out) == (3, "")
    assert "no network has the passes for p99.9" in err
    assert "are needed" in err


def test_pick_names_the_command_that_adds_the_passes_in_the_store_that_holds_the_session(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (stored,) = Path("results").glob("*/20261126T191425*.jsonl")
    folder = tmp_path / "my store" / stored.parent.name
    folder.mkdir(parents=True)
    (folder / stored.name).write_bytes(stored.read_bytes())
    words = ("pick", "--max-latency", "30ms", "--percentile", "p95", "--store", str(tmp_path / "my store"))
    code, _, err = run(capsys, *words)
    assert code == 3
    (line,) = (line for line in err.splitlines() if "levit-bench run --resume " in line)
    command = shlex.split(line[line.index("levit-bench run") :])
    assert command[:2] == ["levit-bench", "run"]
    options = dict(zip(command[2::2], command[3::2], strict=True))
    budget = options.pop("--budget")
    assert options == {"--resume": stored.stem, "--store": str(tmp_path / "my store")}
    told = json.loads(run(capsys, *words, "--json")[1])
    lacking = [rival for rival in told["rivals"] if rival["standing"] == "too few passes"]
    assert lacking
    assert all(rival["passes"] < rival["passes_needed"] and rival["latency_s"] is None for rival in lacking)
    commands = [shlex.split(rival["command"]) for rival in told["rivals"] if rival["command"]]
    budgets = [parse_duration(each[each.index("--budget") + 1]) for each in commands]
    assert parse_duration(budget) == max(budgets), "one command for all of a session"


def test_pick_refuses_two_machines_and_the_choice_it_offers_works(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("pick", "--max-latency", "1s")
    code, out, err = run(capsys, *words)
    assert (code, out) == (3, "")
    assert "cannot pick one network: the records differ in " in err
    offered = shlex.split(" ".join(err.split("such as the newest: ")[1].split()).partition(". Choose a set")[0])
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
        (["--max-latency", "20ms", "--percentile", "p100"], "--percentile 'p100': give percent from 50 to below 100"),
        (["--max-latency", "20ms", "--percentile", "slow"], "--percentile 'slow': give percent from 50 to below 100"),
        (["--max-latency", "20ms", "--percentile", "0.95"], "--percentile '0.95': did you mean p95? Give percent from"),
        (["--max-latency", "20ms", "--percentile", ".999"], "--percentile '.999': did you mean p99.9? Give percent"),
        (["--max-latency", "20ms", "--percentile", "p00.1"], "--percentile 'p00.1': give percent from 50"),
        (["--max-latency", "20ms", "--percentile", "p25"], "--percentile 'p25': give percent from 50"),
        (["--max-latency", "20ms", "--percentile", "100.0"], "--percentile '100.0': give percent from 50"),
        (["--min-throughput", "9", "--percentile", "p95"], "--percentile is about single passes"),
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
