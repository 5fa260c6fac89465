"""Networks that fail, in real seats: each costs itself, keeps its reason, and leaves every other case its time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from levit_bench.store.files import read_session

pytestmark = pytest.mark.slow  # Each session waits for a network that hangs.
ROOT = Path(__file__).parents[3]

EARLY = {
    "raises": "raised RuntimeError when fed float images (2, 3, 32, 32): shapes do not match in model.py",
    "nan": "not finite",
    "constant": "constant",
    "zeros": "constant",
    "no_logits": "returned a dict with the keys features, out; expected is one tensor (batch, classes)",
    "hangs": "hung: no answer within",
    "segfaults": "SIGSEGV",
    "killed": "SIGKILL",
    "out_of_memory": "ran out of memory",
    "changes_images": "changes the images it is given",
    "dies_beside_a_child": "ended with exit code 3",
    "other_dtype": "changes settings of its whole process while it runs: default_dtype from torch.float32",
    "no_module": "returned a str, not a torch.nn.Module",
}
LATE = {
    "more_threads_late": "changes settings of its whole process while it runs: threads from 1 to 7",
    "nan_late": "not finite",
    "hangs_late": "hung: no answer within",
    "segfaults_late": "SIGSEGV",
    "killed_late": "SIGKILL",
    "out_of_memory_late": "ran out of memory",
}
IN_A_SEAT = {
    f"{what}_at_{when}": reason
    for when in ("load", "first_pass")
    for what, reason in (
        ("hangs", "hung: no answer within"),
        ("segfaults", "SIGSEGV"),
        ("killed", "SIGKILL"),
        ("out_of_memory", "ran out of memory"),
    )
}
CHEATS = {
    "by_place": "output is constant",
    "later": "what is timed must return a plain torch.Tensor",
    "in_a_thread": "output differs from fp32 eager",
    "nothing": "output",
    "after_a_while": "output is constant",
    "says_much": "computes nothing: a pass took",
}


def measure(names: list[str], store: Path, *more: str) -> tuple[int, dict[str, Any], str]:
    """Run the command line on networks of `tests/hostile_networks.py`; exit code, document, stderr."""
    networks = ",".join(name if ":" in name else f"tests.hostile_networks:{name}" for name in names)
    words = ["run", "--networks", networks, "--store", str(store), "--thin", "--timeout", "60s", "--json", *more]
    done = subprocess.run(
        [sys.executable, "-m", "levit_bench", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def early(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any], str]:
    """One session with every network that fails before the first run, and a sound one."""
    return measure(["sound", *EARLY], tmp_path_factory.mktemp("early"), "--budget", "8s")


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any], str]:
    """One session with every network that fails in the middle of a run, and a sound one."""
    return measure(["sound", *LATE], tmp_path_factory.mktemp("late"), "--budget", "60s")


@pytest.fixture(scope="module")
def in_a_seat(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any], str]:
    """One session with every network that is sound where it is prepared and fails where it is loaded."""
    return measure(["sound", *IN_A_SEAT], tmp_path_factory.mktemp("in_a_seat"), "--budget", "8s")


@pytest.mark.parametrize("name", EARLY)
def test_a_network_that_fails_at_once_has_a_reason_and_no_time(
    early: tuple[int, dict[str, Any], str], name: str
) -> None:
    _check_failed(early[1], name, EARLY[name])


@pytest.mark.parametrize("name", LATE)
def test_a_network_that_fails_in_a_run_has_a_reason_and_no_time(
    late: tuple[int, dict[str, Any], str], name: str
) -> None:
    _check_failed(late[1], name, LATE[name])


def test_the_sound_network_beside_them_keeps_its_time_and_the_exit_code_tells(
    early: tuple[int, dict[str, Any], str],
) -> None:
    code, document, _ = early
    (sound,) = (row for row in document["cases"] if row["network"] == "tests.hostile_networks:sound")
    assert code == 1
    assert sound["outcome"] == "done"
    assert sound["latency_s"] > 0
    assert sound["runs"] >= 1
    assert {case.split()[0].partition(":")[2] for case in document["failed"]} >= set(EARLY)
    assert not [case for case in document["failed"] if ":sound " in case]


def test_a_sound_network_keeps_its_time_beside_those_that_kill_its_seat(late: tuple[int, dict[str, Any], str]) -> None:
    code, document, _ = late
    (sound,) = (row for row in document["cases"] if row["network"] == "tests.hostile_networks:sound")
    assert (code, sound["outcome"]) == (1, "done")
    assert sound["runs"] >= 1


@pytest.mark.parametrize("name", IN_A_SEAT)
def test_a_network_that_fails_where_it_is_loaded_has_a_reason_and_no_time(
    in_a_seat: tuple[int, dict[str, Any], str], name: str
) -> None:
    _check_failed(in_a_seat[1], name, IN_A_SEAT[name])


def test_a_sound_network_keeps_its_time_beside_those_that_fail_where_they_are_loaded(
    in_a_seat: tuple[int, dict[str, Any], str],
) -> None:
    code, document, _ = in_a_seat
    (sound,) = (row for row in document["cases"] if row["network"] == "tests.hostile_networks:sound")
    assert (code, sound["outcome"]) == (1, "done")
    assert sound["runs"] >= 1


def test_networks_that_skip_the_work_have_no_time_and_their_neighbour_keeps_its_own(tmp_path: Path) -> None:
    cheats = [f"tests.cheating_networks:{name}" for name in CHEATS]
    beside = "tests.cheating_networks:beside_a_thread"
    code, document, _ = measure(["sound", beside, *cheats], tmp_path, "--budget", "15s")
    rows = {row["network"]: row for row in document["cases"]}
    assert code == 1
    assert rows["tests.hostile_networks:sound"]["latency_s"] > 0
    assert rows[beside]["outcome"] == "done"
    for name, reason in CHEATS.items():
        row = rows[f"tests.cheating_networks:{name}"]
        assert (row["outcome"], row["latency_s"]) == ("failed", None)
        assert reason in row["reason"]
    (path,) = tmp_path.glob("*/*.jsonl")
    told = {finding.kind for end in read_session(path).ends for finding in end.findings}
    assert "threads-of-its-own" in told or not sys.platform.startswith("linux")


def test_a_reason_holds_no_path_and_no_terminal_escape(early: tuple[int, dict[str, Any], str]) -> None:
    (reason,) = (why for case, why in early[1]["failed"].items() if ":raises" in case)
    assert "/" not in reason
    assert "\x1b" not in reason


def _check_failed(document: dict[str, Any], name: str, reason: str) -> None:
    (row,) = (row for row in document["cases"] if row["network"] == f"tests.hostile_networks:{name}")
    assert row["outcome"] == "failed"
    assert reason in row["reason"]
    assert row["latency_s"] is None
