"""What a user can get wrong at the command line: a clear message, the right exit code, and nothing measured."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from levit_bench.cli import main
from levit_bench.errors import UsageError
from levit_bench.measuring import devices
from levit_bench.measuring.devices import arm

from tools.simulated.generate_store import main as generate

ROOT = Path(__file__).parents[2]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and stderr of a command line, in this process."""
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return int(ended.value.code or 0), capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["shw"], "No such command 'shw'. Did you mean 'show'? See 'levit-bench --help'."),
        (["nonsense"], "No such command 'nonsense'. See 'levit-bench --help'."),
        (["show", "--sesion", "last"], "No such option '--sesion'. Did you mean '--session'? See 'levit-bench show "),
        (["show", "--xyz"], "No such option '--xyz'. See 'levit-bench show --help'."),
        (["--jso"], "No such option '--jso'. See 'levit-bench --help'."),
        (["pick", "--max-latency", "40"], "'40'. Write a positive number with a unit, such as 40ms."),
        (["pick", "--max-latency", "soon"], "with a unit, such as 20ms or 1.5s."),
        (["run", "--networks", "levit_128s", "--budget", "60"], "with a unit, such as 60s."),
        (["run", "--networks", "levit_128s", "--budget", "0"], "with a unit, such as 90s, 3m or 1h30m."),
    ],
)
def test_what_was_meant_is_named_in_a_whole_sentence(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    code, err = run(capsys, *words)
    assert code == 2
    assert said in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--networks", "levit_128s", "--threads", "0"], "--threads 0: give a whole number from 1"),
        (["--networks", "levit_128s", "--threads", "one"], "invalid list of whole numbers 'one'"),
        (["--networks", "levit_128s", "--batch", "0"], "levit-bench: --batch 0: give a whole number from 1 to 65536"),
        (["--networks", "levit_128s", "--batch", "-4"], "--batch -4: give a whole number from 1"),
        (["--networks", "levit_128s", "--resolution", "0"], "--resolution 0"),
        (["--networks", "levit_128s", "--budget", "soon"], "--budget: invalid duration 'soon'"),
        (["--networks", "levit_128s", "--budget", "0s"], "invalid duration '0s'"),
        (["--networks", "levit_128s", "--budget", "60"], "invalid duration '60'"),
        (["--networks", "levit_128s", "--timeout", "x"], "--timeout: invalid duration 'x'"),
        (["--networks", "levit_128s", "--seed", "1,2"], "--seed '1,2': give one whole number"),
        (["--networks", "levit_128s", "--allocator", ""], "--allocator names nothing"),
        (["--networks", "levit_128s", "--device", "tpu"], "unknown device 'tpu'. Choose from cpu, arm, cuda, mps."),
        (["--networks", "levit_128s", "--allocator", "jemalloc"], "unknown allocator 'jemalloc'"),
        (["--networks", "levit_128s", "--runtime", "tensorrt"], "unknown runtime 'tensorrt'. Choose from eager"),
        (["--networks", "levit_128s", "--isolation", "window"], "unknown isolation 'window'"),
        (["--networks", "levit_128s", "--seed", "-1"], "--seed -1: give a whole number from 0"),
        (["--networks", "levit_128s", "--seed", "99999999999999"], "--seed 99999999999999"),
        (["--networks", "null-1"], "the instrument's own"),
        (["--networks", "levit_999*"], "matches no network"),
        (["--networks", ""], "no network was named"),
        ([], "no network was named"),
        (["--networks", "x" * 300], "at most 200 printable characters"),
        (["--networks", "levit_128s@9999"], "resolution"),
        (["--resume", "last", "--networks", "levit_128s"], "--resume takes everything but the budget from its session"),
    ],
)
def test_a_malformed_request_is_refused_in_one_line_with_exit_code_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], said: str
) -> None:
    code, err = run(capsys, "run", "--store", str(tmp_path / "store"), *words)
    assert said in err
    assert code == 2
    assert "Traceback" not in err
    assert not (tmp_path / "store").exists()


def test_an_unknown_network_is_refused_with_the_nearest_name(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, err = run(capsys, "run", "--networks", "levit128s", "--store", str(tmp_path))
    assert code == 2
    assert "unknown network 'levit128s'. Did you mean 'levit_128s'? 'levit-bench list' shows all" in err
    assert list(tmp_path.iterdir()) == []


def test_a_builder_that_cannot_be_found_is_refused_with_advice(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, err = run(capsys, "run", "--networks", "no.such:thing", "--store", str(tmp_path))
    assert code == 2
    assert "cannot find 'no.such:thing'" in err
    assert "PYTHONPATH" in err


def test_a_gpu_that_is_not_there_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda _name: None)
    code, err = run(capsys, "run", "--networks", "levit_128s", "--device", "cuda")
    assert (code, "needs an NVIDIA GPU" in err) == (2, True)


@pytest.mark.parametrize(("isa", "accepted"), [("x86_64", False), ("aarch64", True), ("arm64", True)])
def test_device_arm_is_a_check_of_the_processor(monkeypatch: pytest.MonkeyPatch, isa: str, accepted: bool) -> None:
    monkeypatch.setattr(platform, "machine", lambda: isa)
    monkeypatch.setattr(arm, "is_emulated", lambda: False)
    if accepted:
        assert devices.resolve("arm") == "cpu"
    else:
        with pytest.raises(UsageError, match="asks for an ARM processor"):
            devices.resolve("arm")


def test_an_emulated_arm_process_passes_and_a_translated_one_of_another_kind_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arm, "is_emulated", lambda: True)
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert devices.resolve("arm") == "cpu"
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    with pytest.raises(UsageError, match=r"runs on x86_64, and is translated\. Start it with a Python"):
        devices.resolve("arm")


def test_options_that_a_resumed_session_would_ignore_are_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("run", "--resume", "last", "--threads", "2", "--networks", "levit_128s", "--store", str(tmp_path))
    code, err = run(capsys, *words)
    assert code == 2
    assert "takes everything but the budget from its session. Leave out --networks, --threads." in err


def test_an_empty_name_is_no_session(capsys: pytest.CaptureFixture[str]) -> None:
    code, err = run(capsys, "run", "--resume", "")
    assert (code, "the name of a session is empty" in err) == (2, True)


@pytest.mark.parametrize("option", ["--precision", "--form", "--runtime"])
@pytest.mark.parametrize("verb", ["run", "plan"])
def test_an_axis_without_a_value_is_refused(capsys: pytest.CaptureFixture[str], verb: str, option: str) -> None:
    code, err = run(capsys, verb, "--networks", "levit_128s", option, ",")
    assert code == 2
    assert f"{option} names nothing" in err


@pytest.mark.slow
def test_a_budget_below_the_honest_minimum_is_refused_and_names_the_smallest(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("run", "--networks", "tests.hostile_networks:sound", "--budget", "1s", "--store", str(tmp_path))
    code, err = run(capsys, *words)
    assert code == 2
    assert "a budget of 1 s is too small: 3 runs of 2 rounds" in err
    assert "--thin" in err
    assert list(tmp_path.glob("*/*.jsonl")) == []


@pytest.mark.skipif(os.name != "posix", reason="needs a file system that refuses to be written")
def test_a_store_that_cannot_be_written_is_refused_before_the_work(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, err = run(capsys, "run", "--networks", "levit_128s", "--store", "/proc/nowhere")
    assert code == 1
    assert "cannot write /proc/nowhere" in err
    assert "--store" in err


@pytest.mark.slow
def test_a_disk_that_fills_up_keeps_what_was_written(tmp_path: Path) -> None:
    words = ["run", "--networks", "tests.hostile_networks:sound", "--budget", "60s", "--store", str(tmp_path)]
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
    # Without bytecode, or Python would keep the first half of what it compiles of the networks, for every test to come.
    code = f"{limit} from levit_bench.cli import main; main({words!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=3600, check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "cannot write" in done.stderr
    assert "What was written before is kept" in done.stderr
    assert "Traceback" not in done.stderr
    (path,) = tmp_path.glob("*/*.jsonl")
    assert path.read_bytes().endswith(b"\n")
    assert path.read_bytes().count(b'"kind":"turn"') > 3


@pytest.mark.parametrize("verb", ["front", "show"])
def test_reading_a_store_that_is_not_there_says_how_to_fill_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, verb: str
) -> None:
    code, err = run(capsys, verb, "--store", str(tmp_path / "none"))
    assert code == 3
    assert "levit-bench run --networks levit_128s,efficientnet_b0 --budget 60s --store" in err


def test_a_condition_that_matches_nothing_names_the_values_there_are(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    generate(["--cases", "12", str(tmp_path)])
    code, err = run(capsys, "show", "--store", str(tmp_path), "--where", "threads=64")
    assert code == 3
    assert "threads" in err
    code, err = run(capsys, "show", "--store", str(tmp_path), "--where", "thread=1")
    assert (code, "threads" in err) == (2, True)
    code, err = run(capsys, "show", "--store", str(tmp_path), "--where", "threads")
    assert (code, "FIELD=VALUE" in err) == (2, True)


def test_an_unknown_verb_or_option_ends_with_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "frnt")[0] == 2
    assert run(capsys, "front", "--metrik", "x")[0] == 2


@pytest.mark.slow
def test_more_threads_than_processors_are_measured_with_a_finding(tmp_path: Path) -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    words = ["run", "--networks", "tests.hostile_networks:sound", "--threads", str(cores + 1), "--thin"]
    done = subprocess.run(
        [sys.executable, "-m", "levit_bench", *words, "--budget", "auto", "--store", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=3600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "threads-exceed-cores" in done.stderr
    (path,) = tmp_path.glob("*/*.jsonl")
    assert b"threads-exceed-cores" in path.read_bytes().splitlines()[0]


@pytest.mark.parametrize(
    "words", [["tag"], ["tag", "x", "last"], ["show"], ["show", "--session", "2026"], ["compare", "2026", "2027"]]
)
@pytest.mark.parametrize("store", ["a device", "a file"])
def test_a_store_that_is_no_folder_is_named_and_is_no_session(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], store: str
) -> None:
    path = Path(os.devnull) if store == "a device" else tmp_path / "notes.txt"
    if store == "a file":
        path.write_text("words\n", encoding="utf-8")
    code, err = run(capsys, *words, "--store", str(path))
    assert code in (1, 2)
    said = " ".join(err.split())
    assert said.startswith(f"levit-bench: {path}"), said
    if store == "a device":
        assert f"{path} is a device, and a session is a file. Name one" in said
    elif len(words) > 1 or words == ["tag"]:
        assert f"{path} is a file, and tags" in said or f"{path} is not the file of a session. Name a folder" in said
    assert "The newest" not in said
